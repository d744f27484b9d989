use super::stake::{POOL_COLUMNS, PoolRow};
use crate::list::{Listed, Order};
use explorer_client::{Amount, Finality, Key, Operator, OperatorsQuery, OperatorsSort, Record, Time, base58};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

#[derive(Debug, FromRow)]
pub struct OperatorRow {
    key: Vec<u8>,
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

const COLUMNS: &str = "o.key, o.registered_time, o.devices, o.required_stake::text, o.jobs_paid, o.jobs_expired,
    o.jobs_faulted, o.earned::text, o.earnings_owed::text, o.requested::text, o.request_epoch::text, o.iosd_redeemed::text,
    o.io_received::text, greatest(o.slot, p.slot) AS operator_slot";
const FROM: &str = "operators o LEFT JOIN pools p ON p.owner = o.key AND p.kind = 'operator'";

impl Listed for OperatorsQuery {
    type Record = OperatorRow;
    const COLUMNS: &'static [&'static str] = &[COLUMNS, POOL_COLUMNS];
    const FROM: &'static str = FROM;
    const ID: &'static str = "o.event_id";
    const EVENT: Option<&'static str> = Some("o.event_id");
    const CSV: &'static [&'static str] = &[
        "key",
        "registered_at",
        "devices",
        "required_stake.amount",
        "jobs.paid",
        "jobs.expired",
        "jobs.faulted",
        "pool.address",
        "pool.commission_bps",
        "pool.stake.active.amount",
        "pool.stake.total.amount",
        "pool.stakers",
        "pool.losses.slashes",
        "earned.amount",
        "earned.unit",
        "earnings_owed.amount",
        "redeemed.amount",
        "received.amount",
        "received.unit",
        "slot",
        "finality",
    ];

    fn order(&self) -> Order {
        match self.sort.unwrap_or_default() {
            OperatorsSort::Newest => Order::NEWEST,
            OperatorsSort::Earned => Order::descending("o.earned"),
            OperatorsSort::Busiest => Order::descending("o.jobs_paid"),
        }
    }

    fn filter(&self, _: &mut QueryBuilder<Postgres>) {}

    fn show(record: OperatorRow, finalized_slot: Option<i64>) -> Operator {
        record.show(finalized_slot)
    }
}

pub async fn find(pool: &PgPool, key: Key) -> Result<Option<OperatorRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query
        .push(COLUMNS)
        .push(", ")
        .push(POOL_COLUMNS)
        .push(" FROM ")
        .push(FROM)
        .push(" WHERE o.key = ")
        .push_bind(key.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
