//! Answers that everybody asks for, kept until something new happened, a second at most.
use crate::app::App;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(1);
const MAX_BODY: usize = 8 << 20;

/// Addresses that are the same for everybody.
const PATHS: [&str; 6] = ["/", "/token", "/market", "/v1/network", "/v1/market", "/v1/tokens/io"];

#[derive(Clone)]
struct Kept {
    made: Instant,
    /// The newest event then.
    event: i64,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Default)]
struct Slot {
    kept: RwLock<Option<Arc<Kept>>>,
    /// Held by whoever asks the database; the others wait for that one answer.
    making: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub struct Cache([Slot; PATHS.len()]);

impl Slot {
    fn fresh(&self, event: i64) -> Option<Arc<Kept>> {
        let kept = self.kept.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.clone().filter(|kept| kept.event == event && kept.made.elapsed() < LONGEST)
    }
}

impl Kept {
    fn answer(&self, known: Option<&HeaderValue>) -> Response {
        let mut headers = self.headers.clone();
        if matches(known, headers.get(ETAG)) {
            headers.remove(CONTENT_TYPE);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.body.clone()).into_response()
    }
}

/// Whether a client has what is tagged so.
pub fn matches(known: Option<&HeaderValue>, tag: Option<&HeaderValue>) -> bool {
    let (Some(known), Some(tag)) = (known.and_then(|known| known.to_str().ok()), tag) else { return false };
    known.split(',').any(|one| one.trim().as_bytes() == tag.as_bytes())
}

pub async fn keep(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let place = PATHS.iter().position(|path| *path == request.uri().path());
    let plain = request.method() == Method::GET && request.uri().query().is_none();
    let Some(slot) = place.filter(|_| plain).map(|place| &app.cache.0[place]) else { return next.run(request).await };
    let event = app.head.borrow().newest_event;
    let known = request.headers_mut().remove(IF_NONE_MATCH);
    if let Some(kept) = slot.fresh(event) {
        return kept.answer(known.as_ref());
    }
    let _making = slot.making.lock().await;
    if let Some(kept) = slot.fresh(event) {
        return kept.answer(known.as_ref());
    }
    let made = Instant::now();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.remove(CONTENT_LENGTH);
    let kept = Arc::new(Kept { made, event, headers: parts.headers, body });
    *slot.kept.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(kept.clone());
    kept.answer(known.as_ref())
}
