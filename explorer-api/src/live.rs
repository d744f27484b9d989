//! Follows the database's head, for event streams and health.
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::watch;

/// The channel that the indexer notifies.
const CHANNEL: &str = "io_events";
/// The head is read again this often without a notification: shows that time passes, and a notification may be lost.
const REFRESH: Duration = Duration::from_secs(2);

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
                    s.stall_reason
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

/// Keeps `head` up to date for ever, whatever happens to the database.
pub async fn follow(pool: PgPool, head: watch::Sender<Head>) {
    let mut listener = None;
    loop {
        match Head::read(&pool).await {
            Ok(now) => {
                head.send_replace(now);
            }
            Err(error) => {
                tracing::debug!(%error, "the database's head is not readable");
                head.send_modify(|head| head.reachable = false);
            }
        }
        if listener.is_none() {
            listener = listen(&pool).await;
        }
        match &mut listener {
            Some(connection) => {
                let heard = tokio::time::timeout(REFRESH, connection.recv()).await;
                if let Ok(Err(error)) = heard {
                    tracing::warn!(%error, "notifications are interrupted");
                    listener = None;
                }
            }
            None => tokio::time::sleep(REFRESH).await,
        }
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}
