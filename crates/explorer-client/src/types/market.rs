//! What work costs and what there is to hire, now.
use crate::values::{Amount, Finality};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The market now. Prices are for 10^12 multiply-accumulates, rounded down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Market {
    /// Posted jobs that nobody has claimed: any class may.
    pub posted: Trade,
    pub classes: Vec<ClassMarket>,
    /// Everything up to here is included; absent before anything was indexed.
    pub slot: Option<i64>,
    pub finality: Finality,
}

/// Devices of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClassMarket {
    pub class: i16,
    /// Registered and not retired.
    pub devices: i64,
    /// Of those: passed the last challenge round, or are too new for it.
    pub online: i64,
    /// Have a job.
    pub hired: i64,
    /// What the online ones measured together, multiply-accumulates per second.
    pub throughput: String,
    /// Asking prices of the online ones; absent without any.
    pub lowest_offer: Option<Amount>,
    pub median_offer: Option<Amount>,
    /// Jobs being executed or checked.
    pub claimed: Trade,
    /// The newest paid jobs, up to 1,000 of all classes.
    pub paid: Trade,
    /// Everything up to here is included; absent before anything was indexed.
    pub slot: Option<i64>,
    pub finality: Finality,
}

/// Jobs and what they cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trade {
    pub jobs: i64,
    /// Multiply-accumulates.
    pub work: String,
    pub value: Amount,
    /// Absent without jobs.
    pub median_price: Option<Amount>,
    /// Weighted by work.
    pub mean_price: Option<Amount>,
}
