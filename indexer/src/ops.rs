//! For whoever runs the indexer: `/livez`, `/readyz` and `/metrics` over HTTP.
use crate::condition::Condition;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The chain is asked several times a second; after so many seconds without it the indexer is not running.
const LONGEST_SILENCE_S: i64 = 20;
const ACQUIRE_LIMIT: Duration = Duration::from_secs(3);
/// Seconds; from a local answer to a node that is about to be given up.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Where to listen and what counts as well.
#[derive(Clone)]
pub struct OpsSettings {
    /// Port 0 takes a free one; see [`Ops::local_addr`].
    pub bind: SocketAddr,
    /// The database that is written to.
    pub database_url: String,
    /// Not ready when further behind the tip than this many slots.
    pub max_lag_slots: i64,
}

/// Why it cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the database address is not usable")]
    DatabaseUrl(#[source] sqlx::Error),
    #[error("metrics cannot be collected")]
    Metrics(#[from] BuildError),
    #[error("serving failed")]
    Serve(#[source] std::io::Error),
}

/// A server that has its port and does not answer yet.
pub struct Ops {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
}

#[derive(Clone)]
struct App {
    pool: PgPool,
    max_lag_slots: i64,
    recorder: PrometheusHandle,
}

impl Ops {
    /// Takes the port and begins to collect. The database need not be up yet.
    ///
    /// # Errors
    /// The port is taken, or the database address cannot be parsed.
    pub async fn bind(settings: &OpsSettings) -> Result<Self, OpsError> {
        let recorder = recorder()?;
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_LIMIT);
        let pool = pool.connect_lazy(&settings.database_url).map_err(OpsError::DatabaseUrl)?;
        let listen = |source| OpsError::Listen { address: settings.bind, source };
        let listener = TcpListener::bind(settings.bind).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self { listener, address, app: App { pool, max_lag_slots: settings.max_lag_slots, recorder } })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` becomes true or its sender is gone.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) -> Result<(), OpsError> {
        let router = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self.app);
        axum::serve(self.listener, router)
            .with_graceful_shutdown(async move {
                let _ = shutdown.wait_for(|stop| *stop).await;
            })
            .await
            .map_err(OpsError::Serve)
    }
}

/// One for the process: the places that count know nothing of who asks.
fn recorder() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<Arc<PrometheusHandle>> = OnceLock::new();
    if let Some(handle) = RECORDER.get() {
        return Ok(PrometheusHandle::clone(handle));
    }
    let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    describe_gauge!("indexer_indexed_slot", "Everything up to this slot is indexed");
    describe_gauge!("indexer_finalized_slot", "Newest indexed slot that was compared with the finalized chain");
    describe_gauge!("indexer_tip_slot", "Newest slot that the node named");
    describe_gauge!("indexer_lag_slots", "Slots between the tip and the index");
    describe_gauge!("indexer_lag_seconds", "Age of the newest indexed block");
    describe_gauge!("indexer_silent_seconds", "Since the indexer last saw the chain");
    describe_gauge!("indexer_stalled", "1 while something keeps the frontier from moving");
    describe_gauge!("indexer_sequence_holes", "Places where events are missing");
    describe_gauge!("indexer_sequence_repeats", "Events that were doubled");
    describe_gauge!("indexer_dead_letters", "Events that could not be read");
    describe_gauge!("indexer_orphaned_blocks", "Indexed blocks that the chain left");
    describe_gauge!("indexer_reverted_events", "Indexed events that were taken back");
    describe_counter!("indexer_events_total", "Events committed");
    describe_counter!("indexer_blocks_total", "Blocks committed");
    describe_counter!("indexer_stalls_total", "Rounds that ended in an error");
    describe_counter!("indexer_shard_checks_total", "Comparisons of the shards' accounts with the index");
    describe_histogram!("indexer_fetch_seconds", "Time to fetch and reduce a block");
    describe_histogram!("indexer_commit_seconds", "Time of a batch's SQL transaction");
    Ok(PrometheusHandle::clone(RECORDER.get_or_init(|| Arc::new(handle))))
}

#[derive(serde::Serialize)]
struct Readiness {
    ready: bool,
    /// What stands in the way.
    reasons: Vec<String>,
    /// Incomplete without standing in the way.
    warnings: Vec<String>,
}

async fn ready(State(app): State<App>) -> Response {
    let (mut reasons, mut warnings) = (Vec::new(), Vec::new());
    match Condition::read(&app.pool).await {
        Ok(condition) => condition.judge(app.max_lag_slots, &mut reasons, &mut warnings),
        Err(error) => {
            tracing::warn!(%error, "readiness cannot be told");
            reasons.push("the database does not answer, or its schema is older than this program".to_owned());
        }
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Readiness { ready: reasons.is_empty(), reasons, warnings };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

impl Condition {
    fn judge(&self, max_lag_slots: i64, reasons: &mut Vec<String>, warnings: &mut Vec<String>) {
        match self.lag_slots() {
            None => reasons.push("nothing is indexed yet".to_owned()),
            Some(lag) if lag > max_lag_slots => {
                reasons.push(format!("the index is {lag} slots behind, more than {max_lag_slots}"));
            }
            Some(_) => {}
        }
        if let Some(reason) = &self.stall_reason {
            reasons.push(format!("stalled: {reason}"));
        }
        if self.silent_s.is_none_or(|s| s > LONGEST_SILENCE_S) {
            reasons.push("the chain was not seen for a while".to_owned());
        }
        if self.holes > 0 {
            reasons.push(format!("{} holes in the event sequence", self.holes));
        }
        for (count, what) in [(self.repeats, "repeated events"), (self.dead_letters, "unreadable events")] {
            if count > 0 {
                warnings.push(format!("{count} {what}"));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers; slots are far below 2^53")]
async fn metrics(State(app): State<App>) -> Response {
    // Without a database the last values would be a lie: nothing is answered then, and Prometheus says so.
    let condition = match Condition::read(&app.pool).await {
        Ok(condition) => condition,
        Err(error) => {
            tracing::warn!(%error, "metrics cannot be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
        }
    };
    let known = [
        ("indexer_indexed_slot", condition.indexed_slot),
        ("indexer_finalized_slot", condition.finalized_slot),
        ("indexer_tip_slot", condition.tip_slot),
        ("indexer_lag_slots", condition.lag_slots()),
        ("indexer_lag_seconds", condition.lag_s),
        ("indexer_silent_seconds", condition.silent_s),
        ("indexer_stalled", Some(i64::from(condition.stall_reason.is_some()))),
        ("indexer_sequence_holes", Some(condition.holes)),
        ("indexer_sequence_repeats", Some(condition.repeats)),
        ("indexer_dead_letters", Some(condition.dead_letters)),
        ("indexer_orphaned_blocks", Some(condition.orphaned_blocks)),
        ("indexer_reverted_events", Some(condition.reverted_events)),
    ];
    for (name, value) in known {
        // What is not known is left out: a zero would be a lie.
        if let Some(value) = value {
            gauge!(name).set(value as f64);
        }
    }
    app.recorder.run_upkeep();
    let text = app.recorder.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}
