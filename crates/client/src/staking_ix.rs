//! Instructions of the staking program. A pool is named by its address, see [`address::pool`].
use crate::{Pubkey, address};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use solana_instruction::Instruction;
use staking::state::PoolKind;
use staking::{InitializeArgs, Order, accounts, instruction};

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: staking::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&staking::ID)
}

pub fn initialize(authority: Pubkey, args: InitializeArgs) -> Instruction {
    let accounts = accounts::Initialize {
        authority,
        config: address::staking_config(),
        rewards: address::rewards(),
        credits_config: address::credits_config(),
        io_mint: address::io_mint(),
        staking_authority: address::staking_authority(),
        stake_vault: address::stake_vault(),
        reward_vault: address::reward_vault(),
        program_data: address::program_data(&staking::ID),
        token_program: anchor_spl::token::ID,
        system_program: system_program::ID,
    };
    build(accounts, instruction::Initialize { args })
}

pub fn open_shard(payer: Pubkey, index: u8) -> Instruction {
    let accounts = accounts::OpenShard {
        payer,
        shard: address::staking_shard(index),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::OpenShard { index })
}

/// A user's pool binds the user's loyalty account, which must exist ([`crate::credits_ix::open_loyalty`]).
pub fn open_pool(owner: Pubkey, kind: PoolKind, commission_bps: u16) -> Instruction {
    let pool = address::pool(&owner, kind);
    let shares = kind == PoolKind::User;
    let accounts = accounts::OpenPool {
        owner,
        config: address::staking_config(),
        rewards: address::rewards(),
        pool,
        shard: address::staking_shard_of(&pool),
        staking_authority: shares.then(address::staking_authority),
        credits_program: shares.then_some(credits::ID),
        credits_config: shares.then(address::credits_config),
        loyalty: shares.then(|| address::loyalty(&owner)),
        credits_shard: shares.then(|| address::credits_shard_of(&owner)),
        credits_event_authority: shares.then(|| address::event_authority(&credits::ID)),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::OpenPool { kind, commission_bps })
}

/// `amount`: IO base units from the holder's account.
pub fn stake(holder: Pubkey, pool: Pubkey, amount: u64) -> Instruction {
    let accounts = accounts::Stake {
        holder,
        config: address::staking_config(),
        rewards: address::rewards(),
        pool,
        position: address::position(&pool, &holder),
        shard: address::staking_shard_of(&pool),
        stake_vault: address::stake_vault(),
        holder_io: address::io_account(&holder),
        token_program: anchor_spl::token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::Stake { amount })
}

fn holding(pool: &Pubkey, holder: &Pubkey) -> accounts::Holding {
    accounts::Holding {
        config: address::staking_config(),
        rewards: address::rewards(),
        pool: *pool,
        position: address::position(pool, holder),
        shard: address::staking_shard_of(pool),
    }
}

/// Anyone may.
pub fn refresh_position(pool: Pubkey, holder: Pubkey) -> Instruction {
    let accounts = accounts::RefreshPosition {
        holding: holding(&pool, &holder),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::RefreshPosition {})
}

pub fn unstake(holder: Pubkey, pool: Pubkey, amount: u64) -> Instruction {
    let accounts = accounts::Unstake {
        holder,
        holding: holding(&pool, &holder),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::Unstake { amount })
}

/// The holder's IO account must exist: [`crate::credits_ix::create_io_account`] goes before it.
pub fn withdraw(holder: Pubkey, pool: Pubkey) -> Instruction {
    let accounts = accounts::Withdraw {
        holder,
        holding: holding(&pool, &holder),
        stake_vault: address::stake_vault(),
        staking_authority: address::staking_authority(),
        holder_io: address::io_account(&holder),
        token_program: anchor_spl::token::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::Withdraw {})
}

/// `payer` is who paid the position's rent.
pub fn close_position(holder: Pubkey, pool: Pubkey, payer: Pubkey) -> Instruction {
    let accounts = accounts::ClosePosition {
        holder,
        config: address::staking_config(),
        rewards: address::rewards(),
        pool,
        position: address::position(&pool, &holder),
        payer,
        shard: address::staking_shard_of(&pool),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::ClosePosition {})
}

