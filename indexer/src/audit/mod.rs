//! Recomputes every balance and index of the network from what its events say was done, by the rules of `economy`, and compares
//! with the amounts that the events carry and with the accounts on chain. On an honest chain nothing differs.
//!
//! The accounts of each program are read at one slot, and the programs at slots that may differ: each is compared when the
//! books have taken exactly the events up to its slot.
//!
//! Taken from the chain's configs: parameters that no vote ever changed, because nothing else tells what they were at launch.
//!
//! Not recomputed: prices, which come from outside, and what holders do with coins without any program of ours. They can only
//! burn coins or give them away, so that supplies may be lower and vaults fuller than the books; [`Report::outside`] lists it.
mod accounts;
mod books;
mod chain;
mod finding;
mod launch;
mod stream;

pub use chain::{ChainState, Reading, RpcState};
pub use finding::{Difference, Subject, Witness};

use crate::decode::Program;
use crate::source::SourceError;
use crate::store::db_slot;
use accounts::COINS;
use books::{Books, Handed};
use finding::Findings;
use futures::TryStreamExt;
use launch::{Configs, Launch};
use sqlx::{Connection, PgConnection, Row};
use std::time::{Duration, Instant};

/// Kinds of events that change what the launch's configs are worked out from.
const CHANGES: [&str; 2] = ["ParameterSet", "ProposalExecuted"];
const POLL: Duration = Duration::from_millis(200);

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
        self.differences.is_empty() && self.more == 0 && self.incomplete == 0
    }
}

/// Audits the network that `database` indexes and `chain` reads. Reads only.
///
/// # Errors
/// [`AuditError`]; differences are no error, they are in the report.
pub async fn audit(
    database: &mut PgConnection,
    chain: &impl ChainState,
    settings: &Settings,
) -> Result<Report, AuditError> {
    let readings = read(chain).await?;
    let last = readings.last();
    wait_for(database, last, settings.patience).await?;
    // One view of the database for all queries.
    let mut tx = database.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *tx).await?;
    let incomplete = sqlx::query("SELECT (SELECT count(*) FROM sequence_faults) + (SELECT count(*) FROM dead_letters)")
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    let launch = launched(&mut tx, &readings).await?;
    let mut replay = Replay { books: Books::open(launch), readings: &readings, compared: [false; 5], events: 0 };
    let mut place = None;
    {
        let mut events = stream::events(&mut tx, db_slot(last), None);
        while let Some(stored) = events.try_next().await? {
            replay.compare_before(stored.slot);
            let here = (stored.signature.clone(), stored.instruction);
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
    replay.compare_before(u64::MAX);
    tx.rollback().await?;
    let Replay { books: Books { findings, .. }, events, .. } = replay;
    let Findings { differences, more, outside, checks, .. } = findings;
    Ok(Report { events, checks, slots: (readings.first(), last), differences, more, outside, incomplete })
}

/// [`audit`] with a database and an RPC node by their addresses.
///
/// # Errors
/// As for [`audit`].
pub async fn audit_at(database_url: &str, rpc_url: String, settings: &Settings) -> Result<Report, AuditError> {
    let mut database = PgConnection::connect(database_url).await?;
    audit(&mut database, &RpcState::new(rpc_url), settings).await
}

struct Readings {
    /// In the order of `Program::ALL`.
    programs: [Reading; Program::ALL.len()],
    coins: Reading,
}

impl Readings {
    fn slots(&self) -> impl Iterator<Item = u64> {
        self.programs.iter().chain([&self.coins]).map(|reading| reading.slot)
    }

    fn first(&self) -> u64 {
        self.slots().min().unwrap_or(0)
    }

    fn last(&self) -> u64 {
        self.slots().max().unwrap_or(0)
    }
}

async fn read(chain: &impl ChainState) -> Result<Readings, AuditError> {
    let [credits, jobs, staking, governance] = Program::ALL.map(Program::id);
    let programs = [
        chain.owned_by(credits).await?,
        chain.owned_by(jobs).await?,
        chain.owned_by(staking).await?,
        chain.owned_by(governance).await?,
    ];
    let coins = chain.accounts(&COINS.map(|coin| coin.address().to_bytes())).await?;
    Ok(Readings { programs, coins })
}

async fn wait_for(database: &mut PgConnection, slot: u64, patience: Duration) -> Result<(), AuditError> {
    let began = Instant::now();
    loop {
        let at: Option<i64> = sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(&mut *database).await?;
        let indexed = at.map_or(0, i64::unsigned_abs);
        if at.is_some() && indexed >= slot {
            return Ok(());
        }
        if began.elapsed() >= patience {
            return Err(AuditError::Behind { indexed, slot });
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn launched(connection: &mut PgConnection, readings: &Readings) -> Result<Launch, AuditError> {
    let mut configs = Configs::read(&readings.programs)?;
    let mut changes = stream::events(connection, db_slot(readings.last()), Some(&CHANGES));
    while let Some(stored) = changes.try_next().await? {
        let at = Program::ALL.iter().position(|program| *program == stored.event.program()).unwrap_or(0);
        // A later change is not in the config that was read.
        if stored.slot <= readings.programs[at].slot {
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
    /// Compares with what was read before `slot` and was not compared yet: the books have everything up to there.
    fn compare_before(&mut self, slot: u64) {
        let Self { books, readings, compared, .. } = self;
        let [credits, jobs, staking, governance, coins] = compared;
        let programs = Program::ALL.into_iter().zip(&readings.programs).zip([credits, jobs, staking, governance]);
        for ((program, reading), compared) in programs {
            if reading.slot < slot && !*compared {
                *compared = true;
                books.findings.witness = Witness::Account { slot: reading.slot };
                books.compare(program, reading);
            }
        }
        if readings.coins.slot < slot && !*coins {
            *coins = true;
            books.findings.witness = Witness::Account { slot: readings.coins.slot };
            books.compare_coins(&readings.coins);
        }
    }
}
