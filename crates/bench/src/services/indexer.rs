//! The indexer beside itself with one block to a transaction and beside carbon: the same recorded blocks, the same Postgres, a fresh
//! database each round, rounds interleaved.
use super::cluster::{Cluster, Meter};
use super::expected::Compared;
use super::live;
use super::process::{Process, Usage};
use super::{Place, Recording};
use crate::timing::{median, processor, rounded};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How often a running contender is looked at.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub place: Place,
    /// The peer's program (benches/carbon); without it the peer is left out
    #[arg(long)]
    pub carbon: Option<PathBuf>,
    /// Rounds, in each of which every contender runs once
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// A contender that is not through after so many seconds is stopped, and counted by what it has written
    #[arg(long, default_value_t = 60)]
    pub limit_s: u64,
}

/// Who writes events to Postgres.
#[derive(Clone, Debug)]
enum Contender {
    Ours { batch_blocks: Option<usize> },
    Carbon(PathBuf),
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    seconds: f64,
    /// It was through before the limit.
    finished: bool,
    compared: Compared,
    cpu_s: f64,
    peak_mb: f64,
}

impl Run {
    /// Events in the database, each once, by the second from the start of the program.
    fn rate(&self) -> f64 {
        (self.compared.rows - self.compared.duplicated) as f64 / self.seconds
    }

    fn cpu_s_per_100k(&self) -> f64 {
        self.cpu_s / self.compared.rows as f64 * 1e5
    }

    fn json(&self) -> Value {
        json!({
            "events_per_second": rounded(self.rate()), "seconds": rounded(self.seconds), "finished": self.finished,
            "events": self.compared.rows, "lost": self.finished.then_some(self.compared.lost),
            "duplicated": self.compared.duplicated, "cpu_s_per_100k": rounded(self.cpu_s_per_100k()),
            "peak_mb": rounded(self.peak_mb),
        })
    }
}

/// Everything that the runs share.
pub(crate) struct Field {
    pub recording: Recording,
    pub cluster: Cluster,
    pub io: PathBuf,
    /// Where programs write what they say.
    pub log: PathBuf,
}

impl Field {
    pub async fn open(place: &Place) -> Result<Self> {
        let recording = Recording::open(&place.recording).await?;
        let cluster = tokio::task::spawn_blocking(Cluster::start).await??;
        let log = std::env::temp_dir().join(format!("io-bench-{}.log", std::process::id()));
        Ok(Field { recording, cluster, io: place.io.clone(), log })
    }

    /// The indexer as it is delivered.
    pub fn indexer(&self, database_url: &str, batch_blocks: Option<usize>) -> Result<Process> {
        let mut command = Command::new(&self.io);
        command.args(["--url", &self.recording.node.url(), "indexer", "--database-url", database_url]);
        command.args(["--ws-url", &self.recording.node.ws_url()]);
        command.args(["--start-slot", &self.recording.chain.header.first_slot.to_string()]);
        if let Some(batch_blocks) = batch_blocks {
            command.args(["--batch-blocks", &batch_blocks.to_string()]);
        }
        Process::spawn(command.env("RUST_LOG", "warn"), &self.log)
    }

    /// Waits until the frontier is at `slot` or beyond; false if that takes longer than `limit`.
    pub async fn reach(&self, database_url: &str, slot: u64, limit: Duration, process: &mut Process) -> Result<bool> {
        let (started, mut connection) = (Instant::now(), PgConnection::connect(database_url).await?);
        while frontier(&mut connection).await.is_none_or(|at| at < slot) {
            if started.elapsed() > limit {
                return Ok(false);
            }
            if let Some(status) = process.ended()? {
                anyhow::bail!("the indexer ended ({status}); what it said is in {}", self.log.display());
            }
            process.usage();
            tokio::time::sleep(LOOK).await;
        }
        process.usage();
        Ok(true)
    }
}

/// How far the database is; `None` before its first block, and while it has no tables.
pub(crate) async fn frontier(connection: &mut PgConnection) -> Option<u64> {
    let slot: i64 = sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(connection).await.ok()??;
    u64::try_from(slot).ok()
}

pub async fn run(options: &Options) -> Result<Value> {
    let mut field = Field::open(&options.place).await?;
    let last = field.recording.last_slot()?;
    field.recording.show(last);
    eprintln!(
        "{} events in {} blocks; {}",
        field.recording.expected.count(),
        field.recording.slots().len(),
        processor()
    );
    let mut contenders = vec![Contender::Ours { batch_blocks: None }, Contender::Ours { batch_blocks: Some(1) }];
    contenders.extend(options.carbon.clone().map(Contender::Carbon));
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); contenders.len()];
    for round in 0..options.rounds {
        for at in 0..contenders.len() {
            // Nobody always follows the same one.
            let who = (at + round) % contenders.len();
            let run = contest(&mut field, &contenders[who], Duration::from_secs(options.limit_s)).await?;
            eprintln!("round {}: {:?}: {}", round + 1, contenders[who], run.json());
            if let Contender::Ours { .. } = &contenders[who] {
                let wrong = run.compared.duplicated + if run.finished { run.compared.lost } else { 0 };
                ensure!(wrong == 0, "{:?}", run.compared);
            }
            runs[who].push(run);
        }
    }
    let (lags, recovery_s) = (live::lag(&mut field).await?, live::recovery(&mut field).await?);
    Ok(report(&runs, &lags, recovery_s))
}

