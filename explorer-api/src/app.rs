use crate::cache::Cache;
use crate::handlers::health::Kept;
use crate::limits::{FORGET, Limiter, Limits, Shares};
use crate::live::{self, Head};
use crate::news::News;
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;

/// Event streams served at once; each holds a socket.
pub const MAX_STREAMS: usize = 1_000;

/// Exports written at once; each keeps a connection to the database busy most of the time.
pub const MAX_EXPORTS: usize = 4;

/// What handlers share.
#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    /// The newest that the database holds.
    pub head: watch::Receiver<Head>,
    /// The newest rows, for event streams.
    pub news: watch::Receiver<News>,
    /// Held by the event stream that reads where to begin: a crowd that comes back asks one after the other.
    pub opening: Arc<Mutex<()>>,
    pub max_lag_slots: i64,
    pub shutdown: watch::Receiver<bool>,
    pub streams: Arc<Semaphore>,
    pub exports: Arc<Semaphore>,
    pub limits: Arc<Limits>,
    pub limiter: Arc<Limiter>,
    /// Event streams of each client.
    pub client_streams: Shares,
    /// Exports of each client.
    pub client_exports: Shares,
    pub cache: Arc<Cache>,
    pub health: Arc<Kept>,
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
        let (head_sender, head) = watch::channel(Head::default());
        let (news_sender, news) = watch::channel(News::default());
        let limiter = Arc::new(Limiter::new(&limits));
        let follow = live::follow(pool.clone(), notifications, head_sender, news_sender);
        let following = tokio::spawn(run(follow, limiter.clone()));
        let app = Self {
            pool,
            head,
            news,
            opening: Arc::default(),
            max_lag_slots,
            shutdown,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            limits: Arc::new(limits),
            limiter,
            client_streams: Shares::default(),
            client_exports: Shares::default(),
            cache: Arc::default(),
            health: Arc::default(),
            requests: Arc::default(),
        };
        (app, following)
    }
}

/// What goes on beside the requests, for ever.
async fn run(follow: impl Future<Output = ()>, limiter: Arc<Limiter>) {
    let forget = async {
        loop {
            tokio::time::sleep(FORGET).await;
            limiter.forget();
        }
    };
    tokio::join!(follow, forget);
}
