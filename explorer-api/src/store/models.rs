use crate::values::{Finality, Time, base58, hex};
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
pub struct ModelRow {
    root: Vec<u8>,
    pub event_id: i64,
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

/// A registered integer model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// sha256 of the layer table with its weight roots: what the model *is*.
    pub root: String,
    pub publisher: String,
    /// Chosen by its publisher; two models may have the same.
    pub name: String,
    /// sha256 of the model file.
    pub blob: String,
    pub layers: i16,
    pub input_width: i64,
    pub output_width: i64,
    /// Multiply-accumulates for one row.
    pub macs_per_row: String,
    pub jobs_posted: i64,
    #[schema(value_type = String)]
    pub registered_at: Time,
    pub signature: String,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
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

/// Newest first, below `before_id`.
pub async fn list(pool: &PgPool, before_id: i64, limit: u32) -> Result<Vec<ModelRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT root, event_id, publisher, name, blob, layers, input_width, output_width, macs_per_row::text, jobs_posted,
                time, signature, slot
         FROM models WHERE event_id < $1 ORDER BY event_id DESC LIMIT $2",
    )
    .bind(before_id)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}