fn report(runs: &[Vec<Run>], lags: &live::Lag, recovery_s: f64) -> Value {
    let ours = &runs[0];
    let of = |value: fn(&Run) -> f64| median(ours.iter().map(value).collect());
    // Each round's own: what disturbs the machine disturbs both.
    let ratio_to = |others: &[Run]| median(ours.iter().zip(others).map(|(a, b)| a.rate() / b.rate()).collect());
    let worst = |value: fn(&Compared) -> u64| {
        ours.iter().map(|run| value(&run.compared)).max().unwrap_or_default() + value(&lags.compared)
    };
    let all = |runs: &[Run]| runs.iter().map(Run::json).collect::<Vec<_>>();
    json!({
        "events_per_second": rounded(of(Run::rate)),
        "ratio_to_carbon": runs.get(2).map(|carbon| rounded(ratio_to(carbon))),
        "ratio_to_batch_1": rounded(ratio_to(&runs[1])),
        // What was not reached in time is not lost, and not known.
        "lost": ours.iter().all(|run| run.finished).then(|| worst(|compared| compared.lost)),
        "duplicated": worst(|compared| compared.duplicated),
        "lag_p50_ms": rounded(lags.p50_ms),
        "lag_p99_ms": rounded(lags.p99_ms),
        "recovery_s": rounded(recovery_s),
        "cpu_s_per_100k": rounded(of(Run::cpu_s_per_100k)),
        "peak_mb": rounded(of(|run| run.peak_mb)),
        "ours": all(ours), "batch_1": all(&runs[1]), "carbon": runs.get(2).map(|carbon| all(carbon)),
        "processor": processor(),
    })
}

async fn contest(field: &mut Field, contender: &Contender, limit: Duration) -> Result<Run> {
    let database_url = field.cluster.fresh().await?;
    match contender {
        Contender::Ours { batch_blocks } => ours(field, &database_url, *batch_blocks, limit).await,
        Contender::Carbon(program) => carbon(field, &database_url, program, limit).await,
    }
}

async fn ours(field: &Field, database_url: &str, batch_blocks: Option<usize>, limit: Duration) -> Result<Run> {
    let (meter, started) = (Meter::start(&field.cluster)?, Instant::now());
    let mut process = field.indexer(database_url, batch_blocks)?;
    let last = field.recording.last_slot()?;
    let finished = field.reach(database_url, last, limit, &mut process).await?;
    let seconds = started.elapsed().as_secs_f64();
    close(field, database_url, process, &meter, seconds, finished, "events").await
}

/// The peer ends by itself when it has sent everything that it fetched through its pipeline.
async fn carbon(field: &Field, database_url: &str, program: &Path, limit: Duration) -> Result<Run> {
    let (meter, started) = (Meter::start(&field.cluster)?, Instant::now());
    let mut command = Command::new(program);
    command.args([&field.recording.node.url(), database_url]);
    command.args([field.recording.chain.header.first_slot, field.recording.last_slot()?].map(|slot| slot.to_string()));
    let mut process = Process::spawn(command.env("RUST_LOG", "error"), &field.log)?;
    let finished = loop {
        process.usage();
        if let Some(status) = process.ended()? {
            ensure!(status.success(), "carbon failed ({status}); what it said is in {}", field.log.display());
            break true;
        }
        if started.elapsed() > limit {
            break false;
        }
        tokio::time::sleep(LOOK).await;
    };
    let seconds = started.elapsed().as_secs_f64();
    close(field, database_url, process, &meter, seconds, finished, "carbon_events").await
}

async fn close(
    field: &Field,
    database_url: &str,
    mut process: Process,
    meter: &Meter,
    seconds: f64,
    finished: bool,
    table: &'static str,
) -> Result<Run> {
    let usage: Usage = process.usage();
    let cpu_s = meter.cpu_s(&field.cluster, usage)?;
    drop(process);
    let mut connection = PgConnection::connect(database_url).await?;
    let compared = field.recording.expected.compare(&mut connection, table).await.context("nothing was written")?;
    Ok(Run { seconds, finished, compared, cpu_s, peak_mb: usage.peak_mb })
}
