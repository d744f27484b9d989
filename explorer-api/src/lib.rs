//! Postgres to REST, live events and pages. Reads only; nothing it answers gives anybody a right to anything.
mod app;
mod assets;
mod cache;
mod csv;
mod error;
mod extract;
mod handlers;
mod limits;
mod list;
mod live;
mod news;
mod outcome;
mod pages;
mod phase;
mod respond;
mod router;
mod serve;
mod store;

pub use limits::Limits;
pub use router::openapi;

use app::App;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Requests wait this long for a connection to the database.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(3);
/// Few: a query takes about a millisecond, and Postgres is busiest when many run at once.
const CONNECTIONS: u32 = 8;
/// A connection that was idle for longer may be dead.
const IDLE: Duration = Duration::from_secs(1);
/// No answer is worth more of the database's time.
const QUERY_LIMIT: &str = "8s";
/// Prepared statements of a connection: lists have one for each set of filters.
const STATEMENTS: usize = 400;

/// Where to listen and what to read.
#[derive(Clone)]
pub struct Settings {
    /// Port 0 takes a free one; see [`Server::local_addr`].
    pub bind: SocketAddr,
    /// Any connection string that Postgres clients take; an account that may only read is enough.
    pub database_url: String,
    /// A replica that everything is read from; the database itself then only tells when there is something new.
    pub database_read_url: Option<String>,
    /// Not ready when further behind the tip than this many slots.
    pub max_lag_slots: i64,
    pub limits: Limits,
}

impl Settings {
    /// A minute at the chain's usual pace: further behind, the pages are history rather than news.
    pub const MAX_LAG_SLOTS: i64 = 150;

    pub fn new(bind: SocketAddr, database_url: String) -> Self {
        let (max_lag_slots, limits) = (Self::MAX_LAG_SLOTS, Limits::default());
        Self { bind, database_url, database_read_url: None, max_lag_slots, limits }
    }
}

/// The connection string may hold a password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("bind", &self.bind).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Why the server could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the database address is not usable")]
    DatabaseUrl(#[source] sqlx::Error),
}

/// A server that has its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    pool: sqlx::PgPool,
    notifications: sqlx::PgPool,
    max_lag_slots: i64,
    limits: Limits,
}

impl Server {
    /// Takes the port. The database need not be up yet: until it is, answers are `503`.
    ///
    /// # Errors
    /// The port is taken, or the database address cannot be parsed.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        let connect = |url: &str, connections| {
            let options: PgConnectOptions = url.parse().map_err(ServerError::DatabaseUrl)?;
            let options = options
                .statement_cache_capacity(STATEMENTS)
                .options([("statement_timeout", QUERY_LIMIT), ("jit", "off")]);
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_LIMIT)
                // A round trip for every request would cost as much as most queries: only what was idle is tried first.
                .test_before_acquire(false)
                .before_acquire(|connection, meta| {
                    Box::pin(async move { Ok(meta.idle_for < IDLE || connection.ping().await.is_ok()) })
                })
                .connect_lazy_with(options);
            Ok::<_, ServerError>(pool)
        };
        let pool = connect(settings.database_read_url.as_ref().unwrap_or(&settings.database_url), CONNECTIONS)?;
        // A replica cannot be listened to.
        let notifications = match settings.database_read_url {
            Some(_) => connect(&settings.database_url, 1)?,
            None => pool.clone(),
        };
        let listen = |source| ServerError::Listen { address: settings.bind, source };
        let listener = TcpListener::bind(settings.bind).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let Settings { max_lag_slots, limits, .. } = settings;
        Ok(Self { listener, address, pool, notifications, max_lag_slots, limits })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` becomes true or its sender is gone; requests in flight are finished, event streams ended.
    ///
    /// # Errors
    /// None so far: what fails in a connection ends that one only.
    pub async fn run(self, shutdown: watch::Receiver<bool>) -> Result<(), ServerError> {
        let Self { pool, notifications, max_lag_slots, limits, .. } = &self;
        let (app, following) =
            App::start(pool.clone(), notifications.clone(), *max_lag_slots, limits.clone(), shutdown.clone());
        let (router, behind_proxy) = (router::router(app), limits.trusted_proxies > 0);
        tracing::info!(address = %self.address, "explorer is up");
        serve::serve(self.listener, router, behind_proxy, shutdown).await;
        following.abort();
        self.pool.close().await;
        self.notifications.close().await;
        Ok(())
    }
}
