//! For whoever runs the server.
use crate::app::{App, MAX_STREAMS};
use crate::live::{Freshness, Head};
use crate::store::network::{Alarms, alarms};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use explorer_client::Readiness;
use sqlx::PgPool;
use std::fmt::Write;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A replica further behind than this shows history rather than news.
const MAX_REPLICA_LAG_S: i64 = 20;

/// The database is asked how it is this often at most, however many ask the server.
const KEPT: Duration = Duration::from_secs(1);

/// The newest migration that the queries here need.
static NEEDED: LazyLock<i64> = LazyLock::new(|| {
    let migrations = sqlx::migrate!("../migrations");
    migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
});

async fn schema_version(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success").fetch_one(pool).await
}

/// How the database was when it was last asked.
#[derive(Clone)]
struct Condition {
    head: Head,
    alarms: Alarms,
    schema: i64,
}

/// The last condition, none where the database did not answer. Locked by whoever asks; the others wait for that answer.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Instant, Option<Condition>)>>);

impl Kept {
    async fn condition(&self, pool: &PgPool) -> Option<Condition> {
        let mut kept = self.0.lock().await;
        if let Some((asked, condition)) = &*kept
            && asked.elapsed() < KEPT
        {
            return condition.clone();
        }
        let read = tokio::try_join!(Head::read(pool), alarms(pool), schema_version(pool));
        let condition = read.ok().map(|(head, alarms, schema)| Condition { head, alarms, schema });
        *kept = Some((Instant::now(), condition.clone()));
        condition
    }
}

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, body = String)))]
pub async fn live() -> &'static str {
    "ok\n"
}

/// Ready when the index follows the chain, has all its migrations, and misses nothing: with a hole in the event sequence
/// the sums on the pages are wrong. Doubled and unreadable events are named and leave it ready.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(State(app): State<App>) -> Response {
    let none = Alarms { sequence_holes: 0, sequence_repeats: 0, dead_letters: 0 };
    let (alarms, mut reasons) = match app.health.condition(&app.pool).await {
        Some(now) => (now.alarms, waiting_for(&now.head, app.max_lag_slots, now.schema)),
        None => (none, vec!["the database does not answer, or migrations are missing".to_owned()]),
    };
    if alarms.sequence_holes > 0 {
        reasons.push(format!("{} holes in the event sequence", alarms.sequence_holes));
    }
    let ready = reasons.is_empty();
    for (count, what) in [(alarms.sequence_repeats, "repeated events"), (alarms.dead_letters, "unreadable events")] {
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

fn waiting_for(head: &Head, max_lag_slots: i64, version: i64) -> Vec<String> {
    let mut reasons = Vec::new();
    if version < *NEEDED {
        reasons.push(format!("the schema is at migration {version}, {} is needed", *NEEDED));
    }
    if let Some(lag) = head.replica_lag_s.filter(|lag| *lag > MAX_REPLICA_LAG_S) {
        reasons.push(format!("the replica is {lag} s behind, more than {MAX_REPLICA_LAG_S}"));
    }
    if head.indexed_slot.is_none() {
        reasons.push("nothing is indexed yet".to_owned());
    }
    if let Some(lag) = head.lag_slots().filter(|lag| *lag > max_lag_slots) {
        reasons.push(format!("the index is {lag} slots behind, more than {max_lag_slots}"));
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
    let alarms = app.health.condition(&app.pool).await.map(|now| now.alarms);
    let reads = app.news.borrow().reads;
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
    metric("explorer_replica_lag_seconds", "gauge", "How far the replica that is read is behind.", head.replica_lag_s);
    metric("explorer_newest_event_id", "gauge", "Id of the newest event.", Some(head.newest_event));
    metric("explorer_sequence_holes", "gauge", "Places where events are missing.", alarms.map(|a| a.sequence_holes));
    metric("explorer_sequence_repeats", "gauge", "Events that were doubled.", alarms.map(|a| a.sequence_repeats));
    metric("explorer_dead_letters", "gauge", "Events that could not be read.", alarms.map(|a| a.dead_letters));
    let streams = MAX_STREAMS - app.streams.available_permits();
    metric("explorer_event_streams", "gauge", "Open event streams.", i64::try_from(streams).ok());
    let help = "Queries for new rows, which all event streams share.";
    metric("explorer_event_reads_total", "counter", help, i64::try_from(reads).ok());
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
