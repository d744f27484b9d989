//! Instructions of the jobs program.
use crate::{Pubkey, address, credits_ix};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use jobs::state::Job;
use jobs::{CommitArgs, ModelArgs, PostArgs, accounts, instruction};
use solana_instruction::Instruction;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: jobs::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&jobs::ID)
}

pub fn initialize(authority: Pubkey, challenge_window_s: u32) -> Instruction {
    let accounts = accounts::Initialize {
        authority,
        config: address::jobs_config(),
        jobs_authority: address::jobs_authority(),
        program_data: address::program_data(&jobs::ID),
        system_program: system_program::ID,
    };
    build(accounts, instruction::Initialize { challenge_window_s })
}

pub fn open_shard(payer: Pubkey, index: u8) -> Instruction {
    let accounts = accounts::OpenShard {
        payer,
        shard: address::jobs_shard(index),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::OpenShard { index })
}

pub fn register_operator(owner: Pubkey) -> Instruction {
    let accounts = accounts::RegisterOperator {
        owner,
        operator: address::operator(&owner),
        earnings: address::earnings(&owner),
        shard: address::jobs_shard_of(&owner),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::RegisterOperator {})
}

pub fn register_device(owner: Pubkey, device_key: Pubkey, name: String) -> Instruction {
    let accounts = accounts::RegisterDevice {
        owner,
        device_key,
        operator: address::operator(&owner),
        device: address::device(&device_key),
        shard: address::jobs_shard_of(&device_key),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::RegisterDevice { name })
}

/// Everything that a new supplier registers: its earnings ledger, itself, and its first device, which signs too.
pub fn register_supplier(owner: Pubkey, device_key: Pubkey, name: &str) -> [Instruction; 3] {
    [credits_ix::open_earnings(owner, owner), register_operator(owner), register_device(owner, device_key, name.into())]
}

pub fn register_model(publisher: Pubkey, args: ModelArgs) -> Instruction {
    let model = address::model(&args.root);
    let accounts = accounts::RegisterModel {
        publisher,
        model,
        shard: address::jobs_shard_of(&model),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::RegisterModel { args })
}

pub fn open_user(owner: Pubkey) -> Instruction {
    let accounts = accounts::OpenUser {
        owner,
        user: address::user(&owner),
        shard: address::jobs_shard_of(&owner),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::OpenUser {})
}

pub fn post_job(owner: Pubkey, model_root: &[u8; 32], args: PostArgs) -> Instruction {
    let job = address::job(&owner, args.seq);
    let accounts = accounts::PostJob {
        owner,
        user: address::user(&owner),
        config: address::jobs_config(),
        model: address::model(model_root),
        job,
        shard: address::jobs_shard_of(&job),
        jobs_authority: address::jobs_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        escrow: address::escrow(&job),
        credits_shard: address::credits_shard_of(&job),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&owner),
        credits_event_authority: address::event_authority(&credits::ID),
        iosd_token_program: anchor_spl::token_2022::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::PostJob { args })
}

pub fn claim_job(device_key: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::ClaimJob {
        device_key,
        device: address::device(&device_key),
        job,
        shard: address::jobs_shard_of(&job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ClaimJob {})
}

pub fn commit_result(device_key: Pubkey, job: Pubkey, args: CommitArgs) -> Instruction {
    let accounts = accounts::CommitResult {
        device_key,
        config: address::jobs_config(),
        job,
        shard: address::jobs_shard_of(&job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::CommitResult { args })
}

fn payout(address: Pubkey, job: &Job) -> accounts::Payout {
    accounts::Payout {
        config: address::jobs_config(),
        job: address,
        user: job.user,
        device: address::device(&job.device),
        operator: address::operator(&job.operator),
        shard: address::jobs_shard_of(&address),
        jobs_authority: address::jobs_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        escrow: address::escrow(&address),
        earnings: address::earnings(&job.operator),
        credits_shard: address::credits_shard_of(&address),
        credits_event_authority: address::event_authority(&credits::ID),
    }
}

fn refund(address: Pubkey, job: &Job) -> accounts::Refund {
    let claimed = job.device != Pubkey::default();
    accounts::Refund {
        config: address::jobs_config(),
        job: address,
        user: job.user,
        device: claimed.then(|| address::device(&job.device)),
        operator: claimed.then(|| address::operator(&job.operator)),
        shard: address::jobs_shard_of(&address),
        jobs_authority: address::jobs_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        escrow: address::escrow(&address),
        credits_shard: address::credits_shard_of(&address),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&job.user),
        credits_event_authority: address::event_authority(&credits::ID),
        iosd_token_program: anchor_spl::token_2022::ID,
    }
}

/// `owner` signs; the program refuses anybody but the job's user.
pub fn accept_result(owner: Pubkey, address: Pubkey, job: &Job) -> Instruction {
    let accounts = accounts::AcceptResult {
        owner,
        payout: payout(address, job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::AcceptResult {})
}

pub fn settle_job(address: Pubkey, job: &Job) -> Instruction {
    let accounts =
        accounts::SettleJob { payout: payout(address, job), event_authority: event_authority(), program: jobs::ID };
    build(accounts, instruction::SettleJob {})
}

/// `owner` signs; the program refuses anybody but the job's user.
pub fn cancel_job(owner: Pubkey, address: Pubkey, job: &Job) -> Instruction {
    let accounts = accounts::CancelJob {
        owner,
        refund: refund(address, job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::CancelJob {})
}

pub fn expire_job(address: Pubkey, job: &Job) -> Instruction {
    let accounts =
        accounts::ExpireJob { refund: refund(address, job), event_authority: event_authority(), program: jobs::ID };
    build(accounts, instruction::ExpireJob {})
}

/// Opens a buffer of `size` bytes.
pub fn open_proof(prover: Pubkey, job: Pubkey, size: u16) -> Instruction {
    let proof = address::proof(&job, &prover);
    let accounts = accounts::OpenProof { prover, job, proof, system_program: system_program::ID };
    build(accounts, instruction::OpenProof { size })
}

pub fn write_proof(prover: Pubkey, job: Pubkey, offset: u16, bytes: Vec<u8>) -> Instruction {
    let accounts = accounts::WriteProof { prover, proof: address::proof(&job, &prover) };
    build(accounts, instruction::WriteProof { offset, bytes })
}

pub fn close_proof(prover: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::CloseProof { prover, proof: address::proof(&job, &prover) };
    build(accounts, instruction::CloseProof {})
}

pub fn dispute_cell(prover: Pubkey, address: Pubkey, job: &Job, (layer, row, column): (u32, u32, u32)) -> Instruction {
    let accounts = accounts::DisputeCell {
        prover,
        proof: address::proof(&address, &prover),
        model: address::model(&job.model_root),
        refund: refund(address, job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::DisputeCell { layer, row, column })
}
