//! Stake in the coin: it stands for operators' jobs and shares a user's rebates, earns the stakers' part of the
//! schedule, and is what votes count. See `docs/PROTOCOL.md`.
//!
//! Handlers read accounts, call `economy`, write accounts and emit one event. The rules live in `economy::stake`.
#![allow(unexpected_cfgs)]
use anchor_lang::prelude::*;

pub mod constants;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
pub use instructions::{InitializeArgs, Order, SlashReason};
pub use state::{Parameter, PoolKind};

declare_id!("CPECJVJiFEwCSJsYaShiQWTxq4FTCH6b3HJ62fA3s3y2");

#[program]
pub mod staking {
    use super::*;

    /// Creates the config, the rewards account and both vaults. Only the program's upgrade authority may call it, once.
    pub fn initialize(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
        instructions::initialize::handle(ctx, args)
    }

    /// Opens one of the 16 event sequences. Anyone may.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        instructions::open_shard::handle(ctx, index)
    }

    /// Opens the signer's pool. A user's pool binds the user's rebates to those who stake towards them, for good.
    pub fn open_pool(ctx: Context<OpenPool>, kind: PoolKind, commission_bps: u16) -> Result<()> {
        instructions::open_pool::handle(ctx, kind, commission_bps)
    }

    /// Adds IO to the signer's position in a pool. It counts once a full epoch has passed.
    pub fn stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
        instructions::stake::handle(ctx, amount)
    }

    /// Brings a position up to date: rewards, losses, and stake that is warm becomes active. Anyone may.
    pub fn refresh_position(ctx: Context<RefreshPosition>) -> Result<()> {
        instructions::refresh_position::handle(ctx)
    }

    /// Takes IO out of a position, to be withdrawn when every dispute about its time is over.
    pub fn unstake(ctx: Context<Unstake>, amount: u64) -> Result<()> {
        instructions::unstake::handle(ctx, amount)
    }

    /// Pays out what has cooled.
    pub fn withdraw(ctx: Context<Withdraw>) -> Result<()> {
        instructions::withdraw::handle(ctx)
    }

    /// Closes an empty position to whoever paid its rent.
    pub fn close_position(ctx: Context<ClosePosition>) -> Result<()> {
        instructions::close_position::handle(ctx)
    }

    /// Pays a position's rewards to its holder. Anyone may.
    pub fn claim_rewards(ctx: Context<ClaimRewards>) -> Result<()> {
        instructions::claim_rewards::handle(ctx)
    }

    /// Mints a position's share of a user's rebates to its holder. Anyone may.
    pub fn claim_rebates(ctx: Context<ClaimRebates>) -> Result<()> {
        instructions::claim_rebates::handle(ctx)
    }

    /// Pays an operator's commission to the operator. Anyone may.
    pub fn claim_commission(ctx: Context<ClaimCommission>) -> Result<()> {
        instructions::claim_commission::handle(ctx)
    }

    /// Changes the commission of the signer's pool: once an epoch, by at most 100 basis points.
    pub fn set_commission(ctx: Context<SetCommission>, commission_bps: u16) -> Result<()> {
        instructions::set_commission::handle(ctx, commission_bps)
    }

    /// Takes the stakers' budget from the schedule and gives it to the operators' pools. Anyone may.
    pub fn collect_rewards(ctx: Context<CollectRewards>) -> Result<()> {
        instructions::collect_rewards::handle(ctx)
    }

    /// Brings in what an operator's pool earned. Anyone may.
    pub fn fold_pool(ctx: Context<FoldPool>) -> Result<()> {
        instructions::fold_pool::handle(ctx)
    }

    /// Turns at most `points` of the signer into credits: the commission's share to the signer, the rest to their pool.
    pub fn redeem_loyalty(ctx: Context<RedeemLoyalty>, points: u64) -> Result<()> {
        instructions::redeem_loyalty::handle(ctx, points)
    }

    /// Sets an operator's own stake aside for a job. Only the jobs program.
    pub fn reserve(ctx: Context<Reserve>, amount: u64) -> Result<()> {
        instructions::reserve::handle_reserve(ctx, amount)
    }

    /// Ends a reservation. Only the jobs program.
    pub fn release(ctx: Context<Reserve>, amount: u64) -> Result<()> {
        instructions::reserve::handle_release(ctx, amount)
    }

    /// Ends a reservation of `reserved` and pays `amount` of it to a user. Only the jobs program.
    pub fn forfeit(ctx: Context<Forfeit>, reserved: u64, amount: u64) -> Result<()> {
        instructions::forfeit::handle(ctx, reserved, amount)
    }

    /// Takes a reservation and up to `beyond` from the whole pool; a part, which depends on the reason, goes to the prover or
    /// caller, the rest is burned. Only the jobs program.
    pub fn slash(ctx: Context<Slash>, reserved: u64, beyond: u64, reason: SlashReason) -> Result<()> {
        instructions::slash::handle(ctx, reserved, beyond, reason)
    }

    /// Keeps a position's stake in until a vote has ended. Only the governance program.
    pub fn lock_position(ctx: Context<LockPosition>, until: i64) -> Result<()> {
        instructions::lock_position::handle(ctx, until)
    }

    /// What the authority orders.
    pub fn administer(ctx: Context<Administer>, order: Order) -> Result<()> {
        instructions::administer::handle(ctx, order)
    }

    /// The key that was offered the authority takes it.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        instructions::accept_authority::handle(ctx)
    }
}
