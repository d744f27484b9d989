//! The indexer as a process of its own, and its database, killed at any instant.
mod support;

use indexer::{BATCH_BLOCKS, Finality, Settings, run_from};
use private_postgres::{Durability, PrivatePostgres};
use sqlx::{Connection, PgConnection};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use support::Database;
use support::indexed::{derived, derived_in, open, to_tip};
use support::muddle::{Dice, muddle};
use support::story::Story;
use tokio::sync::watch;

/// Names the database to the process that is to be killed.
const VICTIM: &str = "INDEXER_CRASH_TEST_DATABASE";
const LIMIT: Duration = Duration::from_secs(120);

/// The same in every process. Killed within the first seconds, an indexer is somewhere in it.
fn story() -> Story {
    muddle(7, 1_200)
}

fn settings(database_url: String) -> Settings {
    Settings {
        rpc_url: String::new(),
        ws_url: None,
        database_url,
        poll_interval: Duration::from_millis(5),
        start_slot: None,
        commitment: Finality::Confirmed,
        // Many transactions to be killed in.
        batch_blocks: BATCH_BLOCKS.min(4),
    }
}

/// Not a test of its own: the process that the tests below start and kill.
#[tokio::test]
async fn victim() {
    let Ok(url) = std::env::var(VICTIM) else { return };
    let (story, (_stop, stopped)) = (story(), watch::channel(false));
    story.chain.finalize(story.slot);
    run_from(|| story.chain.clone(), &settings(url), stopped).await.unwrap();
}

fn start(database_url: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    child.args(["--exact", "victim"]).env(VICTIM, database_url).stdout(std::process::Stdio::null());
    child.spawn().unwrap()
}

async fn slot(database_url: &str) -> i64 {
    let Ok(mut connection) = PgConnection::connect(database_url).await else { return -1 };
    let at = sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(&mut connection).await;
    at.ok().flatten().unwrap_or(-1)
}

async fn is_whole(database_url: &str, expected: &str) {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    let events = "SELECT concat_ws(' ', count(*), count(DISTINCT (signature, instruction_index, inner_index)),
                      (SELECT count(*) FROM sequence_faults)) FROM events";
    let events: String = sqlx::query_scalar(events).fetch_one(&mut connection).await.unwrap();
    assert_eq!(events, "1200 1200 0");
    let found = derived_in(&mut connection).await;
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differs, None, "found and expected");
    assert_eq!(found.lines().count(), expected.lines().count());
}

async fn expected() -> (String, i64) {
    let (story, database) = (story(), Database::start());
    to_tip(&mut open(&story.chain, &database).await).await;
    (derived(&database).await, story.slot as i64)
}

#[tokio::test]
async fn an_indexer_that_is_killed_at_any_instant_loses_and_doubles_nothing() {
    let ((expected, last), database, mut dice) = (expected().await, Database::start(), Dice(11));
    let (began, mut kills) = (Instant::now(), 0);
    while slot(database.url()).await < last {
        assert!(began.elapsed() < LIMIT, "stuck at slot {} after {kills} kills", slot(database.url()).await);
        let (from, mut child) = (slot(database.url()).await, start(database.url()));
        // However slow the machine is: somewhere in the next blocks, now and then before the first.
        let until = (from + dice.below(60) as i64).min(last);
        while slot(database.url()).await < until && began.elapsed() < LIMIT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.below(30) as u64)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    is_whole(database.url(), &expected).await;
    println!("{kills} kills");
    assert!(kills > 2, "{kills} kills are no test");
}

#[tokio::test]
async fn a_database_that_is_killed_at_any_instant_loses_and_doubles_nothing() {
    let ((expected, last), dir, mut dice) = (expected().await, tempfile::tempdir().unwrap(), Dice(12));
    let (began, mut kills) = (Instant::now(), 0);
    let mut postgres = PrivatePostgres::start_with(dir.path(), Durability::Durable).unwrap();
    loop {
        assert!(began.elapsed() < LIMIT, "stuck after {kills} kills");
        let (from, mut child) = (slot(postgres.url()).await, start(postgres.url()));
        // As above; the last run is left alone.
        let until = if kills < 6 { (from + dice.below(60) as i64).min(last) } else { last };
        while slot(postgres.url()).await < until && began.elapsed() < LIMIT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let done = slot(postgres.url()).await >= last;
        if !done {
            // The server and all its processes at once, as when the machine loses power; the disk keeps what was flushed.
            let file = std::fs::read_to_string(postgres.cluster_dir().join("postmaster.pid")).unwrap();
            let pid = file.lines().next().unwrap().trim().to_owned();
            assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
            kills += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if done {
            break;
        }
        drop(postgres);
        postgres = PrivatePostgres::start_with(dir.path(), Durability::Durable).unwrap();
    }
    is_whole(postgres.url(), &expected).await;
    println!("{kills} kills");
    assert!(kills > 1, "{kills} kills are no test");
}
