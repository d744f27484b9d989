//! Sums over time, for charts.
use crate::values::{Amount, Finality, Key, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How long each point is, by the calendar of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    Hour,
    #[default]
    Day,
    Month,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    /// `day` unless given.
    #[param(inline)]
    pub bucket: Option<Bucket>,
    /// Whole buckets from then on: RFC 3339 or unix seconds. 2 days, 90 days or 24 months back unless given.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Hours that begin before then; now unless given. At most 1,000 buckets.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EarningsQuery {
    /// `day` unless given.
    #[param(inline)]
    pub bucket: Option<Bucket>,
    /// Whole buckets from then on: RFC 3339 or unix seconds. 2 days, 90 days or 24 months back unless given.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Hours that begin before then; now unless given. At most 1,000 buckets.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// Only of this operator.
    #[param(value_type = Option<String>)]
    pub operator: Option<Key>,
    /// Only of this device.
    #[param(value_type = Option<String>)]
    pub device: Option<Key>,
    /// Only of devices of this class.
    #[param(minimum = 0, maximum = 255)]
    pub class: Option<u8>,
}

/// Oldest first. Buckets in which nothing happened are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series<P> {
    pub bucket: Bucket,
    #[schema(value_type = String)]
    pub from: Time,
    #[schema(value_type = String)]
    pub to: Time,
    pub data: Vec<P>,
}

/// When a point begins and how certain it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct At {
    #[schema(value_type = String)]
    pub start: Time,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// What happened to jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobsPoint {
    #[serde(flatten)]
    pub at: At,
    pub posted: i64,
    pub claimed: i64,
    pub committed: i64,
    pub paid: i64,
    /// Cancelled or expired.
    pub returned: i64,
    /// A wrong cell was proven, or an answer was owed and did not come.
    pub faulted: i64,
}

/// What users asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DemandPoint {
    #[serde(flatten)]
    pub at: At,
    pub jobs: i64,
    /// Multiply-accumulates.
    pub work: String,
    pub value: Amount,
    /// For 10^12 multiply-accumulates, weighted by work; absent without any.
    pub price: Option<Amount>,
}

/// What there was to hire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CapacityPoint {
    #[serde(flatten)]
    pub at: At,
    /// Registered and not retired, at the end.
    pub devices: i64,
    /// Of the last challenge round that ended: devices that passed; absent without one.
    pub passed: Option<i64>,
    /// What they measured together, multiply-accumulates per second.
    pub throughput: Option<String>,
}

/// What things cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PricePoint {
    #[serde(flatten)]
    pub at: At,
    /// IO by the feed's majority; absent where it had none.
    pub lowest: Option<Amount>,
    pub highest: Option<Amount>,
    pub last: Option<Amount>,
    /// Paid for 10^12 multiply-accumulates, weighted by work; absent where nothing was paid.
    pub work: Option<Amount>,
}

/// What suppliers earned from paid jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EarningsPoint {
    #[serde(flatten)]
    pub at: At,
    pub jobs: i64,
    pub work: String,
    pub paid: Amount,
    pub earned: Amount,
}
