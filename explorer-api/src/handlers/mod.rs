pub mod devices;
pub mod events;
pub mod health;
pub mod jobs;
pub mod models;
pub mod network;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, HeaderName};

/// A JSON answer that caches may keep for a second: long enough to shield the database from a crowd.
pub type Fresh<T> = ([(HeaderName, &'static str); 1], Json<T>);

pub fn fresh<T>(value: T) -> Fresh<T> {
    ([(CACHE_CONTROL, "public, max-age=1, stale-while-revalidate=5")], Json(value))
}
