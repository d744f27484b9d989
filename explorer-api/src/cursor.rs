//! Places in a list that stay valid while rows are added.
use crate::error::ApiError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 100;

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub page: PageLinks,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// Pass as `cursor` to go on; absent on the last page.
    pub next: Option<String>,
    pub limit: u32,
}

/// What identifies a list: a cursor of one list means nothing in another.
#[derive(Clone, Debug)]
pub struct ListKey(String);

impl ListKey {
    /// `filters` are pairs of name and value, in a fixed order.
    pub fn new(list: &str, filters: &[(&str, Option<String>)]) -> Self {
        let mut hash = Sha256::new();
        hash.update(list);
        for (name, value) in filters {
            let Some(value) = value else { continue };
            hash.update(format!("\n{name}={value}"));
        }
        Self(crate::values::hex(&hash.finalize()[..6]))
    }

    fn encode(&self, last_id: i64) -> String {
        URL_SAFE_NO_PAD.encode(format!("1.{}.{last_id}", self.0))
    }

    /// The id that the page starts below; everything without a cursor.
    pub fn decode(&self, cursor: Option<&str>) -> Result<i64, ApiError> {
        let Some(cursor) = cursor else { return Ok(i64::MAX) };
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            let (list, id) = text.strip_prefix("1.")?.split_once('.')?;
            (list == self.0).then_some(id)?.parse().ok()
        };
        read().ok_or_else(|| {
            ApiError::invalid_parameter(
                "cursor",
                "not a cursor of this list with these filters; start again without one",
            )
        })
    }

    /// A page of rows of which one more than `limit` were asked for.
    pub fn page<R, T>(&self, mut rows: Vec<R>, limit: u32, id: impl Fn(&R) -> i64, show: impl Fn(R) -> T) -> Page<T> {
        let full = limit as usize;
        let more = rows.len() > full;
        rows.truncate(full);
        let next = rows.last().filter(|_| more).map(|last| self.encode(id(last)));
        Page { data: rows.into_iter().map(show).collect(), page: PageLinks { next, limit } }
    }
}

/// The rows to show on one page.
pub fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(ApiError::invalid_parameter("limit", format!("{other} is not between 1 and {MAX_LIMIT}"))),
    }
}
