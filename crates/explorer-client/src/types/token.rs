//! The coin.
use super::epochs::Minted;
use crate::values::{Amount, Finality};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The coin.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Token {
    /// IO that exists; absent until an epoch was closed.
    pub supply: Option<Amount>,
    /// No more than this can ever exist.
    pub cap: Amount,
    pub burned: Burned,
    pub minted: Minted,
    /// Active and reserved stake of all pools.
    pub staked: Amount,
    /// From burned coins, for redemptions, not promised yet.
    pub reserve: Amount,
    /// Promised to requests of closed epochs and not minted yet.
    pub promised: Amount,
    /// What the last closed epoch added to the reserve.
    pub smoothed_burn: Amount,
    /// The first epoch that is not closed yet.
    pub next_epoch: String,
    pub budgets: Vec<Budget>,
    /// The newest epochs, oldest first.
    pub epochs: Vec<SupplyPoint>,
    /// Everything up to here is included; absent before anything was indexed.
    pub slot: Option<i64>,
    pub finality: Finality,
}

/// IO that was burned.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Burned {
    /// For credits.
    pub credits: Amount,
    pub slashed_stake: Amount,
    /// Of proposals that too few voted on.
    pub deposits: Amount,
}

/// A budget of the schedule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Budget {
    /// `idle`, `stakers` or `treasury`.
    pub purpose: String,
    /// Scheduled so far.
    pub scheduled: Amount,
    /// Scheduled and not minted yet.
    pub available: Amount,
    pub minted: Amount,
    /// The most that may ever be minted, and in one epoch; absent until a vote changed them.
    pub total_limit: Option<Amount>,
    pub epoch_limit: Option<Amount>,
    /// Slot of the last change; absent before the first.
    pub slot: Option<i64>,
    pub finality: Finality,
}

/// The coin in one epoch.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SupplyPoint {
    pub index: String,
    /// When it was closed; absent before.
    pub supply: Option<Amount>,
    pub staked: Option<Amount>,
    /// For credits.
    pub burned: Amount,
    pub slash_burned: Amount,
    pub minted: Minted,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}
