use crate::list::{Listed, Order, only};
use explorer_client::{Finality, Key, Model, ModelsQuery, ModelsSort, Time, base58, hex};
use sqlx::{FromRow, Postgres, QueryBuilder};

#[derive(Debug, FromRow)]
pub struct ModelRow {
    root: Vec<u8>,
    publisher: Vec<u8>,
    name: String,
    blob: Vec<u8>,
    layers: i16,
    input_width: i64,
    output_width: i64,
    macs_per_row: String,
    jobs_posted: i64,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

impl ModelRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Model {
        Model {
            root: hex(&self.root),
            publisher: base58(&self.publisher),
            name: self.name,
            blob: hex(&self.blob),
            layers: self.layers,
            input_width: self.input_width,
            output_width: self.output_width,
            macs_per_row: self.macs_per_row,
            jobs_posted: self.jobs_posted,
            registered_at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

impl Listed for ModelsQuery {
    type Record = ModelRow;
    const COLUMNS: &'static [&'static str] = &["root, publisher, name, blob, layers, input_width, output_width,
         macs_per_row::text, jobs_posted, time, signature, slot"];
    const FROM: &'static str = "models";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "root",
        "publisher",
        "name",
        "blob",
        "layers",
        "input_width",
        "output_width",
        "macs_per_row",
        "jobs_posted",
        "registered_at",
        "signature",
        "slot",
        "finality",
    ];

    fn order(&self) -> Order {
        match self.sort.unwrap_or_default() {
            ModelsSort::Newest => Order::NEWEST,
            ModelsSort::Popular => Order::descending("models.jobs_posted"),
        }
    }

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "publisher =", self.publisher.map(Key::bytes));
    }

    fn show(record: ModelRow, finalized_slot: Option<i64>) -> Model {
        record.show(finalized_slot)
    }
}
