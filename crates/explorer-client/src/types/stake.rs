//! Stake, in pools and of holders.
use super::page::Page;
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Stake in its four states.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Stake {
    /// Earns, and can be taken out.
    pub active: Amount,
    /// Earns, and stands for live jobs.
    pub reserved: Amount,
    /// Earns nothing yet.
    pub warming: Amount,
    /// Earns nothing any more.
    pub cooling: Amount,
    /// All of it.
    pub total: Amount,
}

/// Stake towards an operator.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Pool {
    pub address: String,
    /// The owner's share of the rewards, hundredths of a percent.
    pub commission_bps: i32,
    pub stake: Stake,
    /// Holders, the operator included.
    pub stakers: i64,
    pub rewards: Rewards,
    pub losses: Losses,
    #[schema(value_type = String)]
    pub opened_at: Time,
}

/// What a pool earned from the schedule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Rewards {
    /// Brought in so far, commission included; the schedule may owe it more.
    pub earned: Amount,
    /// Paid to holders.
    pub claimed: Amount,
    pub commission_owed: Amount,
    pub commission_claimed: Amount,
}

/// What a pool lost.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Losses {
    pub slashes: i64,
    pub slashed: Amount,
    /// To users whose claimed jobs expired.
    pub forfeited: Amount,
}

/// One holder's part of a pool.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Position {
    pub address: String,
    pub pool: String,
    /// `operator` (earns from the schedule, in IO) or `user` (shares a user's rebates, in IOSD).
    pub pool_kind: String,
    pub pool_owner: String,
    pub holder: String,
    /// After all losses of the pool.
    pub stake: Stake,
    /// As of the position's last event: the pool may have earned since.
    pub owed: Amount,
    /// Paid out so far.
    pub claimed: Amount,
    /// First epoch in which what is warming can become active.
    pub warm_epoch: Option<String>,
    /// First epoch in which what is cooling can be withdrawn.
    pub cool_epoch: Option<String>,
    /// A vote keeps everything in until then.
    #[schema(value_type = Option<String>)]
    pub locked_until: Option<Time>,
    /// It held nothing any more and was put away.
    pub closed: bool,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// Something that happened to stake.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct StakeChange {
    /// The event's id and name, such as `StakeAdded`.
    pub id: i64,
    pub kind: String,
    pub pool: Option<String>,
    pub pool_owner: Option<String>,
    pub holder: Option<String>,
    /// What the event is about; rebates are in IOSD.
    pub amount: Option<Amount>,
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    pub slot: i64,
    pub finality: Finality,
}

/// A holder of stake: all positions, open ones first, and what happened to them, newest first. What jobs reserve and free of
/// an operator's own stake is left out of the history.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Staker {
    pub key: String,
    pub positions: Vec<Position>,
    pub history: Page<StakeChange>,
}
