pub mod devices;
pub mod epochs;
pub mod events;
pub mod health;
pub mod jobs;
pub mod models;
pub mod network;
pub mod operators;
pub mod proposals;
pub mod stakers;
pub mod token;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, HeaderName};

/// A JSON answer that caches may keep for a second: long enough to shield the database from a crowd.
pub type Fresh<T> = ([(HeaderName, &'static str); 1], Json<T>);

pub fn fresh<T>(value: T) -> Fresh<T> {
    ([(CACHE_CONTROL, "public, max-age=1, stale-while-revalidate=5")], Json(value))
}

/// Which part of a list that has no filters.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `page.next` of the page before.
    pub cursor: Option<String>,
    /// Rows on a page, 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}
