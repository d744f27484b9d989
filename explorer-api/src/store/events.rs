use explorer_client::{Event, Finality, Key, Time, base58};
use serde_json::Value;
use sqlx::{FromRow, PgPool};

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
    /// The event that this takes back.
    #[sqlx(default)]
    pub reverted: Option<i64>,
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

/// Oldest first, above `after_id`: what happened, and what the chain took back.
pub async fn after(pool: &PgPool, after_id: i64, limit: i64) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "(SELECT id, program, kind, slot, time, signature, job, body::text, NULL::bigint AS reverted
          FROM events WHERE id > $1 ORDER BY id LIMIT $2)
         UNION ALL (SELECT id, program, kind, slot, time, signature, job, body::text, event_id
                    FROM reverted_events WHERE id > $1 ORDER BY id LIMIT $2)
         ORDER BY id LIMIT $2",
    )
    .bind(after_id)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// A job's whole history, in the order of the chain: what was missed and found again has a late id. Few enough to sort: a job has
/// a handful of events and at most 128 demands with two each.
pub async fn of_job(pool: &PgPool, job: Key) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, program, kind, slot, time, signature, job, body::text FROM events WHERE job = $1
         ORDER BY slot, tx_index, instruction_index, inner_index LIMIT 500",
    )
    .bind(job.0.to_vec())
    .fetch_all(pool)
    .await
}

/// In the order in which they happened; a transaction has at most 64 instructions.
pub async fn of_transaction(pool: &PgPool, signature: &[u8]) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, program, kind, slot, time, signature, job, body::text FROM events WHERE signature = $1
         ORDER BY instruction_index, inner_index",
    )
    .bind(signature)
    .fetch_all(pool)
    .await
}

/// Whether events may still be missing from a transaction: somewhere in the sequence, or one of its own that is unreadable.
pub async fn may_be_missing(pool: &PgPool, signature: &[u8]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sequence_faults WHERE kind = 'hole' AND healed_at IS NULL)
             OR EXISTS (SELECT 1 FROM dead_letters WHERE signature = $1 AND replayed_at IS NULL)",
    )
    .bind(signature)
    .fetch_one(pool)
    .await
}
