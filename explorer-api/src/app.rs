use crate::cache::Cache;
use crate::limits::{FORGET, Limiter, Limits, Streams};
use crate::live::{self, Head};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Event streams served at once; each holds a socket and, while it catches up, a connection to the database.
pub const MAX_STREAMS: usize = 1_000;

/// Exports written at once; each keeps a connection to the database busy most of the time.
pub const MAX_EXPORTS: usize = 4;

/// What handlers share.
#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    /// The newest that the database holds.
    pub head: watch::Receiver<Head>,
    pub max_lag_slots: i64,
    pub shutdown: watch::Receiver<bool>,
    pub streams: Arc<Semaphore>,
    pub exports: Arc<Semaphore>,
    pub limits: Arc<Limits>,
    pub limiter: Arc<Limiter>,
    /// Event streams of each client.
    pub client_streams: Streams,
    pub cache: Arc<Cache>,
    pub requests: Arc<Requests>,
}

/// Answers given, by class of status.
#[derive(Debug, Default)]
pub struct Requests {
    pub ok: AtomicU64,
    pub client_errors: AtomicU64,
    pub server_errors: AtomicU64,
}

impl App {
    /// Also starts to follow the database.
    pub fn start(
        pool: PgPool,
        notifications: PgPool,
        max_lag_slots: i64,
        limits: Limits,
        shutdown: watch::Receiver<bool>,
    ) -> (Self, JoinHandle<()>) {
        let (sender, head) = watch::channel(Head::default());
        let limiter = Arc::new(Limiter::new(&limits));
        let following = tokio::spawn(run(pool.clone(), notifications, sender, limiter.clone()));
        let app = Self {
            pool,
            head,
            max_lag_slots,
            shutdown,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            limits: Arc::new(limits),
            limiter,
            client_streams: Streams::default(),
            cache: Arc::default(),
            requests: Arc::default(),
        };
        (app, following)
    }
}

/// What goes on beside the requests, for ever.
async fn run(pool: PgPool, notifications: PgPool, head: watch::Sender<Head>, limiter: Arc<Limiter>) {
    let forget = async {
        loop {
            tokio::time::sleep(FORGET).await;
            limiter.forget();
        }
    };
    tokio::join!(live::follow(pool, notifications, head), forget);
}
