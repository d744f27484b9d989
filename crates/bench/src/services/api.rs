//! The Explorer API over a million jobs, beside what Postgres alone reaches with the same SQL.
use super::Place;
use super::indexer::Field;
use super::load::{self, Load, load};
use super::process::Process;
use super::{pgbench, population};
use crate::timing::{median, processor, rounded};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Connections of the load generator, and clients of pgbench.
const CLIENTS: usize = 16;
/// Different jobs that are asked for.
const ADDRESSES: i64 = 100;
/// How many pages of 50 a deep page is behind the first.
const DEEP: usize = 1_000;
const START_LIMIT: Duration = Duration::from_secs(30);
/// Indexing the seed.
const SEED_LIMIT: Duration = Duration::from_secs(240);

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub place: Place,
    #[arg(long, default_value_t = 1_000_000)]
    pub jobs: u64,
    /// Rounds, in each of which everything is measured once
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
}

/// A running API.
pub(crate) struct Api {
    pub process: Process,
    pub server: SocketAddr,
}

impl Api {
    pub async fn start(field: &Field, database_url: &str) -> Result<Self> {
        // Free a moment ago; nobody else here takes ports by number.
        let server = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(&field.io);
        command.args(["explorer", "--database-url", database_url, "--bind", &server.to_string()]);
        // All of the load comes from one address.
        command.args(["--rate-limit", "0"]);
        let process = Process::spawn(command.env("RUST_LOG", "error"), &field.log)?;
        load::listening(server, START_LIMIT).await?;
        Ok(Api { process, server })
    }
}

/// What is asked for, and the measurements of it.
struct Kind {
    name: &'static str,
    paths: Arc<Vec<String>>,
    /// The SQL of each path; empty if it is not compared.
    sql: Vec<Vec<String>>,
    loads: Vec<Load>,
    pgbench: Vec<f64>,
}

impl Kind {
    fn new(name: &'static str, paths: Vec<String>) -> Self {
        Kind { name, paths: Arc::new(paths), sql: Vec::new(), loads: Vec::new(), pgbench: Vec::new() }
    }

    fn per_s(&self) -> f64 {
        median(self.loads.iter().map(Load::per_s).collect())
    }

    /// The median of the rounds' own ratios.
    fn against_pgbench(&self) -> Option<f64> {
        let ratios = self.loads.iter().zip(&self.pgbench).map(|(load, alone)| load.per_s() / alone);
        (!self.pgbench.is_empty()).then(|| rounded(median(ratios.collect())))
    }

    fn p99_ms(&self) -> f64 {
        median(self.loads.iter().map(Load::p99_ms).collect())
    }

    fn json(&self) -> Value {
        let failed: u64 = self.loads.iter().map(|load| load.failed.len() as u64 + load.broken).sum();
        json!({
            "requests_per_second": rounded(self.per_s()), "p99_ms": rounded(self.p99_ms()), "failed": failed,
            "pgbench_per_second": (!self.pgbench.is_empty()).then(|| rounded(median(self.pgbench.clone()))),
            "ratio": self.against_pgbench(),
        })
    }
}

pub async fn run(options: &Options) -> Result<Value> {
    let mut field = Field::open(&options.place).await?;
    let database_url = field.cluster.fresh().await?;
    let last = field.recording.last_slot()?;
    field.recording.show(last);
    let mut indexer = field.indexer(&database_url, None)?;
    ensure!(field.reach(&database_url, last, SEED_LIMIT, &mut indexer).await?, "the seed takes too long to index");
    drop(indexer);
    let jobs = population::multiply(&database_url, options.jobs).await?;
    eprintln!("{jobs} jobs; {}", processor());

    let mut api = Api::start(&field, &database_url).await?;
    let mut kinds = kinds(&api, &database_url).await?;
    for kind in &mut kinds[1..] {
        for path in kind.paths.iter() {
            let sql = pgbench::caught(&field.cluster, async || load::get(api.server, path).await.map(drop)).await?;
            ensure!(!sql.is_empty(), "{path} is answered without SQL: nothing to compare with");
            kind.sql.push(sql);
        }
    }
    let time = Duration::from_secs(options.seconds);
    for round in 0..options.rounds {
        for kind in &mut kinds {
            let load = load(api.server, kind.paths.clone(), CLIENTS, time, Duration::ZERO).await?;
            ensure!(load.failed.is_empty(), "{} requests for {} failed", load.failed.len(), kind.name);
            eprintln!("round {}: {}: {}", round + 1, kind.name, load.json());
            kind.loads.push(load);
            if !kind.sql.is_empty() {
                let (url, sql, seconds) = (database_url.clone(), kind.sql.clone(), options.seconds);
                let alone = tokio::task::spawn_blocking(move || pgbench::rate(&url, &sql, CLIENTS, seconds)).await??;
                kind.pgbench.push(alone);
            }
        }
    }
    let usage = api.process.usage();
    Ok(report(&kinds, jobs, usage.peak_mb))
}

/// Home first, which is not compared: the rest with their SQL.
async fn kinds(api: &Api, database_url: &str) -> Result<Vec<Kind>> {
    let addresses = population::addresses(database_url, ADDRESSES).await?;
    let list = "/v1/jobs?status=paid&limit=50";
    let deep = deep_cursor(api.server, list).await?;
    let by_address = addresses.iter().take(10).map(|address| format!("/v1/jobs/{address}")).collect();
    let search = addresses.iter().take(10).map(|address| format!("/v1/search?q={address}")).collect();
    Ok(vec![
        Kind::new("home", vec!["/".into()]),
        Kind::new("by_address", by_address),
        Kind::new("list", vec![list.into()]),
        Kind::new("deep", vec![format!("{list}&cursor={deep}")]),
        Kind::new("search", search),
    ])
}

/// Where the page is that is [`DEEP`] pages behind the first.
async fn deep_cursor(server: SocketAddr, list: &str) -> Result<String> {
    let mut path = list.to_owned();
    let mut cursor = None;
    for _ in 0..DEEP {
        let page = load::get(server, &path).await?;
        let Some(next) = page["page"]["next"].as_str().or(page["next"].as_str()) else { break };
        path = format!("{list}&cursor={next}");
        cursor = Some(next.to_owned());
    }
    cursor.context("the list has one page only")
}

fn report(kinds: &[Kind], jobs: u64, peak_mb: f64) -> Value {
    let of = |name| kinds.iter().find(|kind| kind.name == name).expect("all kinds are measured");
    let first = of("list").loads.iter().zip(&of("deep").loads);
    let deep_vs_first = median(first.map(|(first, deep)| deep.per_s() / first.per_s()).collect());
    let mut figures = json!({
        "by_address_vs_pgbench": of("by_address").against_pgbench(),
        "list_vs_pgbench": of("list").against_pgbench(),
        "deep_vs_first": rounded(deep_vs_first),
        "home_rps": rounded(of("home").per_s()),
        // The slowest kind's.
        "p99_ms": rounded(kinds.iter().map(Kind::p99_ms).fold(0.0, f64::max)),
        "jobs": jobs, "clients": CLIENTS, "peak_mb": rounded(peak_mb), "processor": processor(),
    });
    for kind in kinds {
        figures[kind.name] = kind.json();
    }
    figures
}
