//! For whoever runs the server.
use crate::app::{App, MAX_STREAMS};
use crate::live::{Freshness, Head};
use crate::store::network::{Alarms, alarms};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use explorer_client::Readiness;
use std::fmt::Write;
use std::sync::atomic::Ordering;

/// More than a minute behind, the pages are history rather than news.
const MAX_LAG_SLOTS: i64 = 150;

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, body = String)))]
pub async fn live() -> &'static str {
    "ok\n"
}

/// Ready when the index follows the chain. Holes in the event sequence do not make it unready, because another copy
/// of it would have them too: they are named here and on every page.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(State(app): State<App>) -> Response {
    let none = Alarms { sequence_holes: 0, sequence_repeats: 0, dead_letters: 0 };
    let (alarms, mut reasons) = match (Head::read(&app.pool).await, alarms(&app.pool).await) {
        (Ok(head), Ok(alarms)) => (alarms, waiting_for(&head)),
        _ => (none, vec!["the database does not answer, or nothing was indexed yet".to_owned()]),
    };
    let ready = reasons.is_empty();
    for (count, what) in [
        (alarms.sequence_holes, "holes in the event sequence"),
        (alarms.sequence_repeats, "repeated events"),
        (alarms.dead_letters, "unreadable events"),
    ] {
        if count > 0 {
            reasons.push(format!("{count} {what}"));
        }
    }
    let Alarms { sequence_holes, sequence_repeats, dead_letters } = alarms;
    let degraded = sequence_holes + sequence_repeats + dead_letters > 0;
    let body = Readiness { ready, degraded, reasons, sequence_holes, sequence_repeats, dead_letters };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn waiting_for(head: &Head) -> Vec<String> {
    let mut reasons = Vec::new();
    if head.indexed_slot.is_none() {
        reasons.push("nothing is indexed yet".to_owned());
    }
    if let Some(lag) = head.lag_slots().filter(|lag| *lag > MAX_LAG_SLOTS) {
        reasons.push(format!("the index is {lag} slots behind, more than {MAX_LAG_SLOTS}"));
    }
    if head.freshness() == Freshness::Stalled {
        let reason = head.stall_reason.clone().unwrap_or("it has not seen the chain for a while".to_owned());
        reasons.push(format!("the indexer is stalled: {reason}"));
    }
    reasons
}

/// For Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<App>) -> Response {
    let head = app.head.borrow().clone();
    let alarms = alarms(&app.pool).await.ok();
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: Option<i64>| {
        // What is not known is left out: a zero would be a lie.
        if let Some(value) = value {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    };
    metric("explorer_indexed_slot", "gauge", "Everything up to this slot is indexed.", head.indexed_slot);
    metric("explorer_finalized_slot", "gauge", "Newest finalized slot seen.", head.finalized_slot);
    metric("explorer_tip_slot", "gauge", "Newest confirmed slot seen.", head.tip_slot);
    metric("explorer_lag_slots", "gauge", "Slots between the tip and the index.", head.lag_slots());
    metric("explorer_indexer_silent_seconds", "gauge", "Since the indexer last saw the chain.", head.silent_s);
    metric(
        "explorer_stalled",
        "gauge",
        "1 while the index does not follow.",
        Some(i64::from(head.freshness() != Freshness::Live)),
    );
    metric("explorer_newest_event_id", "gauge", "Id of the newest event.", Some(head.newest_event));
    metric("explorer_sequence_holes", "gauge", "Places where events are missing.", alarms.map(|a| a.sequence_holes));
    metric("explorer_sequence_repeats", "gauge", "Events that were doubled.", alarms.map(|a| a.sequence_repeats));
    metric("explorer_dead_letters", "gauge", "Events that could not be read.", alarms.map(|a| a.dead_letters));
    let streams = MAX_STREAMS - app.streams.available_permits();
    metric("explorer_event_streams", "gauge", "Open event streams.", i64::try_from(streams).ok());
    let counters = [
        ("ok", &app.requests.ok),
        ("client_error", &app.requests.client_errors),
        ("server_error", &app.requests.server_errors),
    ];
    text.push_str("# HELP explorer_requests_total Answers given.\n# TYPE explorer_requests_total counter\n");
    for (class, counter) in counters {
        let _ = writeln!(text, "explorer_requests_total{{class=\"{class}\"}} {}", counter.load(Ordering::Relaxed));
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}
