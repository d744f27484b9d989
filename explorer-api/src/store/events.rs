use crate::values::{Finality, Key, Time, base58};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgPool};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
pub struct EventRow {
    pub id: i64,
    program: String,
    kind: String,
    slot: i64,
    time: i64,
    signature: Vec<u8>,
    job: Option<Vec<u8>>,
    body: String,
}

/// Something that happened on chain.
#[derive(Debug, Serialize, ToSchema)]
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

impl EventRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Event {
        Event {
            id: self.id,
            program: self.program,
            kind: self.kind,
            time: Time(self.time),
            signature: base58(&self.signature),
            job: self.job.map(|job| base58(&job)),
            // Written by the indexer from typed values.
            body: serde_json::from_str(&self.body).unwrap_or(Value::Null),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Oldest first, above `after_id`.
pub async fn after(pool: &PgPool, after_id: i64, limit: i64) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, program, kind, slot, time, signature, job, body::text FROM events WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after_id)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// A job's whole history, oldest first; bounded, because a job has a handful of events and at most 128 demands with two each.
pub async fn of_job(pool: &PgPool, job: Key) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT event_id AS id, program, kind, slot, time, signature, job, body::text FROM job_events WHERE job = $1
         ORDER BY event_id LIMIT 500",
    )
    .bind(job.0.to_vec())
    .fetch_all(pool)
    .await
}
