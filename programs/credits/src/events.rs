//! What happened, with resulting amounts: an indexer never has to read an account again.
//!
//! `seq` counts up by one in the shard named beside it, over all events of this program: a gap is a missed event.
use crate::state::{Parameter, PriceSource, Purpose};
use anchor_lang::prelude::*;

/// Where an event stands.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub shard: u8,
    pub seq: u64,
    pub slot: u64,
    /// Unix time, seconds.
    pub time: i64,
}

#[event]
pub struct ShardOpened {
    pub stamp: Stamp,
}

/// A submitter spoke. `spot` is zero while no majority is fresh.
#[event]
pub struct PriceSubmitted {
    pub stamp: Stamp,
    pub submitter: Pubkey,
    pub price: u64,
    pub spot: u64,
    pub average: u64,
}

#[event]
pub struct CreditsBought {
    pub stamp: Stamp,
    pub user: Pubkey,
    pub io_burned: u64,
    pub iosd_minted: u64,
    /// Price used, 10^-8 dollars per IO.
    pub price: u64,
    pub epoch: u64,
    pub epoch_io_burned: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowLocked {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub amount: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowRefunded {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub amount: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowSettled {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub supplier: Pubkey,
    pub price: u64,
    pub supplier_share: u64,
    pub retired: u64,
    pub incentives: u64,
    /// The supplier's ledger afterwards.
    pub earnings_owed: u64,
    /// The user's points afterwards.
    pub points: u64,
}

#[event]
pub struct EarningsOpened {
    pub stamp: Stamp,
    pub owner: Pubkey,
}

/// Earnings were asked to be paid in IO at the epoch's end.
#[event]
pub struct RedemptionRequested {
    pub stamp: Stamp,
    pub owner: Pubkey,
    pub amount: u64,
    pub epoch: u64,
    /// The supplier's request and free earnings afterwards.
    pub requested: u64,
    pub earnings_owed: u64,
    /// All requests of the epoch afterwards.
    pub epoch_requested: u64,
}

/// An epoch was closed. Amounts of IO unless said otherwise.
#[event]
pub struct EpochClosed {
    pub stamp: Stamp,
    pub epoch: u64,
    pub io_burned: u64,
    pub smoothed_burn: u64,
    /// Redemptions asked for and how much of them is paid, IOSD.
    pub requested: u64,
    pub paid: u64,
    /// IO promised for them, and the price, zero if there was none.
    pub allocated: u64,
    pub price: u64,
    /// What is left of the reserve, and promised in all.
    pub reserve: u64,
    pub allocated_total: u64,
    /// Scheduled in this epoch.
    pub idle: u64,
    pub stakers: u64,
    pub treasury: u64,
    /// IO that exists.
    pub supply: u64,
}

/// A request of a closed epoch was paid in IO, and its rest joined the open one.
#[event]
pub struct RedemptionSettled {
    pub stamp: Stamp,
    pub owner: Pubkey,
    pub epoch: u64,
    /// What was asked for and what of it was paid, IOSD.
    pub requested: u64,
    pub charged: u64,
    pub io_minted: u64,
    /// IO that nobody was left to get; it returned to the reserve.
    pub dust: u64,
    /// The rest, the epoch that it joined, and all requests of that epoch afterwards.
    pub rest: u64,
    pub joined: u64,
    pub joined_requested: u64,
    pub reserve: u64,
    pub allocated_total: u64,
}

/// IO was minted from a budget of the schedule.
#[event]
pub struct ScheduleMinted {
    pub stamp: Stamp,
    pub purpose: Purpose,
    /// Token account that received it.
    pub to: Pubkey,
    pub amount: u64,
    /// The budget afterwards.
    pub available: u64,
    pub minted: u64,
    pub epoch: u64,
    pub epoch_minted: u64,
}

#[event]
pub struct LoyaltyOpened {
    pub stamp: Stamp,
    pub user: Pubkey,
}

/// From now on the user's rebates are shared with those who stake towards them.
#[event]
pub struct LoyaltyShared {
    pub stamp: Stamp,
    pub user: Pubkey,
}

/// Points became a rebate: `rebate - to_stakers` was minted to the user.
#[event]
pub struct LoyaltyRedeemed {
    pub stamp: Stamp,
    pub user: Pubkey,
    pub points: u64,
    pub rebate: u64,
    pub to_stakers: u64,
    /// Afterwards.
    pub points_left: u64,
    pub rebated: u64,
    pub pooled: u64,
    pub iosd_balance: u64,
}

/// Part of a shared rebate was minted to a staker.
#[event]
pub struct RebateMinted {
    pub stamp: Stamp,
    pub user: Pubkey,
    /// IOSD account that received it.
    pub to: Pubkey,
    pub amount: u64,
    pub pooled: u64,
    pub iosd_balance: u64,
}

#[event]
pub struct ParameterSet {
    pub stamp: Stamp,
    pub parameter: Parameter,
    pub old: u64,
    pub new: u64,
}

#[event]
pub struct Paused {
    pub stamp: Stamp,
    /// See `constants::PAUSE_*`; zero is nothing.
    pub flags: u8,
}

#[event]
pub struct AuthorityOffered {
    pub stamp: Stamp,
    pub to: Pubkey,
}

#[event]
pub struct AuthorityAccepted {
    pub stamp: Stamp,
    pub authority: Pubkey,
}

/// The default key as `old` added a submitter, as `new` removed one.
#[event]
pub struct SubmitterReplaced {
    pub stamp: Stamp,
    pub old: Pubkey,
    pub new: Pubkey,
}

#[event]
pub struct PriceSourceSet {
    pub stamp: Stamp,
    pub source: PriceSource,
}

#[event]
pub struct MinterSet {
    pub stamp: Stamp,
    pub purpose: Purpose,
    pub authority: Pubkey,
    pub total_limit: u64,
    pub epoch_limit: u64,
}
