mod support;

use indexer::{Finality, Frontier, Ops, OpsSettings, Request, Round, RpcSource, Store, reindex};
use recorded::{Chain, Server};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::sync::Arc;
use support::Database;
use support::indexed::{derived, open, text, to_tip};
use support::story::{Story, key};
use tokio::sync::watch;

struct Served {
    url: String,
    _stop: watch::Sender<bool>,
}

impl Served {
    async fn start(database: &Database) -> Self {
        let settings = OpsSettings {
            bind: "127.0.0.1:0".parse().unwrap(),
            database_url: database.url().to_owned(),
            max_lag_slots: 100,
        };
        let ops = Ops::bind(&settings).await.unwrap();
        let url = format!("http://{}", ops.local_addr());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(ops.run(stopped));
        Self { url, _stop: stop }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn ready(&self) -> (u16, String, String) {
        let (status, body) = self.get("/readyz").await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["ready"], status == 200);
        (status, body["reasons"].to_string(), body["warnings"].to_string())
    }
}

async fn execute(database: &Database, sql: &'static str) {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn readiness_names_everything_that_stands_in_the_way() {
    let database = Database::start();
    let served = Served::start(&database).await;
    assert_eq!(served.get("/livez").await, (200, "ok\n".into()));
    let (status, reasons, _) = served.ready().await;
    assert!(status == 503 && reasons.contains("schema is older"), "{reasons}");
    assert_eq!(served.get("/metrics").await.0, 503, "old values would be a lie");

    let mut story = Story::every_ending();
    let mut frontier = open(&story.chain, &database).await;
    let (status, reasons, _) = served.ready().await;
    assert!(status == 503 && reasons.contains("nothing is indexed yet"), "{reasons}");
    to_tip(&mut frontier).await;
    assert_eq!(served.ready().await, (200, "[]".into(), "[]".into()));

    execute(&database, "UPDATE indexer_status SET tip_slot = tip_slot + 101").await;
    assert!(served.ready().await.1.contains("101 slots behind, more than 100"));
    execute(&database, "UPDATE indexer_status SET tip_slot = tip_slot - 101, seen_at = now() - interval '1 minute'")
        .await;
    assert!(served.ready().await.1.contains("not seen for a while"));
    story.chain.add(story.slot + 1, 5, vec![]);
    story.chain.fail_block(story.slot + 1, 1);
    frontier.round().await.unwrap_err();
    assert!(served.ready().await.1.contains("stalled: chain: getBlock"));
    to_tip(&mut frontier).await;
    assert_eq!(served.ready().await.0, 200);

    story.slot += 1;
    story.stamp(indexer::Program::Credits, 200 % credits::constants::SHARDS);
    story.stamp(indexer::Program::Jobs, credits::constants::shard_of(&key(1_009)));
    story.post(key(1), 10);
    to_tip(&mut frontier).await;
    let (status, reasons, _) = served.ready().await;
    assert!(status == 503 && reasons.contains("1 holes in the event sequence"), "{reasons}");
    execute(&database, "UPDATE sequence_faults SET healed_at = now()").await;
    execute(
        &database,
        "INSERT INTO dead_letters (slot, signature, instruction_index, inner_index, program, reason, data, decoder_version)
         SELECT 1, signature, 99, 0, 'jobs', 'unknown', '', 1 FROM events LIMIT 1",
    )
    .await;
    assert_eq!(served.ready().await, (200, "[]".into(), "[\"1 unreadable events\"]".into()));
}

#[tokio::test]
async fn metrics_say_what_the_database_says_and_count_what_was_done() {
    let database = Database::start();
    let served = Served::start(&database).await;
    let story = Story::every_ending();
    story.chain.finalize(10);
    to_tip(&mut open(&story.chain, &database).await).await;
    let (status, text) = served.get("/metrics").await;
    assert_eq!(status, 200);
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert_eq!(value("indexer_indexed_slot"), story.slot as f64);
    assert_eq!(value("indexer_tip_slot"), story.slot as f64);
    assert_eq!(value("indexer_lag_slots"), 0.0);
    assert_eq!(value("indexer_sequence_holes"), 0.0);
    // Other tests of this process may count too.
    assert!(value("indexer_events_total") >= 20.0 && value("indexer_blocks_total") >= story.slot as f64);
    assert!(value("indexer_fetch_seconds_count") >= story.slot as f64 && value("indexer_commit_seconds_count") >= 1.0);
    assert!(text.contains("# HELP indexer_lag_seconds"), "{text}");
}

/// Blocks that were recorded from the real programs.
async fn index_recording(database: &Database) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/world.blocks.zst");
    let chain = Arc::new(Chain::load(&path).unwrap());
    let first_slot = chain.header.first_slot;
    let server = Server::start(chain).await.unwrap();
    let source = RpcSource::new(server.url(), Finality::Confirmed);
    let store = Store::open(database.url()).await.unwrap();
    let mut frontier = Frontier::open(source, store, Some(first_slot)).await.unwrap().unwrap();
    while frontier.round().await.unwrap() != Round::AtTip {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_program_indexes_and_reindexes_on_a_newer_schema() {
    let (newer, own) = (Database::start(), Database::start());
    drop(Store::open(newer.url()).await.unwrap());
    for migration in [
        "ALTER TABLE events ADD COLUMN later BIGINT NOT NULL DEFAULT 7",
        "ALTER TABLE blocks ADD COLUMN later TEXT",
        "ALTER TABLE jobs ADD COLUMN later BIGINT NOT NULL DEFAULT 7",
        "ALTER TABLE hours ADD COLUMN later NUMERIC NOT NULL DEFAULT 0",
        "CREATE TABLE of_a_later_release (job BYTEA PRIMARY KEY, event_id BIGINT NOT NULL)",
        "CREATE INDEX jobs_by_later ON jobs (later, event_id)",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of a later release', TRUE, '\\x00', 1)",
    ] {
        execute(&newer, migration).await;
    }
    index_recording(&newer).await;
    index_recording(&own).await;
    // As the later release would fill it in.
    execute(&newer, "UPDATE hours SET later = 1").await;
    let done = reindex(&mut Store::open(newer.url()).await.unwrap(), &Request::default()).await.unwrap();
    assert!(done.applied > 200 && done.tables.iter().all(|change| change.table == "hours"), "{done:?}");
    for column in ["ALTER TABLE jobs DROP COLUMN later", "ALTER TABLE hours DROP COLUMN later"] {
        execute(&newer, column).await;
    }
    assert!(derived(&newer).await == derived(&own).await);
    let events = "SELECT concat_ws(' ', count(*), sum(seq), max(slot)) FROM events";
    assert_eq!(text(&newer, events).await, text(&own, events).await);
}
