//! Instructions of the jobs program about challenge rounds, device classes and idle pay.
use crate::{Pubkey, address, jobs_ix};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use jobs::slot_hashes;
use jobs::{Rest, accounts, instruction};
use solana_instruction::Instruction;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: jobs::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&jobs::ID)
}

/// `price`: IOSD base units for 10^12 multiply-accumulates; zero takes the offer back.
pub fn set_offer(owner: Pubkey, device_key: Pubkey, price: u64) -> Instruction {
    let accounts = accounts::SetOffer {
        owner,
        device: address::device(&device_key),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::SetOffer { price })
}

pub fn set_class(owner: Pubkey, device_key: Pubkey, class: u8) -> Instruction {
    let accounts = accounts::SetClass {
        owner,
        config: address::jobs_config(),
        operator: address::operator(&owner),
        pool: address::operator_pool(&owner),
        device: address::device(&device_key),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::SetClass { class })
}

/// `number`: one more than the last round's.
pub fn open_round(opener: Pubkey, number: u64) -> Instruction {
    let round = address::round(number);
    let accounts = accounts::OpenRound {
        opener,
        config: address::jobs_config(),
        round,
        slot_hashes: slot_hashes::ADDRESS,
        shard: address::jobs_shard_of(&round),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::OpenRound { number })
}

pub fn advance_round(number: u64) -> Instruction {
    let round = address::round(number);
    let accounts = accounts::AdvanceRound {
        config: address::jobs_config(),
        round,
        slot_hashes: slot_hashes::ADDRESS,
        emission: address::emission(),
        shard: address::jobs_shard_of(&round),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::AdvanceRound {})
}

/// `operator` owns the device.
pub fn commit_challenge(device_key: Pubkey, operator: Pubkey, number: u64, root: [u8; 32]) -> Instruction {
    let pool = address::operator_pool(&operator);
    let accounts = accounts::CommitChallenge {
        device_key,
        config: address::jobs_config(),
        device: address::device(&device_key),
        operator: address::operator(&operator),
        pool,
        position: address::position(&pool, &operator),
        round: address::round(number),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::CommitChallenge { root })
}

/// The longest path that one transaction holds beside its segment, bytes.
const PATH_BYTES: usize = 32 * 20;
/// What it holds of a longer one, whose rest is in a buffer.
const LOWER_BYTES: usize = 32 * 16;

/// A path as a transaction can hold it, and what does not fit: that goes into a buffer.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    path.split_at(if path.len() > PATH_BYTES { LOWER_BYTES } else { path.len() })
}

/// `segment` and `path`: as `judge::challenge::judge` wants them.
pub fn answer_cell(device_key: Pubkey, number: u64, index: u8, segment: [u8; 256], path: Vec<u8>) -> Instruction {
    answer_cell_from(device_key, number, index, segment, path, None)
}

/// [`answer_cell`], with the rest of the path in a buffer.
pub fn answer_cell_from(
    device_key: Pubkey,
    number: u64,
    index: u8,
    segment: [u8; 256],
    path: Vec<u8>,
    rest: Option<(Pubkey, Rest)>,
) -> Instruction {
    let (buffer, rest) = rest.unzip();
    let accounts = accounts::AnswerCell {
        device: address::device(&device_key),
        round: address::round(number),
        shard: address::jobs_shard_of(&device_key),
        buffer,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::AnswerCell { index, segment, path, rest })
}

/// `operator` owns the device.
pub fn fail_challenge(device_key: Pubkey, operator: Pubkey) -> Instruction {
    let accounts = accounts::FailChallenge {
        config: address::jobs_config(),
        device: address::device(&device_key),
        operator: address::operator(&operator),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::FailChallenge {})
}

/// `segment` and `path`: as `judge::challenge::judge` wants them.
pub fn prove_cell(
    prover: Pubkey,
    device_key: Pubkey,
    number: u64,
    cell: (u32, u32),
    segment: [u8; 256],
    path: Vec<u8>,
) -> Instruction {
    prove_cell_from(prover, device_key, number, cell, segment, path, None)
}

/// [`prove_cell`], with the rest of the path in a buffer.
pub fn prove_cell_from(
    prover: Pubkey,
    device_key: Pubkey,
    number: u64,
    (row, column): (u32, u32),
    segment: [u8; 256],
    path: Vec<u8>,
    rest: Option<(Pubkey, Rest)>,
) -> Instruction {
    let (buffer, rest) = rest.unzip();
    let accounts = accounts::ProveCell {
        prover,
        device: address::device(&device_key),
        round: address::round(number),
        shard: address::jobs_shard_of(&device_key),
        buffer,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ProveCell { row, column, segment, path, rest })
}

/// `prover` proved the cell; its IO account must exist: `credits_ix::create_io_account` goes before it.
pub fn punish_device(device_key: Pubkey, operator: Pubkey, prover: Pubkey) -> Instruction {
    let accounts = accounts::PunishDevice {
        config: address::jobs_config(),
        shard: address::jobs_shard_of(&device_key),
        jobs_authority: address::jobs_authority(),
        claimed: jobs_ix::claimed(&device_key, &operator),
        io_mint: address::io_mint(),
        prover_io: address::io_account(&prover),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::PunishDevice {})
}

/// `number`: the device's `pay_round`.
pub fn share_idle_pay(device_key: Pubkey, operator: Pubkey, number: u64) -> Instruction {
    let accounts = accounts::ShareIdlePay {
        device: address::device(&device_key),
        operator: address::operator(&operator),
        round: address::round(number),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ShareIdlePay {})
}

/// The owner's IO account must exist: `credits_ix::create_io_account` goes before it.
pub fn claim_idle_pay(owner: Pubkey) -> Instruction {
    let emission = address::emission();
    let accounts = accounts::ClaimIdlePay {
        config: address::jobs_config(),
        operator: address::operator(&owner),
        shard: address::jobs_shard_of(&owner),
        owner_io: address::io_account(&owner),
        jobs_authority: address::jobs_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        emission,
        io_mint: address::io_mint(),
        token_program: anchor_spl::token::ID,
        credits_shard: address::credits_shard_of(&emission),
        credits_event_authority: address::event_authority(&credits::ID),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ClaimIdlePay {})
}

/// `opener` paid the round's rent.
pub fn close_round(number: u64, opener: Pubkey) -> Instruction {
    let round = address::round(number);
    let accounts = accounts::CloseRound {
        config: address::jobs_config(),
        round,
        opener,
        shard: address::jobs_shard_of(&round),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::CloseRound {})
}
