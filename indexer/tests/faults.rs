//! The indexer against a node whose faults follow from a seed, on blocks that were recorded from the real programs.
//!
//! `FAULT_SEEDS=1000` runs more seeds than usual, `FAULT_SEED=17` runs that one again.
mod support;

use indexer::{Finality, Frontier, Program, Round, RpcSource, Stall, Store};
use recorded::{Chain, Faulty, Server};
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{UiConfirmedBlock, UiInstruction};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::Database;
use support::indexed::derived_in;
use support::muddle::Dice;
use tokio::task::JoinSet;

/// Longest wait for an answer: faulty nodes do not always give one.
const CALL_LIMIT: Duration = Duration::from_secs(1);
/// A seed that takes longer has got stuck.
const LIMIT: Duration = Duration::from_secs(120);
const AT_ONCE: usize = 6;
const SHARD_CHECKS: Duration = Duration::from_millis(20);

/// Where the recording begins.
const FIRST_SLOT: u64 = 440_208_001;

/// 43 blocks of a random world of the real programs, as `record --events 100 --slots 42 --seed 5` makes them.
fn recording() -> Arc<Chain> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/world.blocks.zst");
    Arc::new(Chain::load(&path).unwrap())
}

/// An event's place in the chain, and its bytes.
type Told = (i64, i32, Vec<u8>, i16, i16, Vec<u8>);

/// What the blocks hold, read without the indexer's own eyes.
fn events_of(chain: &Chain) -> Vec<Told> {
    let mut told = Vec::new();
    for slot in chain.slots() {
        let block: UiConfirmedBlock = serde_json::from_slice(chain.block(slot).unwrap()).unwrap();
        for (tx_index, transaction) in block.transactions.unwrap().into_iter().enumerate() {
            let meta = transaction.meta.unwrap();
            let decoded = transaction.transaction.decode().unwrap();
            let keys = decoded.message.static_account_keys();
            let OptionSerializer::Some(groups) = meta.inner_instructions else { continue };
            for group in groups.iter().filter(|_| meta.err.is_none()) {
                for (inner, instruction) in group.instructions.iter().enumerate() {
                    let UiInstruction::Compiled(compiled) = instruction else { panic!("parsed") };
                    // Loaded addresses come after the static ones; no program of ours is among them here.
                    let Some(program) = keys.get(usize::from(compiled.program_id_index)) else { continue };
                    let data = bs58::decode(&compiled.data).into_vec().unwrap();
                    let tag = anchor_lang::event::EVENT_IX_TAG_LE;
                    if Program::of(&program.to_bytes()).is_some() && data.starts_with(tag) {
                        let signature = decoded.signatures[0].as_ref().to_vec();
                        told.push((slot as i64, tx_index as i32, signature, group.index.into(), inner as i16, data));
                    }
                }
            }
        }
    }
    told
}

struct Bench {
    /// Of the server's own database.
    url: String,
    chain: Arc<Chain>,
    events: Vec<Told>,
    derived: String,
}

impl Bench {
    /// A schema to copy, and what an honest node leads to.
    async fn new(database: &Database) -> Self {
        let (own_url, truth) = (database.url().to_owned(), recording());
        let mut admin = PgConnection::connect(&own_url).await.unwrap();
        sqlx::query("CREATE DATABASE base").execute(&mut admin).await.unwrap();
        Store::open(&url_of(&own_url, "base")).await.unwrap();
        sqlx::query("CREATE DATABASE honest TEMPLATE base").execute(&mut admin).await.unwrap();
        let server = Server::start(Arc::clone(&truth)).await.unwrap();
        let store = Store::open(&url_of(&own_url, "honest")).await.unwrap();
        let source = RpcSource::new(server.url(), Finality::Confirmed);
        let mut frontier = Frontier::open(source, store, Some(FIRST_SLOT)).await.unwrap().unwrap().with_batch_blocks(1);
        while frontier.round().await.unwrap() != Round::AtTip {}
        let events = events_of(&truth);
        let mut honest = PgConnection::connect(&url_of(&own_url, "honest")).await.unwrap();
        assert!(stored(&mut honest, i64::MAX).await == events, "slot by slot from an honest node");
        let derived = derived_in(&mut honest).await;
        Self { url: own_url, chain: truth, events, derived }
    }

