//! Recomputes every balance and index of the network from what its events say was done, by the rules of `economy`, and compares
//! with the amounts that the events carry and with the accounts on chain. On an honest chain nothing differs.
//!
//! The accounts are read at one slot: again while it moves between the answers. Which events are in them, their shards' own
//! sequence numbers say: each reading is compared when the books have taken the events up to its slot, and then those that a
//! node that was making a block had let in already.
//!
//! Taken from the chain's configs: parameters that no vote ever changed, because nothing else tells what they were at launch.
//!
//! Then every derived table, which is what the explorer shows, is compared with what the events give, row by row.
//!
//! Not recomputed: prices, which come from outside, and what holders do with coins without any program of ours. They can only
//! burn coins or give them away, so that supplies may be lower and vaults fuller than the books; [`Report::outside`] lists it.
mod accounts;
mod books;
mod chain;
mod cut;
mod finding;
mod launch;
mod readings;
mod stream;

pub use chain::{ChainState, Reading, RpcState};
pub use finding::{Difference, Subject, Witness};

use crate::decode::Program;
use crate::derive::{RowDifference, Shadow};
use crate::source::SourceError;
use books::{Books, Handed};
use cut::Place;
use finding::Findings;
use futures::TryStreamExt;
use launch::{Configs, Launch};
use readings::{At, Readings};
use sqlx::{Connection, PgConnection, Row};
use std::time::Duration;

/// Kinds of events that change what the launch's configs are worked out from.
const CHANGES: [&str; 2] = ["ParameterSet", "ProposalExecuted"];

/// What to audit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long to wait for the index to reach the slot at which the accounts were read.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { patience: Duration::from_secs(60) }
    }
}

/// Why an audit could not be made. None of these says anything about the chain's honesty.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("the accounts cannot be read")]
    Chain(#[from] SourceError),
    #[error("the {program} program has no config: the network was not launched, or this is another one")]
    NotLaunched { program: &'static str },
    #[error(
        "the index ends at slot {indexed}, the accounts were read at slot {slot} \
         (hint: is the indexer running, and on this chain?)"
    )]
    Behind { indexed: u64, slot: u64 },
    #[error("an event that was stored in slot {slot} is not readable: {reason}")]
    Unreadable { slot: u64, reason: String },
}

/// What an audit found.
#[derive(Debug)]
pub struct Report {
    /// Events taken, and comparisons made.
    pub events: u64,
    pub checks: u64,
    /// The first and the last slot at which accounts were read.
    pub slots: (u64, u64),
    /// Zero on an honest chain.
    pub differences: Vec<Difference>,
    /// Rows of derived tables that are not what the events give; none if the indexer made no mistake.
    pub rows: Vec<RowDifference>,
    /// Found beyond those listed.
    pub more: usize,
    /// Coins that holders burned or gave to a vault without any program of ours.
    pub outside: Vec<Difference>,
    /// Gaps and repetitions in the event sequences, and unreadable events: not zero explains differences.
    pub incomplete: i64,
}

impl Report {
    /// The books are complete and nothing differs.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.rows.is_empty() && self.more == 0 && self.incomplete == 0
    }
}

/// Audits the network that `database` indexes and `chain` reads. Changes nothing and waits for nobody who writes; needs
/// temporary tables, which a replica cannot make.
///
/// # Errors
/// [`AuditError`]; differences are no error, they are in the report.
pub async fn audit(
    database: &mut PgConnection,
    chain: &impl ChainState,
    settings: &Settings,
) -> Result<Report, AuditError> {
    let readings = Readings::take(chain).await?;
    readings.wait_for_index(database, settings.patience).await?;
    // One view of the database for all queries.
    let mut tx = database.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(&mut *tx).await?;
    let incomplete = sqlx::query(
        "SELECT (SELECT count(*) FROM sequence_faults WHERE healed_at IS NULL)
              + (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL)",
    )
    .fetch_one(&mut *tx)
    .await?
    .try_get(0)?;
    let launch = launched(&mut tx, &readings).await?;
    let mut replay = Replay { books: Books::open(launch), readings: &readings, compared: [false; 5], events: 0 };
    let mut place = None;
    {
        let mut events = stream::events(&mut tx, None);
        while let Some(stored) = events.try_next().await? {
            let here = (stored.signature.clone(), stored.instruction);
            if place.as_ref().is_none_or(|(signature, _)| *signature != here.0) && replay.compare_before(stored.slot) {
                break;
            }
            if place.as_ref() != Some(&here) {
                // Programs hand things to each other within one instruction only.
                replay.books.handed = Handed::default();
                place = Some(here);
            }
            let signature = bs58::encode(&stored.signature).into_string();
            let kind = stored.event.kind();
            replay.books.findings.witness = Witness::Event { slot: stored.slot, signature, kind };
            replay.books.apply(&stored.event);
            replay.events += 1;
        }
    }
    replay.compare_if(|_, _| true);
    let shadow = Shadow::derive(&mut tx).await?;
    let (rows, more_rows) = shadow.rows(&mut tx).await?;
    tx.rollback().await?;
    let Replay { books: Books { findings, .. }, events, .. } = replay;
    let Findings { differences, more, outside, checks, .. } = findings;
    let (slots, more) = ((readings.first(), readings.last()), more + more_rows);
    Ok(Report { events, checks, slots, differences, rows, more, outside, incomplete })
}

/// [`audit`] with a database and an RPC node by their addresses.
///
/// # Errors
/// As for [`audit`].
pub async fn audit_at(database_url: &str, rpc_url: String, settings: &Settings) -> Result<Report, AuditError> {
    let mut database = PgConnection::connect(database_url).await?;
    audit(&mut database, &RpcState::new(rpc_url), settings).await
}

async fn launched(connection: &mut PgConnection, readings: &Readings) -> Result<Launch, AuditError> {
    let mut configs = Configs::read(&readings.programs)?;
    let mut changes = stream::events(connection, Some(&CHANGES));
    while let Some(stored) = changes.try_next().await? {
        let (program, stamp) = (stored.event.program(), stored.event.stamp());
        // A later change is not in the config that was read.
        if readings.programs.iter().any(|at| at.cut.has(program, stamp.shard, stamp.seq)) {
            configs.rewind(&stored.event);
        }
    }
    Ok(configs.launch())
}

struct Replay<'a> {
    books: Books,
    readings: &'a Readings,
    compared: [bool; Program::ALL.len() + 1],
    events: u64,
}

impl Replay<'_> {
    /// Before the first event of a transaction of slot `slot`: compares with what was read before that slot, once the
    /// books have what the reading has. Returns whether everything is compared.
    fn compare_before(&mut self, slot: u64) -> bool {
        let due = |at: &At, books: &Books| at.reading.slot < slot && at.cut.place(&books.sequences) != Place::Before;
        self.compare_if(due)
    }

    /// Compares with `readings` that `due` says are to be compared now.
    fn compare_if(&mut self, due: impl Fn(&At, &Books) -> bool) -> bool {
        let Self { books, readings, compared, .. } = self;
        for (index, at) in readings.all().enumerate() {
            if compared[index] || !due(at, books) {
                continue;
            }
            compared[index] = true;
            books.findings.witness = Witness::Account { slot: at.reading.slot };
            match Program::ALL.get(index) {
                Some(program) => books.compare(*program, &at.reading),
                None => books.compare_coins(&at.reading),
            }
        }
        compared.iter().all(|compared| *compared)
    }
}
