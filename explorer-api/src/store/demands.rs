use explorer_client::{Amount, Demand, Finality, Key, Time, base58, hex};
use serde_json::Value;
use sqlx::{FromRow, PgPool};

#[derive(Debug, FromRow)]
pub struct DemandRow {
    n: i32,
    demander: Vec<u8>,
    item: String,
    bond: String,
    deadline: i64,
    status: String,
    answered_by: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
    made_time: i64,
    ended_time: Option<i64>,
    made_signature: Vec<u8>,
    ended_signature: Option<Vec<u8>>,
    slot: i64,
}

impl DemandRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Demand {
        Demand {
            n: self.n,
            demander: base58(&self.demander),
            // Written by the indexer from typed values.
            item: serde_json::from_str(&self.item).unwrap_or(Value::Null),
            bond: Amount::sol(self.bond),
            deadline: Time(self.deadline),
            status: self.status,
            answered_by: self.answered_by.map(|key| base58(&key)),
            data: self.data.map(|data| hex(&data)),
            made_at: Time(self.made_time),
            ended_at: self.ended_time.map(Time),
            made_signature: base58(&self.made_signature),
            ended_signature: self.ended_signature.map(|signature| base58(&signature)),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// All of a job's, in order; the program bounds how many there are.
pub async fn of_job(pool: &PgPool, job: Key) -> Result<Vec<DemandRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT n, demander, item::text, bond::text, deadline, status, answered_by, data, made_time, ended_time,
             made_signature, ended_signature, slot
         FROM demands WHERE job = $1 ORDER BY n",
    )
    .bind(job.0.to_vec())
    .fetch_all(pool)
    .await
}
