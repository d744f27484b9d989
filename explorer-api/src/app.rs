use crate::live::{self, Head};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Event streams served at once; each holds a socket and, while it catches up, a connection to the database.
pub const MAX_STREAMS: usize = 1_000;

/// What handlers share.
#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    /// The newest that the database holds.
    pub head: watch::Receiver<Head>,
    pub max_lag_slots: i64,
    pub shutdown: watch::Receiver<bool>,
    pub streams: Arc<Semaphore>,
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
        shutdown: watch::Receiver<bool>,
    ) -> (Self, JoinHandle<()>) {
        let (sender, head) = watch::channel(Head::default());
        let following = tokio::spawn(live::follow(pool.clone(), notifications, sender));
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        (Self { pool, head, max_lag_slots, shutdown, streams, requests: Arc::default() }, following)
    }
}
