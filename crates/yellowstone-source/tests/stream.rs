//! A recorded chain, indexed through a stream that breaks in every way, against the same chain read from a node alone.
mod replay;

use futures::FutureExt;
use indexer::{BlockSource, Finality, Frontier, Round, RpcSource, Store};
use private_postgres::{Durability, PrivatePostgres};
use program_tests::recording::{Amount, record};
use recorded::{Chain, Server};
use replay::{Fate, Replay, Script};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use yellowstone_source::{Counts, Endpoint, YellowstoneSource};

/// The recording, made once: real programs, 60 blocks.
static RECORDING: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    record(&dir.path().join("blocks.zst"), 7, Amount { events: 300, blocks: 60 }, |_| {}).unwrap();
    dir
});

fn chain() -> Arc<Chain> {
    Arc::new(Chain::load(&RECORDING.path().join("blocks.zst")).unwrap())
}

struct Database {
    postgres: PrivatePostgres,
    _dir: tempfile::TempDir,
}

impl Database {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let postgres = PrivatePostgres::start_with(dir.path(), Durability::Volatile).unwrap();
        Self { postgres, _dir: dir }
    }

    async fn open<S: BlockSource>(&self, source: S, start_slot: u64) -> Frontier<S> {
        let store = Store::open(self.postgres.url()).await.unwrap();
        Frontier::open(source, store, Some(start_slot)).await.unwrap().unwrap()
    }

    /// Events in the order of the chain, whatever their ids.
    async fn told(&self) -> Vec<String> {
        let mut connection = PgConnection::connect(self.postgres.url()).await.unwrap();
        let sql = "SELECT (to_jsonb(e) - 'id' - 'indexed_at')::text FROM events e
                   ORDER BY slot, tx_index, instruction_index, inner_index";
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
    }

    /// Events, in the order in which they came in, and everything that follows from them.
    async fn rows(&self) -> Vec<String> {
        let mut connection = PgConnection::connect(self.postgres.url()).await.unwrap();
        let mut all = Vec::new();
        for table in ["events"].iter().chain(&indexer::DERIVED_TABLES).chain(&["sequences", "dead_letters"]) {
            let order = if *table == "events" { "id" } else { "line" };
            let row = "to_jsonb(t) - 'indexed_at' - 'recorded_at'";
            let sql = format!("SELECT line FROM (SELECT t.*, ({row})::text AS line FROM {table} t) l ORDER BY {order}");
            all.push(format!("{table}:"));
            all.extend(
                sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap(),
            );
        }
        all
    }
}

