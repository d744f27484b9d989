//! News by websocket: the pause at the tip ends when transactions have landed; without news it is polled as ever.
mod support;

use indexer::{BATCH_BLOCKS, Finality, Settings, run};
use recorded::{Chain, Server};
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::Database;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where the recording begins.
const FIRST_SLOT: u64 = 440_208_001;
/// So long that nobody waits for it here.
const NEVER: Duration = Duration::from_secs(3_600);

fn recording() -> Arc<Chain> {
    Arc::new(Chain::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/world.blocks.zst")).unwrap())
}

struct Running {
    _stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    index: PgConnection,
}

impl Running {
    async fn start(database: &Database, server: &Server, ws_url: Option<String>, poll_interval: Duration) -> Self {
        let settings = Settings {
            rpc_url: server.url(),
            ws_url,
            database_url: database.url().to_owned(),
            poll_interval,
            start_slot: Some(FIRST_SLOT),
            commitment: Finality::Confirmed,
            batch_blocks: BATCH_BLOCKS,
        };
        let index = PgConnection::connect(database.url()).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move { run(settings, stopped).await.unwrap() });
        Running { _stop: stop, task, index }
    }

    /// Waits until the index is there.
    async fn reached(&mut self, slot: u64) {
        let start = Instant::now();
        let query = "SELECT slot FROM checkpoint";
        loop {
            // The table is new as well.
            let at: Option<i64> = sqlx::query_scalar(query).fetch_optional(&mut self.index).await.unwrap_or(None);
            if at.is_some_and(|at| at.unsigned_abs() >= slot) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "it is at {at:?} and not at {slot}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn news_end_the_pause_at_the_tip_and_a_lost_connection_is_made_again() {
    let (database, chain) = (Database::start(), recording());
    let slots: Vec<u64> = chain.slots().collect();
    chain.set_tip(slots[4], slots[0]);
    let server = Server::start(Arc::clone(&chain)).await.unwrap();
    let mut running = Running::start(&database, &server, Some(server.ws_url()), NEVER).await;
    running.reached(slots[4]).await;
    for at in 5..20 {
        chain.set_tip(slots[at], slots[0]);
        running.reached(slots[at]).await;
    }
    // All blocks of this recording have transactions of ours, or they would not be waited for.
    server.hang_up();
    chain.set_tip(slots[25], slots[0]);
    running.reached(slots[25]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_websocket_it_is_polled() {
    let (database, chain) = (Database::start(), recording());
    let slots: Vec<u64> = chain.slots().collect();
    chain.set_tip(slots[4], slots[0]);
    let server = Server::start(Arc::clone(&chain)).await.unwrap();
    for nowhere in ["ws://127.0.0.1:9", "wss://127.0.0.1:9", "not an address"] {
        let poll = Duration::from_millis(50);
        let mut running = Running::start(&database, &server, Some(nowhere.into()), poll).await;
        running.reached(slots[4]).await;
        chain.set_tip(slots[30], slots[0]);
        running.reached(slots[30]).await;
    }
}
