//! Instructions of the jobs program.
use crate::{Pubkey, address, credits_ix, staking_ix};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use jobs::constants::MAX_GROWTH;
use jobs::state::{Demand, Job, Proof};
use jobs::{CommitArgs, InitializeArgs, Item, ModelArgs, Order, PostArgs, accounts, instruction};
use solana_instruction::Instruction;
use staking::state::PoolKind;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: jobs::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&jobs::ID)
}

pub fn initialize(authority: Pubkey, args: InitializeArgs) -> Instruction {
    let accounts = accounts::Initialize {
        authority,
        config: address::jobs_config(),
        jobs_authority: address::jobs_authority(),
        program_data: address::program_data(&jobs::ID),
        system_program: system_program::ID,
    };
    build(accounts, instruction::Initialize { args })
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

/// `class`: index of the stake that the device needs.
pub fn register_device(owner: Pubkey, device_key: Pubkey, name: String, class: u8) -> Instruction {
    let accounts = accounts::RegisterDevice {
        owner,
        device_key,
        config: address::jobs_config(),
        operator: address::operator(&owner),
        pool: address::operator_pool(&owner),
        device: address::device(&device_key),
        shard: address::jobs_shard_of(&device_key),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::RegisterDevice { name, class })
}

pub fn retire_device(owner: Pubkey, device_key: Pubkey) -> Instruction {
    let accounts = accounts::RetireDevice {
        owner,
        operator: address::operator(&owner),
        device: address::device(&device_key),
        shard: address::jobs_shard_of(&device_key),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::RetireDevice {})
}

/// Everything that a new supplier opens: its earnings ledger, itself, and its pool. Its devices need stake in that pool.
pub fn register_supplier(owner: Pubkey, commission_bps: u16) -> [Instruction; 3] {
    let open_pool = staking_ix::open_pool(owner, PoolKind::Operator, commission_bps);
    [credits_ix::open_earnings(owner, owner), register_operator(owner), open_pool]
}

pub fn register_model(publisher: Pubkey, args: ModelArgs) -> Instruction {
    let model = address::model(&args.root);
    let accounts = accounts::RegisterModel {
        publisher,
        model,
        draft: None,
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
        loyalty: address::loyalty(&owner),
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

/// The accounts of an operator's stake.
fn stake(operator: &Pubkey) -> accounts::Stake {
    let pool = address::operator_pool(operator);
    accounts::Stake {
        staking_program: staking::ID,
        staking_config: address::staking_config(),
        pool,
        position: address::position(&pool, operator),
        staking_shard: address::staking_shard_of(&pool),
        staking_event_authority: address::event_authority(&staking::ID),
    }
}

/// `operator` owns the device; `price` is the configured price account.
pub fn claim_job(device_key: Pubkey, operator: Pubkey, price: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::ClaimJob {
        device_key,
        config: address::jobs_config(),
        device: address::device(&device_key),
        operator: address::operator(&operator),
        job,
        shard: address::jobs_shard_of(&job),
        credits_config: address::credits_config(),
        price,
        jobs_authority: address::jobs_authority(),
        stake: stake(&operator),
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
        loyalty: address::loyalty(&job.user),
        credits_shard: address::credits_shard_of(&address),
        credits_event_authority: address::event_authority(&credits::ID),
        stake: stake(&job.operator),
    }
}

fn refund(address: Pubkey, job: &Job) -> accounts::Refund {
    accounts::Refund {
        config: address::jobs_config(),
        job: address,
        user: job.user,
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

pub(crate) fn claimed(device: &Pubkey, operator: &Pubkey) -> accounts::Claimed {
    accounts::Claimed {
        device: address::device(device),
        operator: address::operator(operator),
        stake: stake(operator),
        staking_authority: address::staking_authority(),
        rewards: address::rewards(),
        stake_vault: address::stake_vault(),
        token_program: anchor_spl::token::ID,
    }
}

/// Anybody draws, and gets the fee for it.
pub fn draw_audit(caller: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::DrawAudit {
        caller,
        config: address::jobs_config(),
        job,
        slot_hashes: jobs::slot_hashes::ADDRESS,
        shard: address::jobs_shard_of(&job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::DrawAudit {})
}

/// The evidence is in the prover's buffer, which is closed.
pub fn open_cell(prover: Pubkey, address: Pubkey, job: &Job, index: u8) -> Instruction {
    let accounts = accounts::OpenCell {
        prover,
        proof: address::proof(&address, &prover),
        model: address::model(&job.model_root),
        job: address,
        shard: address::jobs_shard_of(&address),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::OpenCell { index })
}

/// The caller's IO account must exist, and the user's for credits: [`credits_ix::create_io_account`] and
/// [`credits_ix::create_iosd_account`] go before it.
pub fn expire_audit(caller: Pubkey, address: Pubkey, job: &Job) -> Instruction {
    let accounts = accounts::ExpireAudit {
        caller,
        refund: refund(address, job),
        claimed: claimed(&job.device, &job.operator),
        io_mint: address::io_mint(),
        caller_io: address::io_account(&caller),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ExpireAudit {})
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

/// Expires a job that has no commitment in time: [`expire_unclaimed`] or [`expire_claim`], whichever fits its state.
pub fn expire_job(address: Pubkey, job: &Job) -> Instruction {
    if job.device == Pubkey::default() { expire_unclaimed(address, job) } else { expire_claim(address, job) }
}

/// [`expire_job`], after the accounts that the user's money goes to: the user may have closed an empty one. `has_io`: the
/// user's IO account exists. It is not asked for again then, which fails if the user has given it away.
pub fn expire_with_accounts(payer: Pubkey, address: Pubkey, job: &Job, has_io: bool) -> Vec<Instruction> {
    let mut instructions = vec![credits_ix::create_iosd_account(payer, job.user)];
    if job.device != Pubkey::default() && !has_io {
        instructions.push(credits_ix::create_io_account(payer, job.user));
    }
    instructions.push(expire_job(address, job));
    instructions
}

pub fn expire_unclaimed(address: Pubkey, job: &Job) -> Instruction {
    let accounts =
        accounts::ExpireJob { refund: refund(address, job), event_authority: event_authority(), program: jobs::ID };
    build(accounts, instruction::ExpireJob {})
}

/// The user's IO account must exist: [`credits_ix::create_io_account`] goes before it.
pub fn expire_claim(address: Pubkey, job: &Job) -> Instruction {
    let accounts = accounts::ExpireClaim {
        refund: refund(address, job),
        claimed: claimed(&job.device, &job.operator),
        user_io: address::io_account(&job.user),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ExpireClaim {})
}

/// Opens a buffer of `size` bytes, at most [`Proof::MAX_OPENED`]; [`proof_buffer`] has no such limit.
pub fn open_proof(prover: Pubkey, job: Pubkey, size: u32) -> Instruction {
    let proof = address::proof(&job, &prover);
    let accounts = accounts::OpenProof { prover, job, proof, system_program: system_program::ID };
    build(accounts, instruction::OpenProof { size })
}

/// Makes room for `size` bytes in all, at most [`jobs::constants::MAX_GROWTH`] more than there are.
pub fn grow_proof(prover: Pubkey, job: Pubkey, size: u32) -> Instruction {
    let proof = address::proof(&job, &prover);
    let accounts = accounts::GrowProof { prover, proof, system_program: system_program::ID };
    build(accounts, instruction::GrowProof { size })
}

/// Makes a buffer of `size` bytes out of one of `now` bytes, or out of none.
pub fn proof_buffer(prover: Pubkey, job: Pubkey, now: Option<u32>, size: u32) -> Vec<Instruction> {
    let mut steps = Vec::new();
    let mut now = now.unwrap_or_else(|| {
        let opened = size.min(Proof::MAX_OPENED);
        steps.push(open_proof(prover, job, opened));
        opened
    });
    while now < size {
        now = size.min(now.saturating_add(MAX_GROWTH));
        steps.push(grow_proof(prover, job, now));
    }
    steps
}

pub fn write_proof(prover: Pubkey, job: Pubkey, offset: u32, bytes: Vec<u8>) -> Instruction {
    let accounts = accounts::WriteProof { prover, proof: address::proof(&job, &prover) };
    build(accounts, instruction::WriteProof { offset, bytes })
}

pub fn close_proof(prover: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::CloseProof { prover, proof: address::proof(&job, &prover) };
    build(accounts, instruction::CloseProof {})
}

/// The prover's IO account must exist: [`credits_ix::create_io_account`] goes before it.
pub fn dispute_cell(prover: Pubkey, address: Pubkey, job: &Job, (layer, row, column): (u32, u32, u32)) -> Instruction {
    let accounts = accounts::DisputeCell {
        prover,
        proof: address::proof(&address, &prover),
        model: address::model(&job.model_root),
        refund: refund(address, job),
        claimed: claimed(&job.device, &job.operator),
        io_mint: address::io_mint(),
        prover_io: address::io_account(&prover),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::DisputeCell { layer, row, column })
}

/// `job` must be as it is on chain: the demand's address follows from how many there were before.
pub fn demand_data(demander: Pubkey, address: Pubkey, job: &Job, item: Item) -> Instruction {
    let accounts = accounts::DemandData {
        demander,
        config: address::jobs_config(),
        job: address,
        model: address::model(&job.model_root),
        demand: address::demand(&address, job.demands.next()),
        shard: address::jobs_shard_of(&address),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::DemandData { item })
}

/// Answers `demand` from the prover's buffer.
pub fn answer_demand(prover: Pubkey, job: &Job, demand: &Demand) -> Instruction {
    let accounts = accounts::AnswerDemand {
        prover,
        proof: address::proof(&demand.job, &prover),
        config: address::jobs_config(),
        job: demand.job,
        model: address::model(&job.model_root),
        demand: address::demand(&demand.job, demand.n),
        demander: demand.demander,
        shard: address::jobs_shard_of(&demand.job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::AnswerDemand {})
}

/// The caller's IO account and the user's IOSD account must exist: [`credits_ix::create_io_account`] and
/// [`credits_ix::create_iosd_account`] go before it.
pub fn expire_demand(caller: Pubkey, job: &Job, demand: &Demand) -> Instruction {
    let accounts = accounts::ExpireDemand {
        caller,
        demand: address::demand(&demand.job, demand.n),
        demander: demand.demander,
        refund: refund(demand.job, job),
        claimed: claimed(&job.device, &job.operator),
        io_mint: address::io_mint(),
        caller_io: address::io_account(&caller),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::ExpireDemand {})
}

/// Returns rent and bond of a demand whose job has ended.
pub fn close_demand(demand: &Demand) -> Instruction {
    let accounts = accounts::CloseDemand {
        demand: address::demand(&demand.job, demand.n),
        job: demand.job,
        demander: demand.demander,
        shard: address::jobs_shard_of(&demand.job),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::CloseDemand {})
}

pub fn administer(authority: Pubkey, order: Order) -> Instruction {
    let config = address::jobs_config();
    let accounts = accounts::Administer {
        authority,
        config,
        shard: address::jobs_shard_of(&config),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::Administer { order })
}

pub fn accept_authority(pending: Pubkey) -> Instruction {
    let config = address::jobs_config();
    let accounts = accounts::AcceptAuthority {
        pending,
        config,
        shard: address::jobs_shard_of(&config),
        event_authority: event_authority(),
        program: jobs::ID,
    };
    build(accounts, instruction::AcceptAuthority {})
}
