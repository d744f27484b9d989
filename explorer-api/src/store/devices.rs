use crate::list::{Listed, Order, only, only_number};
use explorer_client::{Amount, Device, DeviceState, DevicesQuery, DevicesSort, Finality, Key, Time, base58};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

#[derive(Debug, FromRow)]
pub struct DeviceRow {
    key: Vec<u8>,
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
    offer: String,
    measured: String,
    slot: i64,
}

const COLUMNS: &str = "key, operator, name, registered_time, registered_signature, jobs_paid::text, jobs_expired,
    jobs_faulted, earned::text, live_job, class, required_stake::text, retired, offer::text, measured::text, slot";

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
            offer: Some(self.offer).filter(|offer| offer != "0").map(Amount::iosd),
            measured: self.measured,
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

impl Listed for DevicesQuery {
    type Record = DeviceRow;
    const COLUMNS: &'static [&'static str] = &[COLUMNS];
    const FROM: &'static str = "devices";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "key",
        "operator",
        "name",
        "class",
        "retired",
        "live_job",
        "offer.amount",
        "measured",
        "jobs_paid",
        "jobs_expired",
        "jobs_faulted",
        "earned.amount",
        "earned.unit",
        "required_stake.amount",
        "registered_at",
        "registered_signature",
        "slot",
        "finality",
    ];

    fn order(&self) -> Order {
        match self.sort.unwrap_or_default() {
            DevicesSort::Newest => Order::NEWEST,
            DevicesSort::Earned => Order::descending("devices.earned"),
            DevicesSort::Fastest => Order::descending("devices.measured"),
            DevicesSort::Cheapest => Order::ascending("devices.offer"),
        }
    }

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "operator =", self.operator.map(Key::bytes));
        only(sql, "class =", self.class.map(i16::from));
        if self.max_offer.is_some() {
            sql.push(" AND offer > 0");
        }
        only_number(sql, "offer <=", self.max_offer);
        match self.state {
            None => sql,
            Some(DeviceState::Idle) => sql.push(" AND NOT retired AND live_job IS NULL"),
            Some(DeviceState::Working) => sql.push(" AND live_job IS NOT NULL"),
            Some(DeviceState::Retired) => sql.push(" AND retired"),
        };
    }

    fn show(record: DeviceRow, finalized_slot: Option<i64>) -> Device {
        record.show(finalized_slot)
    }
}

pub async fn find(pool: &PgPool, key: Key) -> Result<Option<DeviceRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM devices WHERE key = ").push_bind(key.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
