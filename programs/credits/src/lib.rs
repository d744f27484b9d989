//! The money of the network: IO is burned for IOSD credits, credits pay for jobs through an escrow ledger, suppliers'
//! earnings are redeemed for IO. See `docs/PROTOCOL.md`.
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
pub use instructions::{BuyOrder, InitializeArgs};

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

    /// Turns earnings into freshly minted IO within the epoch's budget; refuses if it gives less than `min_io`.
    pub fn redeem_earnings(ctx: Context<RedeemEarnings>, amount: u64, min_io: u64) -> Result<()> {
        instructions::redeem_earnings::handle(ctx, amount, min_io)
    }
}
