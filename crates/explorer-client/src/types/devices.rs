//! Devices and how they do in challenges.
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A registered device.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Device {
    pub key: String,
    pub operator: String,
    /// Chosen by its operator; says nothing about the hardware.
    pub name: String,
    #[schema(value_type = String)]
    pub registered_at: Time,
    pub registered_signature: String,
    pub jobs_paid: String,
    /// Claimed and not committed in time.
    pub jobs_expired: i64,
    /// Proven wrong.
    pub jobs_faulted: i64,
    /// Its operator's shares of the jobs it was paid for.
    pub earned: Amount,
    /// What it works on or waits to be paid for.
    pub live_job: Option<String>,
    /// From 0 to 3: the larger, the more stake it needs.
    pub class: i16,
    /// Stake that it needs in its operator's pool.
    pub required_stake: Amount,
    /// Its operator took it out of service.
    pub retired: bool,
    /// Asked for 10^12 multiply-accumulates; absent without an offer.
    pub offer: Option<Amount>,
    /// Multiply-accumulates per second of its last passed challenge; zero after a failed one.
    pub measured: String,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// A challenge round that a device was nominated for, and what it made of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Challenge {
    pub round: String,
    #[schema(value_type = String)]
    pub opened_at: Time,
    /// `nominated` while the round goes on without its answer, `committed`, `passed`, `caught` (a wrong cell is proven),
    /// `failed`, or `void` if the round counts for nothing.
    pub outcome: String,
    /// Why it failed: `missed`, `unanswered` or `wrong cell`.
    pub reason: Option<String>,
    pub class: Option<i16>,
    /// Rows of its matrix product.
    pub rows: Option<i64>,
    /// From the round's opening to its commitment.
    pub seconds: Option<i64>,
    /// Measured, multiply-accumulates per second.
    pub throughput: Option<String>,
    /// How many of the drawn cells it has shown.
    pub answered: i32,
    pub idle_pay: Option<Amount>,
    /// Stake lost for a wrong cell.
    pub slashed: Option<Amount>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// How a device stands in challenges.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Standing {
    pub challenges_passed: i64,
    pub challenges_failed: i64,
    /// It may be hired: it passed the last round that took place, or is too new for it.
    pub hired: bool,
}

/// A device with its history in challenge rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct DeviceHistory {
    #[serde(flatten)]
    pub device: Device,
    pub standing: Standing,
    /// The newest rounds that it was nominated for, newest first.
    pub challenges: Vec<Challenge>,
}
