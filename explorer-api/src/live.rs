//! Follows the database's head, for event streams and health.
use crate::news::{self, News};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The channel that the indexer notifies.
const CHANNEL: &str = "io_events";
/// The head is read again this often without a notification: shows that time passes, and a notification may be lost.
const REFRESH: Duration = Duration::from_secs(2);
/// A replica that was told of something new gets it within milliseconds.
const REPLICA_POLL: Duration = Duration::from_millis(20);

/// How far the database is.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Head {
    pub newest_event: i64,
    pub indexed_slot: Option<i64>,
    pub finalized_slot: Option<i64>,
    pub tip_slot: Option<i64>,
    /// Seconds since the indexer last saw the chain.
    pub silent_s: Option<i64>,
    pub stall_reason: Option<String>,
    /// Seconds since the last change that a replica has; none where the database itself is read.
    pub replica_lag_s: Option<i64>,
    /// False until the first read, and when the last one failed.
    #[sqlx(skip)]
    pub reachable: bool,
}

/// Whether what is shown is what the chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Live,
    /// The indexer waits for something, or says nothing.
    Stalled,
    Unreachable,
}

impl Head {
    /// The indexer asks the chain several times a second; much longer than this it is not running.
    pub const LONGEST_SILENCE_S: i64 = 20;

    pub fn freshness(&self) -> Freshness {
        let silent = self.silent_s.is_none_or(|s| s > Self::LONGEST_SILENCE_S);
        match (self.reachable, silent || self.stall_reason.is_some()) {
            (false, _) => Freshness::Unreachable,
            (true, true) => Freshness::Stalled,
            (true, false) => Freshness::Live,
        }
    }

    pub fn lag_slots(&self) -> Option<i64> {
        Some((self.tip_slot? - self.indexed_slot?).max(0))
    }

    pub async fn read(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let head: Self = sqlx::query_as(
            "SELECT greatest((SELECT max(id) FROM events), (SELECT max(id) FROM reverted_events), 0) AS newest_event, c.slot AS indexed_slot,
                    c.finalized_slot, s.tip_slot, extract(epoch FROM now() - s.seen_at)::bigint AS silent_s,
                    s.stall_reason,
                    CASE WHEN pg_is_in_recovery()
                         THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::bigint END AS replica_lag_s
             FROM (SELECT 1) AS always LEFT JOIN checkpoint c ON TRUE LEFT JOIN indexer_status s ON TRUE",
        )
        .fetch_one(pool)
        .await?;
        Ok(Self { reachable: true, ..head })
    }
}

impl Freshness {
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stalled => "stalled",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Keeps `head` and `news` up to date for ever, whatever happens to the database. `pool` is what is read, `notifications`
/// where commits are told: the same, unless a replica is read.
pub async fn follow(pool: PgPool, notifications: PgPool, head: watch::Sender<Head>, news: watch::Sender<News>) {
    let mut listener = None;
    // The newest event that was told of, and until when it is waited for.
    let mut told: Option<(i64, Instant)> = None;
    loop {
        match read(&pool, &head, &news).await {
            Ok(now) => {
                told = told.filter(|(newest, until)| now < *newest && Instant::now() < *until);
            }
            Err(error) => {
                tracing::debug!(%error, "the database's head is not readable");
                head.send_modify(|head| head.reachable = false);
                told = None;
            }
        }
        if told.is_some() {
            // The replica does not have it yet.
            tokio::time::sleep(REPLICA_POLL).await;
            continue;
        }
        if listener.is_none() {
            listener = listen(&notifications).await;
        }
        match &mut listener {
            Some(connection) => match tokio::time::timeout(REFRESH, connection.recv()).await {
                Ok(Ok(heard)) => told = heard.payload().parse().ok().map(|newest| (newest, Instant::now() + REFRESH)),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "notifications are interrupted");
                    listener = None;
                }
                Err(_) => {}
            },
            None => tokio::time::sleep(REFRESH).await,
        }
    }
}

/// Reads the head, and once for all streams the rows that it adds. Returns its newest event.
async fn read(pool: &PgPool, head: &watch::Sender<Head>, news: &watch::Sender<News>) -> Result<i64, sqlx::Error> {
    let now = Head::read(pool).await?;
    let (newest, known) = (now.newest_event, news.borrow().newest);
    let rows = if newest == known { None } else { Some(news::read(pool, known, &now).await?) };
    // First the head: whoever was told of an event must not be given an answer kept from before it.
    head.send_replace(now);
    if let Some(rows) = rows {
        news.send_modify(|news| news.add(newest, rows.into_iter().map(news::Row::from)));
    }
    Ok(newest)
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}
