//! Program-derived addresses of everything.
use crate::Pubkey;
use credits::constants as c;
use governance::constants as g;
use jobs::constants as j;
use staking::constants as s;
use staking::state::PoolKind;

fn credits_pda(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &credits::ID).0
}

fn jobs_pda(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &jobs::ID).0
}

pub fn credits_config() -> Pubkey {
    credits_pda(&[c::CONFIG_SEED])
}

pub fn feed() -> Pubkey {
    credits_pda(&[c::FEED_SEED])
}

pub fn io_mint() -> Pubkey {
    credits_pda(&[c::IO_MINT_SEED])
}

pub fn iosd_mint() -> Pubkey {
    credits_pda(&[c::IOSD_MINT_SEED])
}

pub fn epoch(index: u64) -> Pubkey {
    credits_pda(&[c::EPOCH_SEED, &index.to_le_bytes()])
}

pub fn escrow(job: &Pubkey) -> Pubkey {
    credits_pda(&[c::ESCROW_SEED, job.as_ref()])
}

pub fn earnings(owner: &Pubkey) -> Pubkey {
    credits_pda(&[c::EARNINGS_SEED, owner.as_ref()])
}

pub fn emission() -> Pubkey {
    credits_pda(&[c::EMISSION_SEED])
}

pub fn loyalty(user: &Pubkey) -> Pubkey {
    credits_pda(&[c::LOYALTY_SEED, user.as_ref()])
}

/// The credits program's shard with this index.
pub fn credits_shard(index: u8) -> Pubkey {
    credits_pda(&[c::SHARD_SEED, &[index]])
}

/// The jobs program's shard with this index.
pub fn jobs_shard(index: u8) -> Pubkey {
    jobs_pda(&[c::SHARD_SEED, &[index]])
}

/// The credits program's shard of `entity`.
pub fn credits_shard_of(entity: &Pubkey) -> Pubkey {
    credits_shard(c::shard_of(entity))
}

/// The jobs program's shard of `entity`.
pub fn jobs_shard_of(entity: &Pubkey) -> Pubkey {
    jobs_shard(c::shard_of(entity))
}

/// The account that signs `emit_cpi!` events of `program`.
pub fn event_authority(program: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(&[b"__event_authority"], program).0
}

pub fn jobs_config() -> Pubkey {
    jobs_pda(&[j::CONFIG_SEED])
}

/// The jobs program's signer towards the credits program.
pub fn jobs_authority() -> Pubkey {
    jobs_pda(&[j::AUTHORITY_SEED])
}

pub fn operator(owner: &Pubkey) -> Pubkey {
    jobs_pda(&[j::OPERATOR_SEED, owner.as_ref()])
}

pub fn device(key: &Pubkey) -> Pubkey {
    jobs_pda(&[j::DEVICE_SEED, key.as_ref()])
}

pub fn model(root: &[u8; 32]) -> Pubkey {
    jobs_pda(&[j::MODEL_SEED, root])
}

pub fn user(owner: &Pubkey) -> Pubkey {
    jobs_pda(&[j::USER_SEED, owner.as_ref()])
}

pub fn job(user: &Pubkey, seq: u64) -> Pubkey {
    jobs_pda(&[j::JOB_SEED, user.as_ref(), &seq.to_le_bytes()])
}

/// A challenge round.
pub fn round(number: u64) -> Pubkey {
    jobs_pda(&[j::ROUND_SEED, &number.to_le_bytes()])
}

pub fn proof(job: &Pubkey, prover: &Pubkey) -> Pubkey {
    jobs_pda(&[j::PROOF_SEED, job.as_ref(), prover.as_ref()])
}

/// Demand number `n` for the data of `job`.
pub fn demand(job: &Pubkey, n: u16) -> Pubkey {
    jobs_pda(&[j::DEMAND_SEED, job.as_ref(), &n.to_le_bytes()])
}

fn staking_pda(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &staking::ID).0
}

pub fn staking_config() -> Pubkey {
    staking_pda(&[s::CONFIG_SEED])
}

/// The staking program's signer: owns both vaults, mints stakers' rewards and shares rebates.
pub fn staking_authority() -> Pubkey {
    staking_pda(&[s::AUTHORITY_SEED])
}

/// Stake and rewards of all pools.
pub fn rewards() -> Pubkey {
    staking_pda(&[s::REWARDS_SEED])
}

pub fn stake_vault() -> Pubkey {
    staking_pda(&[s::STAKE_VAULT_SEED])
}

pub fn reward_vault() -> Pubkey {
    staking_pda(&[s::REWARD_VAULT_SEED])
}

pub fn pool(owner: &Pubkey, kind: PoolKind) -> Pubkey {
    staking_pda(&[s::POOL_SEED, owner.as_ref(), &[kind as u8]])
}

/// The pool that stands for an operator's jobs.
pub fn operator_pool(owner: &Pubkey) -> Pubkey {
    pool(owner, PoolKind::Operator)
}

pub fn position(pool: &Pubkey, holder: &Pubkey) -> Pubkey {
    staking_pda(&[s::POSITION_SEED, pool.as_ref(), holder.as_ref()])
}

/// The staking program's shard with this index.
pub fn staking_shard(index: u8) -> Pubkey {
    staking_pda(&[s::SHARD_SEED, &[index]])
}

/// The staking program's shard of `entity`.
pub fn staking_shard_of(entity: &Pubkey) -> Pubkey {
    staking_shard(c::shard_of(entity))
}

fn governance_pda(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &governance::ID).0
}

pub fn governance_config() -> Pubkey {
    governance_pda(&[g::CONFIG_SEED])
}

/// The governance program's signer: the authority of the other programs, and the minter of treasury payments.
pub fn governance_authority() -> Pubkey {
    governance_pda(&[g::AUTHORITY_SEED])
}

pub fn deposit_vault() -> Pubkey {
    governance_pda(&[g::DEPOSIT_VAULT_SEED])
}

pub fn proposal(number: u64) -> Pubkey {
    governance_pda(&[g::PROPOSAL_SEED, &number.to_le_bytes()])
}

pub fn vote(proposal: &Pubkey, position: &Pubkey) -> Pubkey {
    governance_pda(&[g::VOTE_SEED, proposal.as_ref(), position.as_ref()])
}

/// The governance program's shard with this index.
pub fn governance_shard(index: u8) -> Pubkey {
    governance_pda(&[g::SHARD_SEED, &[index]])
}

/// The governance program's shard of `entity`.
pub fn governance_shard_of(entity: &Pubkey) -> Pubkey {
    governance_shard(c::shard_of(entity))
}

/// `owner`'s account for IO.
pub fn io_account(owner: &Pubkey) -> Pubkey {
    let program = anchor_spl::token::ID;
    anchor_spl::associated_token::get_associated_token_address_with_program_id(owner, &io_mint(), &program)
}

/// `owner`'s account for IOSD.
pub fn iosd_account(owner: &Pubkey) -> Pubkey {
    let program = anchor_spl::token_2022::ID;
    anchor_spl::associated_token::get_associated_token_address_with_program_id(owner, &iosd_mint(), &program)
}

/// The loader's data account of `program`, which names its upgrade authority.
pub fn program_data(program: &Pubkey) -> Pubkey {
    let loader = anchor_lang::solana_program::bpf_loader_upgradeable::ID;
    Pubkey::find_program_address(&[program.as_ref()], &loader).0
}
