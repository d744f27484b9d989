//! What happened.
use crate::values::{Finality, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Something that happened on chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Event {
    /// Ascends; resume a stream by it.
    pub id: i64,
    /// `credits`, `jobs`, `staking` or `governance`.
    pub program: String,
    /// The event's name, such as `JobPosted`.
    pub kind: String,
    #[schema(value_type = String)]
    pub time: Time,
    pub signature: String,
    pub job: Option<String>,
    /// The event's own fields: keys in base58, hashes in hex, 64-bit numbers as text.
    #[schema(value_type = Object)]
    pub body: Value,
    pub slot: i64,
    pub finality: Finality,
}

/// An event that the chain took back: it is in no list any more.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Reverted {
    /// Its own place in the stream.
    pub id: i64,
    /// What the event was known by.
    pub event_id: i64,
    pub program: String,
    pub kind: String,
    pub job: Option<String>,
    pub signature: String,
    pub slot: i64,
}
