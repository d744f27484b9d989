//! The money of the network: IO is burned for IOSD credits, credits pay for jobs through an escrow ledger, suppliers'
//! earnings are redeemed for IO when an epoch closes, and new IO is scheduled. See `docs/PROTOCOL.md`.
//!
//! Handlers read accounts, call `economy`, write accounts and emit one event. Arithmetic lives in `economy`.
#![allow(unexpected_cfgs)]
use anchor_lang::prelude::*;

pub mod constants;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
pub use instructions::{BuyOrder, InitializeArgs, MintLimit, Order};
pub use state::{Parameter, PriceSource, Purpose};

declare_id!("Br2194d4hUX3b1Bh7aXXf6EEW7R7mU7XdR6CDwHXVggS");

#[program]
pub mod credits {
    use super::*;

    /// Creates the config, both mints and the price feed. Only the program's upgrade authority may call it, once.
    pub fn initialize(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
        instructions::initialize::handle(ctx, args)
    }

    /// Opens one of the 16 ledger shards. Anyone may.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        instructions::open_shard::handle(ctx, index)
    }

    /// A permitted submitter's view of the coin's price, in 10^-8 dollars per whole IO.
    pub fn submit_price(ctx: Context<SubmitPrice>, price: u64) -> Result<()> {
        instructions::submit_price::handle(ctx, price)
    }

    /// Burns IO and mints IOSD at the conservative price, by amount in or by amount out.
    pub fn buy_credits(ctx: Context<BuyCredits>, order: BuyOrder) -> Result<()> {
        instructions::buy_credits::handle(ctx, order)
    }

    /// Opens a supplier's earnings ledger. Anyone may pay for it.
    pub fn open_earnings(ctx: Context<OpenEarnings>) -> Result<()> {
        instructions::open_earnings::handle(ctx)
    }

    /// Burns a user's IOSD into a job's escrow. Only the jobs program, signing as its authority PDA.
    pub fn lock_escrow(ctx: Context<LockEscrow>, amount: u64) -> Result<()> {
        instructions::lock_escrow::handle(ctx, amount)
    }

    /// Mints a job's whole escrow back to its user. Only the jobs program.
    pub fn refund_escrow(ctx: Context<RefundEscrow>) -> Result<()> {
        instructions::refund_escrow::handle(ctx)
    }

    /// Pays a job's whole escrow: supplier's earnings, incentives, retired. Only the jobs program.
    pub fn settle_escrow(ctx: Context<SettleEscrow>) -> Result<()> {
        instructions::settle_escrow::handle(ctx)
    }

    /// Asks for earnings to be paid in IO when the open epoch closes.
    pub fn request_redemption(ctx: Context<RequestRedemption>, amount: u64) -> Result<()> {
        instructions::request_redemption::handle(ctx, amount)
    }

    /// Closes epoch `index` if it has ended and is the next one. Anyone may; does nothing if it is closed already. Requests in
    /// it wait for a good price, one epoch at most.
    pub fn advance_epoch(ctx: Context<AdvanceEpoch>, index: u64) -> Result<()> {
        instructions::advance_epoch::handle(ctx, index)
    }

    /// Pays a request of a closed epoch in freshly minted IO; what was not paid joins the open epoch. Anyone may.
    pub fn settle_redemption(ctx: Context<SettleRedemption>) -> Result<()> {
        instructions::settle_redemption::handle(ctx)
    }

    /// Mints IO from a budget of the schedule. Only its minter, within its limits.
    pub fn mint_scheduled(ctx: Context<MintScheduled>, purpose: Purpose, amount: u64) -> Result<()> {
        instructions::mint_scheduled::handle(ctx, purpose, amount)
    }

    /// Opens a user's loyalty account. Anyone may pay for it.
    pub fn open_loyalty(ctx: Context<OpenLoyalty>) -> Result<()> {
        instructions::open_loyalty::handle(ctx)
    }

    /// Binds a user's rebates to those who stake towards them. Only the staking program, with the user's signature.
    pub fn share_loyalty(ctx: Context<ShareLoyalty>) -> Result<()> {
        instructions::share_loyalty::handle(ctx)
    }

    /// Turns at most `points` into credits; `stakers_bps` of them are kept for stakers, through the staking program.
    pub fn redeem_loyalty(ctx: Context<RedeemLoyalty>, points: u64, stakers_bps: u16) -> Result<()> {
        instructions::redeem_loyalty::handle(ctx, points, stakers_bps)
    }

    /// Mints part of a shared rebate to a staker. Only the staking program.
    pub fn mint_rebate(ctx: Context<MintRebate>, amount: u64) -> Result<()> {
        instructions::mint_rebate::handle(ctx, amount)
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
