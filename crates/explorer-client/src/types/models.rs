//! Registered models.
use crate::values::{Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A registered integer model.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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