    async fn run(&self, seed: u64) -> String {
        let name = format!("seed_{seed}");
        let mut admin = PgConnection::connect(&self.url).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE base STRATEGY file_copy");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
        let url = url_of(&self.url, &name);
        // Half of the seeds do without the lie that shows only later, so that they can be watched on the way.
        let empties = seed.is_multiple_of(2);
        let all = self.events.iter().map(|event| event.0.unsigned_abs());
        let may_empty: BTreeSet<u64> = if empties { all.collect() } else { BTreeSet::new() };
        let node = Faulty::new(seed, recording_of(&self.chain), may_empty);
        let server = Server::start_faulty(&node).await.unwrap();
        let mut dice = Dice(seed);
        let began = Instant::now();
        let (growing, index) = (Arc::clone(&node), url.clone());
        let growth = tokio::spawn(async move {
            let (mut dice, mut index) = (Dice(seed ^ 0xff), PgConnection::connect(&index).await.unwrap());
            while growing.grow() {
                // Mostly it grows while the index waits at its tip, above all on the branch.
                if growing.is_on_branch() || dice.below(3) > 0 {
                    reached(&mut index, growing.truth().tip().confirmed).await;
                }
                tokio::time::sleep(Duration::from_millis(dice.below(20) as u64)).await;
            }
        });
        let mut watcher = PgConnection::connect(&url).await.unwrap();
        let mut starts = 0;
        loop {
            starts += 1;
            // The first few runs are cut short at any instant.
            let until = if starts <= 1 + seed % 4 { Duration::from_millis(20 + dice.below(300) as u64) } else { LIMIT };
            let done = tokio::time::timeout(until, follow(&server, &url, self.last())).await;
            if !empties {
                self.nothing_is_missing(seed, &mut watcher).await;
            }
            if done.is_ok() {
                break;
            }
            if began.elapsed() >= LIMIT {
                let state =
                    "SELECT (SELECT to_jsonb(c) FROM checkpoint c) || (SELECT to_jsonb(s) FROM indexer_status s)";
                let state: serde_json::Value = sqlx::query_scalar(state).fetch_one(&mut watcher).await.unwrap();
                panic!(
                    "seed {seed} got stuck after {starts} starts: {state} {:?} {:?}",
                    node.truth().tip(),
                    node.told()
                );
            }
        }
        growth.await.unwrap();
        let stored = stored(&mut watcher, i64::MAX).await;
        assert!(stored == self.events, "seed {seed}: {} events instead of {}", stored.len(), self.events.len());
        let derived = derived_in(&mut watcher).await;
        let differs: Vec<_> = derived.lines().zip(self.derived.lines()).filter(|(a, b)| a != b).take(2).collect();
        assert!(derived == self.derived, "seed {seed}: what is derived differs: {differs:#?}");
        // What came in late has a later id, and a hole tells of it. Blocks of another branch are replaced by what follows.
        let late: i64 =
            sqlx::query_scalar("SELECT count(*) FROM sequence_faults").fetch_one(&mut watcher).await.unwrap();
        let in_order = late == 0 && !empties;
        if in_order {
            assert_eq!(out_of_order(&mut watcher).await, 0, "seed {seed}: ids do not ascend in the order of the chain");
        }
        let figures = "SELECT concat_ws(' ', 'reverted', (SELECT count(*) FROM reverted_events), 'orphans',
                           (SELECT count(*) FROM orphaned_blocks), 'holes', count(*), 'healed', count(healed_at))
                       FROM sequence_faults";
        let figures: String = sqlx::query_scalar(figures).fetch_one(&mut watcher).await.unwrap();
        drop(watcher);
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
        let order = if in_order { ", in order" } else { "" };
        format!("seed {seed}: {figures}{order}, starts {starts}, {:?} {:?}", began.elapsed(), node.told())
    }

    fn last(&self) -> u64 {
        self.chain.slots().next_back().unwrap()
    }

    /// Everything up to the checkpoint is in, unless it is on the branch.
    async fn nothing_is_missing(&self, seed: u64, watcher: &mut PgConnection) {
        let mut tx = watcher.begin().await.unwrap();
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(&mut *tx).await.unwrap();
        let at: Option<(i64, String)> =
            sqlx::query_as("SELECT slot, blockhash FROM checkpoint").fetch_optional(&mut *tx).await.unwrap();
        let Some((slot, hash)) = at else { return };
        let block = self.chain.block(slot.unsigned_abs()).unwrap();
        if !String::from_utf8_lossy(block).contains(&hash) {
            return;
        }
        let expected: Vec<_> = self.events.iter().filter(|event| event.0 <= slot).cloned().collect();
        assert!(stored(&mut tx, slot).await == expected, "seed {seed}: not everything up to slot {slot} is in");
    }
}

