use super::stake::{POOL_COLUMNS, Pool, PoolRow};
use crate::values::{Amount, Finality, Key, Time, base58};
use serde::Serialize;
use sqlx::{FromRow, PgPool, QueryBuilder};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
pub struct OperatorRow {
    key: Vec<u8>,
    pub event_id: i64,
    registered_time: Option<i64>,
    devices: i64,
    required_stake: String,
    jobs_paid: i64,
    jobs_expired: i64,
    jobs_faulted: i64,
    earned: String,
    earnings_owed: String,
    requested: String,
    request_epoch: Option<String>,
    iosd_redeemed: String,
    io_received: String,
    operator_slot: i64,
    #[sqlx(flatten)]
    pool: PoolRow,
}

/// A supplier.
#[derive(Debug, Serialize, ToSchema)]
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
#[derive(Debug, Serialize, ToSchema)]
pub struct Record {
    pub paid: i64,
    /// Claimed and not committed in time.
    pub expired: i64,
    /// Proven wrong.
    pub faulted: i64,
}

impl OperatorRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Operator {
        Operator {
            key: base58(&self.key),
            registered_at: self.registered_time.map(Time),
            devices: self.devices,
            required_stake: Amount::io(self.required_stake),
            jobs: Record { paid: self.jobs_paid, expired: self.jobs_expired, faulted: self.jobs_faulted },
            pool: self.pool.show(),
            earned: Amount::iosd(self.earned),
            earnings_owed: Amount::iosd(self.earnings_owed),
            requested: Amount::iosd(self.requested),
            request_epoch: self.request_epoch,
            redeemed: Amount::iosd(self.iosd_redeemed),
            received: Amount::io(self.io_received),
            slot: self.operator_slot,
            finality: Finality::of(self.operator_slot, finalized_slot),
        }
    }
}

fn select() -> QueryBuilder<sqlx::Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT o.key, o.event_id, o.registered_time, o.devices, o.required_stake::text, o.jobs_paid, o.jobs_expired,
                o.jobs_faulted, o.earned::text, o.earnings_owed::text, o.requested::text, o.request_epoch::text,
                o.iosd_redeemed::text, o.io_received::text, greatest(o.slot, p.slot) AS operator_slot, ",
    );
    query.push(POOL_COLUMNS);
    query.push(" FROM operators o LEFT JOIN pools p ON p.owner = o.key AND p.kind = 'operator' ");
    query
}

/// Newest first, below `before_id`.
pub async fn list(pool: &PgPool, before_id: i64, limit: u32) -> Result<Vec<OperatorRow>, sqlx::Error> {
    let mut query = select();
    query.push("WHERE o.event_id < ").push_bind(before_id);
    query.push(" ORDER BY o.event_id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

pub async fn find(pool: &PgPool, key: Key) -> Result<Option<OperatorRow>, sqlx::Error> {
    let mut query = select();
    query.push("WHERE o.key = ").push_bind(key.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
