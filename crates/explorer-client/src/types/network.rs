//! The whole, and how far it can be trusted.
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// How many jobs are in each state.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct JobCounts {
    pub posted: i64,
    pub claimed: i64,
    pub committed: i64,
    pub paid: i64,
    pub cancelled: i64,
    pub expired: i64,
    /// Ended by a proven fault.
    pub refunded: i64,
    /// An answer was owed and did not come.
    pub unanswered: i64,
    pub total: i64,
}

/// The network in numbers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Network {
    pub jobs: JobCounts,
    pub devices: i64,
    pub operators: i64,
    pub users: i64,
    pub models: i64,
    /// Prices of all paid jobs.
    pub paid_volume: Amount,
    /// Suppliers' part of it.
    pub supplier_earnings: Amount,
    /// The part that was burned for good.
    pub fees_retired: Amount,
    /// The part that went to the incentive pool.
    pub fees_incentives: Amount,
    pub io_burned: Amount,
    /// IO minted for suppliers' earnings.
    pub io_redeemed: Amount,
    pub iosd_bought: Amount,
    /// IOSD in wallets.
    pub iosd_supply: Amount,
    pub iosd_in_escrow: Amount,
    /// Absent until a majority of the feed has spoken.
    pub price: Option<Price>,
    pub index: Index,
    /// Of the sums: everything up to here is included; absent before anything was indexed.
    pub slot: Option<i64>,
    pub finality: Finality,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Price {
    pub spot: Amount,
    /// Exponential average over about an hour.
    pub average: Amount,
    #[schema(value_type = String)]
    pub at: Time,
}

/// How far and how well the chain is indexed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Index {
    /// `live`, `stalled` or `unreachable`.
    pub state: Cow<'static, str>,
    /// Everything up to here is included; absent before the first slot.
    pub indexed_slot: Option<i64>,
    pub finalized_slot: Option<i64>,
    pub tip_slot: Option<i64>,
    pub lag_slots: Option<i64>,
    pub stall_reason: Option<String>,
    /// Places where events are provably missing. Not zero: these numbers are incomplete.
    pub sequence_holes: i64,
    /// Events that were counted twice.
    pub sequence_repeats: i64,
    /// Events that could not be read.
    pub dead_letters: i64,
}

/// Whether this server should be asked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Readiness {
    pub ready: bool,
    /// Served, but incomplete: events are provably missing, doubled or unreadable.
    pub degraded: bool,
    /// What stands in the way.
    pub reasons: Vec<String>,
    pub sequence_holes: i64,
    pub sequence_repeats: i64,
    pub dead_letters: i64,
}