/// Pays the IO that `holder` is owed in an operator's pool. Anyone may.
pub fn claim_rewards(payer: Pubkey, pool: Pubkey, holder: Pubkey) -> Instruction {
    let accounts = accounts::ClaimRewards {
        payer,
        holding: holding(&pool, &holder),
        holder,
        reward_vault: address::reward_vault(),
        staking_authority: address::staking_authority(),
        io_mint: address::io_mint(),
        holder_io: address::io_account(&holder),
        token_program: anchor_spl::token::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::ClaimRewards {})
}

/// Mints the IOSD that `holder` is owed in the pool of `user`. Anyone may.
pub fn claim_rebates(payer: Pubkey, user: Pubkey, holder: Pubkey) -> Instruction {
    let pool = address::pool(&user, PoolKind::User);
    let accounts = accounts::ClaimRebates {
        payer,
        holding: holding(&pool, &holder),
        holder,
        staking_authority: address::staking_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        loyalty: address::loyalty(&user),
        credits_shard: address::credits_shard_of(&user),
        iosd_mint: address::iosd_mint(),
        holder_iosd: address::iosd_account(&holder),
        credits_event_authority: address::event_authority(&credits::ID),
        iosd_token_program: anchor_spl::token_2022::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::ClaimRebates {})
}

/// Pays the operator its commission. Anyone may.
pub fn claim_commission(payer: Pubkey, owner: Pubkey) -> Instruction {
    let pool = address::operator_pool(&owner);
    let accounts = accounts::ClaimCommission {
        payer,
        config: address::staking_config(),
        rewards: address::rewards(),
        pool,
        shard: address::staking_shard_of(&pool),
        owner,
        reward_vault: address::reward_vault(),
        staking_authority: address::staking_authority(),
        io_mint: address::io_mint(),
        owner_io: address::io_account(&owner),
        token_program: anchor_spl::token::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::ClaimCommission {})
}

pub fn set_commission(owner: Pubkey, kind: PoolKind, commission_bps: u16) -> Instruction {
    let pool = address::pool(&owner, kind);
    let accounts = accounts::SetCommission {
        owner,
        config: address::staking_config(),
        rewards: address::rewards(),
        pool,
        shard: address::staking_shard_of(&pool),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::SetCommission { commission_bps })
}

/// Anyone may; does nothing if there is nothing to take or nobody to give it to.
pub fn collect_rewards() -> Instruction {
    let (rewards, emission) = (address::rewards(), address::emission());
    let accounts = accounts::CollectRewards {
        config: address::staking_config(),
        rewards,
        shard: address::staking_shard_of(&rewards),
        reward_vault: address::reward_vault(),
        staking_authority: address::staking_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        emission,
        io_mint: address::io_mint(),
        token_program: anchor_spl::token::ID,
        credits_shard: address::credits_shard_of(&emission),
        credits_event_authority: address::event_authority(&credits::ID),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::CollectRewards {})
}

/// Anyone may.
pub fn fold_pool(pool: Pubkey) -> Instruction {
    let accounts = accounts::FoldPool {
        rewards: address::rewards(),
        pool,
        shard: address::staking_shard_of(&pool),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::FoldPool {})
}

/// For users who share their rebates; the others redeem with [`crate::credits_ix::redeem_loyalty`]. The user's IOSD account must
/// exist.
pub fn redeem_loyalty(owner: Pubkey, points: u64) -> Instruction {
    let pool = address::pool(&owner, PoolKind::User);
    let accounts = accounts::RedeemLoyalty {
        owner,
        config: address::staking_config(),
        pool,
        shard: address::staking_shard_of(&pool),
        staking_authority: address::staking_authority(),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        loyalty: address::loyalty(&owner),
        credits_shard: address::credits_shard_of(&owner),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&owner),
        iosd_token_program: anchor_spl::token_2022::ID,
        credits_event_authority: address::event_authority(&credits::ID),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::RedeemLoyalty { points })
}

pub fn administer(authority: Pubkey, order: Order) -> Instruction {
    let config = address::staking_config();
    let accounts = accounts::Administer {
        authority,
        config,
        shard: address::staking_shard_of(&config),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::Administer { order })
}

pub fn accept_authority(pending: Pubkey) -> Instruction {
    let config = address::staking_config();
    let accounts = accounts::AcceptAuthority {
        pending,
        config,
        shard: address::staking_shard_of(&config),
        event_authority: event_authority(),
        program: staking::ID,
    };
    build(accounts, instruction::AcceptAuthority {})
}
