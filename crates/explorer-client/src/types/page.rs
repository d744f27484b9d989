//! Parts of lists, and refusals.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Part of a list.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub page: PageLinks,
}

/// The way on and back. All pages of one walk are of one moment: rows that are added meanwhile are on none of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PageLinks {
    /// Pass as `cursor` to go on; absent on the last page.
    pub next: Option<String>,
    /// Pass as `cursor` to go back; absent on the first page.
    pub prev: Option<String>,
    pub limit: u32,
    /// Rows that were added after this slot are left out; absent before anything was indexed.
    pub as_of_slot: Option<i64>,
}

/// RFC 9457 problem details.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:io-explorer:not_found")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Short name of the kind, stable.
    pub code: String,
    /// Quote it when asking about this answer; the same as the header `x-request-id`.
    pub request_id: String,
}