/// Rounds until everything up to `slot` is in; errors are tried again, as by the daemon.
async fn reach<S: BlockSource>(frontier: &mut Frontier<S>, slot: u64) {
    let began = Instant::now();
    loop {
        let round = frontier.round().await;
        let at = frontier.store().checkpoint().await.unwrap().map(|at| at.slot);
        if at == Some(slot) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{at:?} and not {slot}: {round:?}");
        if !matches!(round, Ok(Round::Advanced { .. })) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits until the stream is asked for.
async fn asked(replay: &Replay) {
    let began = Instant::now();
    while replay.asked.lock().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "the stream is not asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct Played {
    rows: Vec<String>,
    counts: Arc<Counts>,
    asked: Vec<Option<u64>>,
}

/// Indexes the recording while its tip moves on by `step` blocks at a time.
async fn play(script: Script, window: usize, patience: usize, step: usize) -> Played {
    let chain = chain();
    let slots: Vec<u64> = chain.slots().collect();
    chain.set_tip(slots[10], slots[5]);
    let node = Server::start(Arc::clone(&chain)).await.unwrap();
    let replay = Replay::new(Arc::clone(&chain), node.url(), script, window, patience);
    let endpoint = Endpoint::new(format!("http://{}", replay.serve().await), Some("key".into())).unwrap();
    let source = YellowstoneSource::new(endpoint, RpcSource::new(node.url(), Finality::Confirmed));
    let counts = source.counts();
    let database = Database::start();
    let mut frontier = database.open(source, slots[0]).await;
    asked(&replay).await;
    for at in (10..slots.len()).step_by(step).chain([slots.len() - 1]) {
        chain.set_tip(slots[at], slots[at.saturating_sub(5)]);
        reach(&mut frontier, slots[at]).await;
    }
    let asked = replay.asked.lock().unwrap().clone();
    Played { rows: database.rows().await, counts, asked }
}

/// The same from a node alone.
async fn reference() -> Vec<String> {
    let chain = chain();
    let (first, last) = (chain.header.first_slot, chain.slots().last().unwrap());
    chain.set_tip(last, last);
    let node = Server::start(chain).await.unwrap();
    let database = Database::start();
    reach(&mut database.open(RpcSource::new(node.url(), Finality::Confirmed), first).await, last).await;
    let rows = database.rows().await;
    assert!(rows.len() > 300, "{}", rows.len());
    rows
}

fn equal(played: &[String], whole: &[String]) {
    let differ = played.iter().zip(whole).find(|(a, b)| a != b);
    assert!(played == whole, "{} rows and {}; first difference: {differ:?}", played.len(), whole.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_flows_brings_every_block_at_the_tip() {
    let whole = reference().await;
    let played = play(Arc::new(|_, _| Fate::Sent), 1_000, 1_000, 2).await;
    equal(&played.rows, &whole);
    assert_eq!(played.asked, [None], "one connection");
    let (stream, rpc) = (played.counts.from_stream.load(Relaxed), played.counts.from_rpc.load(Relaxed));
    // The first blocks are history, and a round may be quicker than the stream.
    assert!(stream > 20, "{stream} blocks from the stream, {rpc} from the node");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_drops_repeats_cuts_and_breaks_nothing_is_lost_doubled_or_out_of_order() {
    let whole = reference().await;
    for seed in 0..2_u64 {
        let fate = move |number: u64, _| match (number * 7 + seed * 11) % 13 {
            0 => Fate::Lost,
            1 => Fate::Twice,
            2 => Fate::Cut,
            3 => Fate::Bare,
            4 => Fate::BreakOff,
            _ => Fate::Sent,
        };
        // With a window of three blocks, a server has forgotten what was missed.
        let window = if seed.is_multiple_of(2) { 1_000 } else { 3 };
        let played = play(Arc::new(fate), window, 1_000, 3 + usize::try_from(seed).unwrap()).await;
        equal(&played.rows, &whole);
        assert!(played.counts.refused.load(Relaxed) > 0, "seed {seed}");
        assert!(played.asked.len() > 1 && played.asked.iter().any(Option::is_some), "seed {seed}: {:?}", played.asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_for_being_slow_goes_on_and_a_dead_stream_stops_nothing() {
    let whole = reference().await;
    // Twenty blocks at once, of which two may wait.
    let played = play(Arc::new(|_, _| Fate::Sent), 1_000, 2, 20).await;
    equal(&played.rows, &whole);
    assert!(played.asked.len() > 1, "it was cut off");
    let played = play(Arc::new(|_, _| Fate::BreakOff), 1_000, 1_000, 10).await;
    equal(&played.rows, &whole);
    assert_eq!(played.counts.from_stream.load(Relaxed), 0);
}

/// The recording with an orphan at `slots[at]`: as the stream tells it, the orphan and then a block that passes over it, with the
/// transactions of both; and as a node has it afterwards, without the orphan.
fn forked(at: usize) -> (Arc<Chain>, Arc<Chain>) {
    let chain = chain();
    let slots: Vec<u64> = chain.slots().collect();
    let read = |at: usize| -> Value { serde_json::from_slice(chain.block(slots[at]).unwrap()).unwrap() };
    let (orphan, mut next) = (read(at), read(at + 1));
    next["parentSlot"] = orphan["parentSlot"].clone();
    next["previousBlockhash"] = orphan["previousBlockhash"].clone();
    let transactions = |block: &Value| block["transactions"].as_array().unwrap().clone();
    next["transactions"] = Value::from([transactions(&orphan), transactions(&next)].concat());
    let mut blocks: BTreeMap<_, _> = slots.iter().map(|slot| (*slot, chain.block(*slot).unwrap().clone())).collect();
    *blocks.get_mut(&slots[at + 1]).unwrap() = next.to_string().into_bytes().into();
    let told = Chain::new(chain.header.clone(), blocks.clone(), None);
    blocks.remove(&slots[at]);
    (Arc::new(told), Arc::new(Chain::new(chain.header.clone(), blocks, None)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_the_chain_left_is_replaced_once_and_not_taken_again() {
    let at = 30;
    let (told, after) = forked(at);
    let slots: Vec<u64> = told.slots().collect();
    let set_tip = |tip: u64| {
        told.set_tip(tip, slots[at - 5]);
        after.set_tip(tip, slots[at - 5]);
    };
    set_tip(slots[at - 2]);
    let left = Arc::new(AtomicBool::new(false));
    let fault: recorded::Fault = {
        let (left, after) = (Arc::clone(&left), Arc::clone(&after));
        Arc::new(move |call: recorded::Call, before: recorded::Reply| {
            let reply = if left.load(Relaxed) { recorded::answer(&after, &call.method, &call.params) } else { before };
            std::future::ready(reply).boxed()
        })
    };
    let node = Server::start_with(Arc::clone(&told), fault).await.unwrap();
    let played = Server::start(Arc::clone(&told)).await.unwrap();
    let replay = Replay::new(Arc::clone(&told), played.url(), Arc::new(|_, _| Fate::Sent), 1_000, 1_000);
    let endpoint = Endpoint::new(format!("http://{}", replay.serve().await), None).unwrap();
    let source = YellowstoneSource::new(endpoint, RpcSource::new(node.url(), Finality::Confirmed));
    let counts = source.counts();
    let database = Database::start();
    let mut frontier = database.open(source, slots[0]).await;
    asked(&replay).await;
    for tip in &slots[at - 2..=at] {
        set_tip(*tip);
        reach(&mut frontier, *tip).await;
    }
    left.store(true, Relaxed);
    for tip in &slots[at + 1..] {
        set_tip(*tip);
        reach(&mut frontier, *tip).await;
    }
    let whole = Database::start();
    let node = Server::start(after).await.unwrap();
    reach(&mut whole.open(RpcSource::new(node.url(), Finality::Confirmed), slots[0]).await, slots[slots.len() - 1])
        .await;
    equal(&database.told().await, &whole.told().await);
    let mut connection = PgConnection::connect(database.postgres.url()).await.unwrap();
    let orphans: Vec<i64> =
        sqlx::query_scalar("SELECT slot FROM orphaned_blocks").fetch_all(&mut connection).await.unwrap();
    assert_eq!(orphans, [slots[at] as i64]);
    assert!(counts.from_stream.load(Relaxed) > 10);
}

#[test]
fn addresses_that_cannot_be_used_are_refused_and_never_shown() {
    Endpoint::new("not an address".into(), None).unwrap_err();
    Endpoint::new("http://127.0.0.1:1".into(), Some("a\nb".into())).unwrap_err();
    let endpoint = Endpoint::new("https://node.example/key".into(), Some("secret".into())).unwrap();
    assert_eq!(format!("{endpoint:?}"), "Endpoint { .. }");
}
