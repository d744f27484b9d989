//! What clients see when something is wrong: RFC 9457 problems, never internals.
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use explorer_client::Problem;

/// An answer that is not the one asked for. The body is written where the request's id is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub detail: String,
}

impl ApiError {
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        let detail = format!("{what} is not known here; it may not be indexed yet");
        Self { status: StatusCode::NOT_FOUND, code: "not_found", title: "Not found", detail }
    }

    pub fn invalid_parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        let detail = format!("{name}: {reason}");
        Self { status: StatusCode::BAD_REQUEST, code: "invalid_parameter", title: "Invalid parameter", detail }
    }

    pub fn invalid_query(reason: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid_parameter", title: "Invalid parameter", detail: reason }
    }

    /// More of something than this server does at once.
    pub fn too_many(what: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "too_many",
            title: "Too many at once",
            detail: format!("no more {what} can be served now; try again in a few seconds"),
        }
    }

    /// A client that keeps more streams open than it may.
    pub fn too_many_of_yours(most: u32) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "too_many_streams",
            title: "Too many event streams",
            detail: format!("one client may have {most} event streams at once; close one first"),
        }
    }

    /// A client that asks more often than it may.
    pub fn too_often(wait_s: u64) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "rate_limited",
            title: "Too many requests",
            detail: format!("asked more often than is allowed; try again in {wait_s} s"),
        }
    }

    /// For a status that something else decided on.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "everything here is read with GET"),
            StatusCode::GATEWAY_TIMEOUT => ("timeout", "the answer took too long; try again"),
            _ if status.is_client_error() => ("bad_request", "the request is not understood"),
            _ => ("internal", "something went wrong; try again"),
        };
        Self { status, code, title: status.canonical_reason().unwrap_or("Error"), detail: detail.into() }
    }

    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            kind: format!("urn:io-explorer:{}", self.code),
            title: self.title.into(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.into(),
            request_id: request_id.into(),
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        // 42P01: a table is missing, so the indexer has not set the database up yet.
        let absent = error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "42P01");
        let (code, title, detail) = if absent {
            ("not_ready", "Not ready", "nothing is indexed yet; try again in a moment")
        } else {
            tracing::error!(%error, "a query failed");
            ("database_unavailable", "Database unavailable", "the database does not answer; try again in a moment")
        };
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code, title, detail: detail.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
