use crate::values::{Amount, Finality, Key, Time, base58};
use serde::Serialize;
use sqlx::{FromRow, PgPool, QueryBuilder};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
pub struct DeviceRow {
    key: Vec<u8>,
    pub event_id: i64,
    operator: Vec<u8>,
    name: String,
    registered_time: i64,
    registered_signature: Vec<u8>,
    jobs_paid: String,
    jobs_expired: i64,
    jobs_faulted: i64,
    earned: String,
    live_job: Option<Vec<u8>>,
    class: i16,
    required_stake: String,
    retired: bool,
    slot: i64,
}

const COLUMNS: &str =
    "key, event_id, operator, name, registered_time, registered_signature, jobs_paid::text, jobs_expired,
    jobs_faulted, earned::text, live_job, class, required_stake::text, retired, slot";

/// A registered device.
#[derive(Debug, Serialize, ToSchema)]
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
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

impl DeviceRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Device {
        Device {
            key: base58(&self.key),
            operator: base58(&self.operator),
            name: self.name,
            registered_at: Time(self.registered_time),
            registered_signature: base58(&self.registered_signature),
            jobs_paid: self.jobs_paid,
            jobs_expired: self.jobs_expired,
            jobs_faulted: self.jobs_faulted,
            earned: Amount::iosd(self.earned),
            live_job: self.live_job.map(|job| base58(&job)),
            class: self.class,
            required_stake: Amount::io(self.required_stake),
            retired: self.retired,
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first, below `before_id`.
pub async fn list(
    pool: &PgPool,
    operator: Option<Key>,
    before_id: i64,
    limit: u32,
) -> Result<Vec<DeviceRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM devices WHERE event_id < ").push_bind(before_id);
    if let Some(operator) = operator {
        query.push(" AND operator = ").push_bind(operator.0.to_vec());
    }
    query.push(" ORDER BY event_id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

pub async fn find(pool: &PgPool, key: Key) -> Result<Option<DeviceRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM devices WHERE key = ").push_bind(key.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
