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

    /// A client that asks for an export while it still reads one.
    pub fn too_many_exports() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "too_many_exports",
            title: "Too many exports",
            detail: "one client may read one export at once; finish that one first".into(),
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
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let code = error.as_database_error().and_then(|error| error.code());
        let silent = match code.as_deref() {
            // A table or a column is missing, so the indexer has not set the database up yet.
            Some("42P01" | "42703") => {
                return Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    code: "not_ready",
                    title: "Not ready",
                    detail: "nothing is indexed yet; try again in a moment".into(),
                };
            }
            // Data exceptions: no stored value causes one, so one of the request did.
            Some(code) if code.starts_with("22") => {
                tracing::warn!(%error, "a query was asked with a value that cannot be");
                return Self::invalid_query("a value is out of range".into());
            }
            // Connections, accounts, transactions that must be tried again, resources, and what an operator or a limit ended.
            Some(code) => ["08", "28", "3D", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)),
            None => matches!(error, Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | Tls(_) | WorkerCrashed),
        };
        tracing::error!(%error, "a query failed");
        if !silent {
            return Self::of_status(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "database_unavailable",
            title: "Database unavailable",
            detail: "the database does not answer; try again in a moment".into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_database_is_no_fault_of_ours_and_an_unreadable_row_is() {
        for (error, code) in [
            (sqlx::Error::PoolTimedOut, "database_unavailable"),
            (sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()), "database_unavailable"),
            (sqlx::Error::RowNotFound, "internal"),
            (sqlx::Error::ColumnNotFound("price".into()), "internal"),
        ] {
            assert_eq!(ApiError::from(error).code, code);
        }
    }
}
