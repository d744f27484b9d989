//! What every answer gets on its way out: a request id, a problem's body, an ETag, and headers that keep pages harmless.
use crate::app::App;
use crate::cache;
use crate::error::ApiError;
use crate::limits::{ASKING, Client};
use crate::pages;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use explorer_client::hex;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Largest answer that is hashed; nothing here comes near it.
const MAX_BODY: usize = 8 << 20;
/// Seconds to wait after a refusal that passes, unless the limiter knows better.
const RETRY_S: u32 = 3;
/// Everything a page needs comes from here, as files.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Of one request.
#[derive(Clone)]
struct RequestId(String);

/// Every answer, kept or new: who asks and how often, and headers that keep pages harmless.
pub async fn receive(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = request_id(&parts.headers);
    let client = Client::of(&parts, app.limits.trusted_proxies);
    parts.extensions.insert(client);
    parts.extensions.insert(RequestId(id.clone()));
    // Whoever watches the server must not be turned away by what goes on; the answers are cheap.
    let watched = matches!(parts.uri.path(), "/livez" | "/readyz" | "/metrics");
    let (told, allowed) = if watched { (HeaderMap::new(), Ok(())) } else { app.limiter.take(client) };
    let mut response = match allowed {
        Ok(()) => ASKING.scope(client, next.run(Request::from_parts(parts, body))).await,
        Err(error) => problem(&error, &id),
    };
    let status = response.status();
    count(&app, status);
    let headers = response.headers_mut();
    headers.extend(told);
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
        headers.entry(header::RETRY_AFTER).or_insert(RETRY_S.into());
    }
    headers.insert(REQUEST_ID, HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("invalid")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Every new answer: a problem's body, or an ETag; and what it depends on.
pub async fn finish(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let api = request.uri().path().starts_with("/v1");
    let wants_page = !api && accepts_html(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    let status = response.status();
    // An answer that is JSON already says what is wrong itself.
    if (status.is_client_error() || status.is_server_error()) && !has_kind(&response, b"application/json") {
        let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| ApiError::of_status(status));
        let allow = response.headers_mut().remove(header::ALLOW);
        response = if wants_page { pages::problem(&error, &id) } else { problem(&error, &id) };
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        return response;
    }
    let mut response = tag(response, known.as_ref()).await;
    if api {
        // Lists are JSON or CSV.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
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
    let streams = has_kind(&response, b"text/event-stream") || has_kind(&response, b"text/csv");
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
    let has = cache::matches(known, parts.headers.get(header::ETAG));
    if has {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
