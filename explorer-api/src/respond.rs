//! What every answer gets on its way out: a request id, a problem's body, an ETag, and headers that keep pages harmless.
use crate::app::App;
use crate::error::ApiError;
use crate::pages;
use crate::values::hex;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Largest answer that is hashed; nothing here comes near it.
const MAX_BODY: usize = 8 << 20;
/// Everything a page needs comes from here, as files.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let request_id = request_id(request.headers());
    let wants_page = !request.uri().path().starts_with("/v1") && accepts_html(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;

    let status = response.status();
    // An answer that is JSON already says what is wrong itself.
    if (status.is_client_error() || status.is_server_error()) && !has_kind(&response, b"application/json") {
        let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| ApiError::of_status(status));
        response = if wants_page { pages::problem(&error, &request_id) } else { problem(&error, &request_id) };
    }
    count(&app, response.status());
    response = tag(response, known.as_ref()).await;

    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::from_str(&request_id).unwrap_or(HeaderValue::from_static("invalid")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn problem(error: &ApiError, request_id: &str) -> Response {
    let mut response = (error.status, Json(error.problem(request_id))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The caller's own id if it is a plain short word, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    static STARTED: LazyLock<u64> =
        LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given {
        Some(id) if (1..=64).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') => {
            id.into()
        }
        _ => format!("{:x}-{:x}", *STARTED, COUNT.fetch_add(1, Ordering::Relaxed)),
    }
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn has_kind(response: &Response, kind: &[u8]) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(kind))
}

fn count(app: &App, status: StatusCode) {
    let counter = match status.as_u16() {
        400..500 => &app.requests.client_errors,
        500.. => &app.requests.server_errors,
        _ => &app.requests.ok,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Adds an ETag to a whole answer, and answers `304` to a client that has it. Weak: compression changes the bytes.
async fn tag(response: Response, known: Option<&HeaderValue>) -> Response {
    let streams = has_kind(&response, b"text/event-stream");
    if response.status() != StatusCode::OK || streams {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = format!("W/\"{}\"", hex(&Sha256::digest(&bytes)[..12]));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    let has = known.and_then(|known| known.to_str().ok()).is_some_and(|known| known.split(", ").any(|one| one == tag));
    if has {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