/// A node of its own for each seed: the tip is the node's.
fn recording_of(chain: &Chain) -> Arc<Chain> {
    let blocks: BTreeMap<_, _> = chain.slots().map(|slot| (slot, chain.block(slot).unwrap().clone())).collect();
    Arc::new(Chain::new(chain.header.clone(), blocks, chain.accounts().cloned()))
}

fn url_of(server: &str, name: &str) -> String {
    server.replacen("/postgres?", &format!("/{name}?"), 1)
}

async fn stored(connection: &mut PgConnection, up_to: i64) -> Vec<Told> {
    let events = sqlx::query_as(
        "SELECT slot, tx_index, signature, instruction_index, inner_index, data FROM events WHERE slot <= $1
         ORDER BY slot, tx_index, instruction_index, inner_index",
    );
    events.bind(up_to).fetch_all(connection).await.unwrap()
}

/// Events whose id is before that of an event before them in the chain.
async fn out_of_order(connection: &mut PgConnection) -> i64 {
    let chain = "slot, tx_index, instruction_index, inner_index";
    let sql = format!(
        "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY {chain}) AS before FROM events) e WHERE id < before"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap()
}

/// Waits until the index is there, but not for ever.
async fn reached(index: &mut PgConnection, slot: u64) {
    for _ in 0..200 {
        let at: Option<i64> =
            sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(&mut *index).await.unwrap();
        if at.is_some_and(|at| at.unsigned_abs() >= slot) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Until everything is in, final and whole.
async fn follow(server: &Server, url: &str, last: u64) {
    let rest = || tokio::time::sleep(Duration::from_millis(5));
    loop {
        let source = RpcSource::with_call_limit(server.url(), Finality::Confirmed, CALL_LIMIT);
        let source = source.with_news(server.ws_url());
        let store = Store::open(url).await.unwrap();
        let mut frontier = match Frontier::open(source, store, Some(FIRST_SLOT)).await {
            Ok(opened) => opened.unwrap().with_shard_checks(SHARD_CHECKS),
            Err(Stall::Source(_)) => {
                rest().await;
                continue;
            }
            Err(stall) => panic!("{stall}"),
        };
        loop {
            match frontier.round().await {
                Ok(Round::Advanced { .. }) => continue,
                Ok(Round::AtTip) | Err(Stall::Source(_)) => {}
                Err(stall) => panic!("{stall}"),
            }
            let at = frontier.store().finalized_slot().await.unwrap();
            let whole = frontier.shards_agreed_at() == Some(last) && at == Some(last);
            if whole && frontier.store().alarms().await.unwrap() == (0, 0) {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(5), frontier.wake()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_node_does_nothing_is_lost_or_doubled() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds: Vec<u64> = match number("FAULT_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("FAULT_SEEDS").unwrap_or(200)).collect(),
    };
    let database = Database::start();
    let bench = Arc::new(Bench::new(&database).await);
    assert!(bench.events.len() > 200, "{} events", bench.events.len());
    let (began, count) = (Instant::now(), seeds.len());
    let (mut seeds, mut running, mut reports) = (seeds.into_iter(), JoinSet::new(), Vec::new());
    loop {
        while running.len() < AT_ONCE
            && let Some(seed) = seeds.next()
        {
            let bench = Arc::clone(&bench);
            running.spawn(async move { bench.run(seed).await });
        }
        match running.join_next().await {
            Some(Ok(report)) => {
                println!("{report}");
                reports.push(report);
            }
            Some(Err(error)) => panic!("{error} (replay one seed with FAULT_SEED=n)"),
            None => break,
        }
    }
    println!("{count} seeds in {:?}", began.elapsed());
    if count >= 100 {
        // A fault that never came was not tested.
        for fault in [
            "no answer",
            "too many requests",
            "server error",
            "gateway",
            "broken",
            "unhealthy",
            "tip ahead",
            "tip behind",
            "tip zero",
            "empty listing",
            "slot not listed",
            "null block",
            "not available",
            "no status yet",
            "said to be skipped",
            "not in long-term storage",
            "cleaned up",
            "no metadata",
            "no inner instructions",
            "logs cut",
            "emptied block",
            "news cut off",
            "unreadable news",
            "news out of order",
            "news twice",
            "news lost",
        ] {
            assert!(reports.iter().any(|report| report.contains(fault)), "{fault} never happened");
        }
        assert!(reports.iter().any(|report| !report.contains("reverted 0")), "no fork was seen");
        assert!(reports.iter().any(|report| !report.contains("healed 0")), "no hole was seen");
        assert!(reports.iter().any(|report| report.contains("in order")), "no order was seen");
    }
}
