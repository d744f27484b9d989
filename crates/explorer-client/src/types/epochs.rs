//! Accounting periods.
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An accounting period. One in which nothing happened is listed once it is closed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Epoch {
    #[schema(example = "41", pattern = "^[0-9]+$")]
    pub index: String,
    /// Burned for credits in it.
    pub io_burned: Amount,
    /// Credits bought with that.
    pub iosd_bought: Amount,
    /// Slashed stake that was burned in it.
    pub slash_burned: Amount,
    pub minted: Minted,
    pub redemptions: Redemptions,
    /// Absent while it is open.
    pub closing: Option<Closing>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// New IO during an epoch.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Minted {
    /// From the reserve that burned coins fill.
    pub redemptions: Amount,
    /// The rest is on schedule.
    pub idle: Amount,
    pub stakers: Amount,
    pub treasury: Amount,
}

/// Earnings that suppliers asked to be paid in IO when the epoch closes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Redemptions {
    pub requested: Amount,
    /// Requests that were settled since, and the IO minted for them.
    pub settled: Amount,
    pub settled_io: Amount,
}

/// What an epoch's closing decided.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Closing {
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    /// Joined the reserve.
    pub smoothed_burn: Amount,
    /// How much of the requests is paid, and the IO promised for it.
    pub paid: Amount,
    pub promised: Amount,
    /// Absent if there was no good price: then nothing is paid.
    pub price: Option<Amount>,
    /// What is left of the reserve.
    pub reserve: Amount,
    /// Scheduled anew.
    pub scheduled: Budgets,
    /// IO that existed.
    pub supply: Amount,
    /// Active and reserved stake of all pools.
    pub staked: Amount,
}

/// Parts of the schedule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Budgets {
    pub idle: Amount,
    pub stakers: Amount,
    pub treasury: Amount,
}

/// A supplier's request of the epoch, or what came of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Redemption {
    pub owner: String,
    /// Whose requests it was among.
    pub epoch: String,
    /// `requested` or `settled`.
    pub kind: String,
    /// Asked for.
    pub amount: Amount,
    /// Of a settlement: what of it was paid, and the IO for it.
    pub charged: Option<Amount>,
    pub received: Option<Amount>,
    /// What was not paid, and the epoch whose requests it joined.
    pub rest: Option<Amount>,
    pub joined: Option<String>,
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    pub slot: i64,
    pub finality: Finality,
}

/// An epoch with what suppliers asked for in it, newest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct EpochDetail {
    #[serde(flatten)]
    pub epoch: Epoch,
    pub requests: Vec<Redemption>,
}
