mod support;

use indexer::{ReindexError, Reindexed, Request, Store, reindex};
use sqlx::{Connection, PgConnection, Row};
use support::indexed::{derived, open, text, to_tip};
use support::story::Story;
use support::{Database, FakeChain};

const EVENTS: &str = "SELECT string_agg(concat_ws(' ', slot, tx_index, encode(signature, 'hex'), instruction_index, \
     inner_index, program, kind, shard, seq, time, encode(job, 'hex'), body, encode(data, 'hex'), decoder_version), E'\\n'
     ORDER BY slot, tx_index, instruction_index, inner_index) FROM events";

async fn index(chain: &FakeChain) -> Database {
    let database = Database::start();
    to_tip(&mut open(chain, &database).await).await;
    database
}

async fn run(database: &Database, request: &Request) -> Result<Reindexed, ReindexError> {
    reindex(&mut Store::open(database.url()).await.unwrap(), request).await
}

async fn execute(database: &Database, sql: &'static str) -> u64 {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
}

/// A story, its index, and an index by a decoder that could not read the first claim of a job.
async fn unread_claim() -> (Database, Database) {
    let story = Story::every_ending();
    let whole = index(&story.chain).await;
    let mut connection = PgConnection::connect(whole.url()).await.unwrap();
    let claim = "SELECT slot, inner_index, data FROM events WHERE kind = 'JobClaimed' ORDER BY id LIMIT 1";
    let claim = sqlx::query(claim).fetch_one(&mut connection).await.unwrap();
    let (slot, at, data): (i64, i16, Vec<u8>) = (claim.get(0), claim.get(1), claim.get(2));
    story.chain.edit(slot.unsigned_abs(), |block| {
        let inner = &mut block.transactions[0].inner;
        let event = inner.iter_mut().find(|event| i32::from(event.inner_index) == i32::from(at)).unwrap();
        event.data.truncate(30);
    });
    let old = index(&story.chain).await;
    // The bytes as the chain has them: an older decoder refuses them because of its own faults.
    let mut connection = PgConnection::connect(old.url()).await.unwrap();
    let kept = sqlx::query("UPDATE dead_letters SET data = $1, decoder_version = 1").bind(&data);
    assert_eq!(kept.execute(&mut connection).await.unwrap().rows_affected(), 1);
    (whole, old)
}

#[tokio::test]
async fn a_dead_letter_becomes_an_event_once_and_in_its_place() {
    let (whole, old) = unread_claim().await;
    assert_ne!(derived(&old).await, derived(&whole).await);
    assert_eq!(Store::open(old.url()).await.unwrap().alarms().await.unwrap(), (1, 1), "a hole and a dead letter");

    let dry = run(&old, &Request { dry_run: true, ..Request::default() }).await.unwrap();
    assert_eq!(Store::open(old.url()).await.unwrap().alarms().await.unwrap(), (1, 1), "nothing was changed");
    let done = run(&old, &Request::default()).await.unwrap();
    assert_eq!(done, dry);
    assert_eq!((done.replayed, done.unreadable, done.holes_healed, done.holes_found), (1, 0, 1, 0));
    assert!(done.tables.iter().any(|change| change.table == "jobs"), "{done:?}");
    assert_eq!(text(&old, EVENTS).await, text(&whole, EVENTS).await);
    assert_eq!(derived(&old).await, derived(&whole).await);
    assert_eq!(Store::open(old.url()).await.unwrap().alarms().await.unwrap(), (0, 0));
    assert_eq!(text(&old, "SELECT count(*)::text FROM dead_letters").await, "1", "its bytes are kept");

    let again = run(&old, &Request { slots: Some(0..=u64::MAX), dry_run: false }).await.unwrap();
    assert_eq!((again.replayed, again.corrected, again.tables.len()), (0, 0, 0), "{again:?}");
    assert_eq!(again.read, again.applied);
}

#[tokio::test]
async fn events_of_a_range_get_what_this_decoder_reads_and_their_bytes_stay() {
    let story = Story::every_ending();
    let (whole, old) = (index(&story.chain).await, index(&story.chain).await);
    let wrong = "UPDATE events SET body = '{}', time = 1, job = NULL, decoder_version = 1
                 WHERE kind = 'JobPosted' AND slot >= 8";
    let wrong = execute(&old, wrong).await;
    assert!(wrong > 2);
    let half = run(&old, &Request { slots: Some(0..=7), dry_run: false }).await.unwrap();
    assert_eq!(half.corrected, 0);
    let done = run(&old, &Request { slots: Some(8..=u64::MAX), dry_run: false }).await.unwrap();
    assert_eq!(done.corrected, wrong);
    assert_eq!(text(&old, EVENTS).await, text(&whole, EVENTS).await);
    assert_eq!(derived(&old).await, derived(&whole).await);
}

#[tokio::test]
async fn what_is_derived_wrongly_is_derived_anew_and_named() {
    let story = Story::every_ending();
    let old = index(&story.chain).await;
    execute(&old, "UPDATE users SET iosd_balance = iosd_balance + 1").await;
    let done = run(&old, &Request::default()).await.unwrap();
    assert_eq!(done.tables.len(), 1, "{done:?}");
    assert_eq!(done.tables[0].table, "users");
    execute(&old, "UPDATE hours SET jobs_posted = jobs_posted + 1").await;
    let done = run(&old, &Request { dry_run: true, ..Request::default() }).await.unwrap();
    assert_eq!(done.tables.iter().map(|change| change.table).collect::<Vec<_>>(), ["hours"]);
    assert_eq!(run(&old, &Request::default()).await.unwrap(), done);
    assert_eq!(derived(&old).await, derived(&index(&story.chain).await).await);
    let noted = "SELECT bool_and(event_id = (SELECT max(id) FROM events))::text FROM derived";
    assert_eq!(text(&old, noted).await, "true");
}

#[tokio::test]
async fn bytes_that_the_program_did_not_say_stay_dead_and_an_event_that_is_not_readable_any_more_changes_nothing() {
    let (_whole, old) = unread_claim().await;
    execute(&old, "UPDATE dead_letters SET reason = 'accounts are not exactly the program''s event authority'").await;
    let done = run(&old, &Request::default()).await.unwrap();
    assert_eq!((done.replayed, done.unreadable), (0, 1));

    execute(&old, "UPDATE dead_letters SET reason = 'unknown discriminator', tx_index = NULL").await;
    let done = run(&old, &Request::default()).await.unwrap();
    assert_eq!((done.replayed, done.unplaced), (0, 1), "alone in its transaction, its place is not known");

    execute(&old, "UPDATE dead_letters SET tx_index = 0").await;
    let before = derived(&old).await;
    execute(&old, "UPDATE events SET data = substr(data, 1, 20) WHERE id = 3").await;
    let error = run(&old, &Request { slots: Some(0..=u64::MAX), dry_run: false }).await.unwrap_err();
    assert!(matches!(error, ReindexError::Unreadable { id: 3, .. }), "{error}");
    assert_eq!(derived(&old).await, before);
    assert_eq!(text(&old, "SELECT count(*)::text FROM dead_letters WHERE replayed_at IS NULL").await, "1");
}
