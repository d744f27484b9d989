pub mod devices;
pub mod epochs;
pub mod events;
pub mod health;
pub mod jobs;
pub mod market;
pub mod models;
pub mod network;
pub mod operators;
pub mod proposals;
pub mod redemptions;
pub mod search;
pub mod series;
pub mod stake_changes;
pub mod stakers;
pub mod token;
pub mod transactions;
pub mod votes;

use crate::error::ApiError;
use axum::Json;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::Response;

/// A JSON answer that caches may keep for a second: long enough to shield the database from a crowd.
pub type Fresh<T> = ([(HeaderName, &'static str); 1], Json<T>);

pub fn fresh<T>(value: T) -> Fresh<T> {
    ([(CACHE_CONTROL, "public, max-age=1, stale-while-revalidate=5")], Json(value))
}

/// What can never change again.
pub fn immutable<T>(value: T) -> Fresh<T> {
    ([(CACHE_CONTROL, "public, max-age=31536000, immutable")], Json(value))
}

/// A list, as JSON or as CSV.
pub type Answer = Result<Response, ApiError>;
