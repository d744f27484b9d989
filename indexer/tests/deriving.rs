mod support;

use indexer::audit::{Report, Settings as AuditSettings, audit};
use indexer::{BATCH_BLOCKS, DERIVED_TABLES, Finality, RowDifference, Settings, Store, rebuild, rebuild_by, run_from};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use support::indexed::{derived, open, text, to_tip, whole};
use support::memory::Memory;
use support::muddle::{Dice, muddle};
use support::story::Story;
use support::world::World;
use support::{Database, FakeChain};
use tokio::sync::watch;

const LIMIT: Duration = Duration::from_secs(60);

async fn execute(database: &Database, sql: &'static str) {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

/// Indexes a chain, then derives everything anew in several ways.
async fn rebuilt_is_the_same(chain: &FakeChain) -> Database {
    let database = Database::start();
    to_tip(&mut open(chain, &database).await).await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await.unwrap();
    let followed = whole(&mut connection).await;
    let mut dice = Dice(events.unsigned_abs());
    for way in ["at once", "one by one", "in random batches", "in larger random batches"] {
        let mut tx = connection.begin().await.unwrap();
        let applied = match way {
            "at once" => rebuild(&mut tx).await,
            "one by one" => rebuild_by(&mut tx, || 1).await,
            "in random batches" => rebuild_by(&mut tx, || 1 + dice.below(9)).await,
            _ => rebuild_by(&mut tx, || 1 + dice.below(200)).await,
        };
        assert_eq!(applied.unwrap(), events.unsigned_abs());
        let again = whole(&mut tx).await;
        let differing: Vec<_> = followed.lines().zip(again.lines()).filter(|(a, b)| a != b).take(3).collect();
        assert!(followed == again, "{way}: {differing:#?}");
        tx.rollback().await.unwrap();
    }
    database
}

#[tokio::test]
async fn derived_tables_are_the_same_in_batches_of_any_size() {
    rebuilt_is_the_same(&World::lived_in().story.chain).await;
    rebuilt_is_the_same(&Story::every_ending().chain).await;
    rebuilt_is_the_same(&Story::withheld().chain).await;
}

/// All kinds, also where the row that an event is about is missing or in the wrong state.
#[tokio::test]
async fn events_in_an_impossible_order_derive_the_same_in_batches_of_any_size() {
    let database = rebuilt_is_the_same(&muddle(1, 1_500).chain).await;
    assert_eq!(text(&database, "SELECT count(*)::text FROM dead_letters").await, "0");
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    // No feed of this story has a majority.
    for table in DERIVED_TABLES.iter().filter(|table| **table != "price_hours") {
        let sql = format!("SELECT EXISTS (SELECT FROM {table})");
        let filled: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        assert!(filled, "the story leaves {table} empty");
    }
}

async fn verify(database: &Database, chain: &Memory) -> Report {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let settings = AuditSettings { patience: Duration::ZERO };
    audit(&mut connection, chain, &settings).await.unwrap()
}

/// The names of a few columns.
fn columns(json: Option<&String>) -> String {
    let Some(json) = json else { return "none".to_owned() };
    let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    if row.len() < 3 { row.keys().cloned().collect::<Vec<_>>().join(" ") } else { "whole".to_owned() }
}

/// The tables, what they have and what the events give.
fn told(report: &Report) -> Vec<String> {
    let line = |row: &RowDifference| {
        format!("{}: {} for {}", row.table, columns(row.stored.as_ref()), columns(row.derived.as_ref()))
    };
    report.rows.iter().map(line).collect()
}

#[tokio::test]
async fn a_row_that_the_events_do_not_give_is_found_by_verify() {
    let (world, database) = (World::lived_in(), Database::start());
    to_tip(&mut open(&world.story.chain, &database).await).await;
    let chain = Memory::of(&world);
    let clean = verify(&database, &chain).await;
    assert!(clean.is_clean(), "{:?}", clean.rows);
    for (change, undo, found) in [
        (
            "UPDATE jobs SET price = price * 2 WHERE event_id = (SELECT min(event_id) FROM jobs)",
            "UPDATE jobs SET price = price / 2 WHERE event_id = (SELECT min(event_id) FROM jobs)",
            "jobs: price for price",
        ),
        (
            "UPDATE hours SET jobs_paid = jobs_paid + 1 WHERE hour = (SELECT max(hour) FROM hours)",
            "UPDATE hours SET jobs_paid = jobs_paid - 1 WHERE hour = (SELECT max(hour) FROM hours)",
            "hours: jobs_paid for jobs_paid",
        ),
        (
            "UPDATE totals SET iosd_spent = iosd_spent + 1",
            "UPDATE totals SET iosd_spent = iosd_spent - 1",
            "totals: iosd_spent for iosd_spent",
        ),
        ("INSERT INTO hours (hour, slot) VALUES (0, 1)", "DELETE FROM hours WHERE hour = 0", "hours: whole for none"),
        ("DELETE FROM rewards", "SELECT", "rewards: none for whole"),
    ] {
        execute(&database, change).await;
        let report = verify(&database, &chain).await;
        assert_eq!(told(&report), [found], "{change}");
        assert!(report.differences.is_empty() && !report.is_clean());
        execute(&database, undo).await;
    }
}

#[tokio::test]
async fn verify_sees_one_instant_and_waits_for_nobody_who_writes() {
    let (world, database) = (World::lived_in(), Database::start());
    to_tip(&mut open(&world.story.chain, &database).await).await;
    let mut writer = PgConnection::connect(database.url()).await.unwrap();
    let mut tx = writer.begin().await.unwrap();
    for sql in ["UPDATE jobs SET price = price + 1", "DELETE FROM hours"] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    let chain = Memory::of(&world);
    let report = tokio::time::timeout(LIMIT, verify(&database, &chain)).await.expect("rows in flight lock nothing");
    assert!(report.is_clean(), "{:?}", report.rows);
    tx.commit().await.unwrap();
    assert!(!verify(&database, &chain).await.is_clean());
}

/// Runs the indexer until it has seen the chain and everything is in.
async fn run(story: &Story, database: &Database) {
    let settings = Settings {
        rpc_url: String::new(),
        ws_url: None,
        database_url: database.url().to_owned(),
        poll_interval: Duration::from_millis(5),
        start_slot: None,
        commitment: Finality::Confirmed,
        batch_blocks: BATCH_BLOCKS,
    };
    drop(Store::open(database.url()).await.unwrap());
    let seen = "SELECT max(seen_at)::text FROM indexer_status";
    let before = text(database, seen).await;
    let (stop, stopped) = watch::channel(false);
    let chain = story.chain.clone();
    let running = tokio::spawn(async move { run_from(|| chain.clone(), &settings, stopped).await });
    let (began, last) = (Instant::now(), story.slot.to_string());
    while text(database, seen).await == before || text(database, "SELECT max(slot)::text FROM checkpoint").await != last
    {
        assert!(began.elapsed() < LIMIT, "the indexer does not get to the tip");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}

/// Which version derived, and whether from all events.
const NOTED: &str = "SELECT max(concat_ws(' ', version, event_id = (SELECT max(id) FROM events))) FROM derived";

#[tokio::test]
async fn what_another_version_wrote_is_derived_anew_at_the_start() {
    let (world, database) = (World::lived_in(), Database::start());
    run(&world.story, &database).await;
    let (right, noted) = (derived(&database).await, text(&database, NOTED).await);
    assert!(noted.ends_with(" t"), "{noted}");
    for other in [
        "DELETE FROM derived",
        "UPDATE derived SET version = version - 1",
        "UPDATE derived SET version = version + 1",
        // Events came in.
        "UPDATE derived SET event_id = event_id - 1",
        // Events were taken out.
        "UPDATE derived SET event_id = event_id + 1",
    ] {
        for sql in [other, "DELETE FROM hours", "DELETE FROM device_hours", "UPDATE jobs SET class = NULL"] {
            execute(&database, sql).await;
        }
        assert!(derived(&database).await != right);
        run(&world.story, &database).await;
        assert!(derived(&database).await == right, "{other}");
        assert_eq!(text(&database, NOTED).await, noted, "{other}");
    }
}

#[tokio::test]
async fn what_this_version_wrote_is_not_derived_anew_at_the_start() {
    let (mut world, database) = (World::lived_in(), Database::start());
    run(&world.story, &database).await;
    // Which transactions wrote the rows.
    let writers = "SELECT string_agg(concat_ws(' ', event_id, xmin), ',' ORDER BY event_id) FROM jobs";
    let (noted, written) = (text(&database, NOTED).await, text(&database, writers).await);
    run(&world.story, &database).await;
    assert_eq!(text(&database, writers).await, written);
    // Nor after new events, which are noted.
    world.buy(support::story::key(1), support::world::IO);
    run(&world.story, &database).await;
    run(&world.story, &database).await;
    assert_eq!((text(&database, NOTED).await, text(&database, writers).await), (noted, written));
}
