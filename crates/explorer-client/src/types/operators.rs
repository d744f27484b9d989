//! Suppliers.
use super::stake::{Pool, Position, StakeChange};
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A supplier.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Operator {
    pub key: String,
    /// Absent while it only has an earnings ledger or a pool.
    #[schema(value_type = Option<String>)]
    pub registered_at: Option<Time>,
    /// Without those that were retired.
    pub devices: i64,
    /// Active and reserved stake that its devices need together.
    pub required_stake: Amount,
    pub jobs: Record,
    /// Stake towards it; absent until it opened its pool.
    pub pool: Option<Pool>,
    /// All shares of paid jobs.
    pub earned: Amount,
    /// What it can still redeem.
    pub earnings_owed: Amount,
    /// Asked to be paid in IO and not settled yet, and the epoch of the request.
    pub requested: Amount,
    pub request_epoch: Option<String>,
    pub redeemed: Amount,
    /// What it got for that.
    pub received: Amount,
    pub slot: i64,
    pub finality: Finality,
}

/// How claimed jobs ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Record {
    pub paid: i64,
    /// Claimed and not committed in time.
    pub expired: i64,
    /// Proven wrong.
    pub faulted: i64,
}

/// An operator with those who stake towards it, the largest first, and what its pool lost, newest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct OperatorDetail {
    #[serde(flatten)]
    pub operator: Operator,
    pub stakers: Vec<Position>,
    pub losses: Vec<StakeChange>,
}
