//! Indexer and API under load, at a tip that moves; the indexer is killed again and again, now and then Postgres too. In the end
//! nothing may be missing, nothing double, and every balance must be the chain's.
use super::Place;
use super::api::Api;
use super::indexer::{Field, frontier};
use super::load::load;
use super::process::{Process, kill};
use crate::timing::rounded;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that ask the API.
const CLIENTS: usize = 4;
/// Kills of the indexer to one of Postgres.
const POSTGRES_EVERY: u32 = 3;
/// Time for what is left when the tip stands still.
const CATCH_UP: Duration = Duration::from_secs(180);
/// What each of them rests after an answer.
const REST: Duration = Duration::from_millis(50);
/// From Postgres being back to the API having found out.
const RECOVERY: Duration = Duration::from_secs(10);
/// How often the tip moves.
const TICK: Duration = Duration::from_millis(100);

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub place: Place,
    #[arg(long, default_value_t = 600)]
    pub seconds: u64,
    /// Seconds from one `kill -9` to the next
    #[arg(long, default_value_t = 30)]
    pub kill_every_s: u64,
}

struct Soak<'a> {
    field: Field,
    database_url: String,
    indexer: Process,
    options: &'a Options,
    kills: u32,
    postgres_kills: u32,
    /// From each kill of Postgres to when it had to be back.
    outages: Vec<(Instant, Instant)>,
}

pub async fn run(options: &Options) -> Result<Value> {
    let mut field = Field::open(&options.place).await?;
    let database_url = field.cluster.fresh().await?;
    field.recording.show(field.recording.chain.header.first_slot);
    let indexer = field.indexer(&database_url, None)?;
    let mut soak = Soak { field, database_url, indexer, options, kills: 0, postgres_kills: 0, outages: Vec::new() };
    // The API refuses a database without a schema.
    let first = *soak.field.recording.slots().first().context("the recording has no block")?;
    let url = soak.database_url.clone();
    ensure!(soak.field.reach(&url, first, CATCH_UP, &mut soak.indexer).await?, "the indexer does not start");
    let api = Api::start(&soak.field, &url).await?;
    let paths = ["/v1/network", "/v1/jobs?limit=50", "/v1/devices", "/v1/epochs", "/"].map(String::from).to_vec();
    let asking = load(api.server, Arc::new(paths), CLIENTS, Duration::from_secs(options.seconds), REST);
    let asking = tokio::spawn(asking);
    soak.move_tip().await?;
    let asked = asking.await??;
    let excused = |at: &Instant| soak.outages.iter().any(|(from, to)| (from..=to).contains(&at));
    let unexcused = asked.failed.iter().filter(|at| !excused(at)).count();
    ensure!(
        unexcused == 0 && asked.broken == 0,
        "{unexcused} answers failed while Postgres was there, {} connections broke",
        asked.broken
    );
    let last = soak.field.recording.last_slot()?;
    soak.field.recording.show(last);
    ensure!(
        soak.field.reach(&url, last, CATCH_UP, &mut soak.indexer).await?,
        "the frontier is not at the tip {} s after it stood still",
        CATCH_UP.as_secs()
    );
    let mut connection = PgConnection::connect(&url).await?;
    let compared = soak.field.recording.expected.compare(&mut connection, "events").await?;
    ensure!(compared.lost == 0 && compared.duplicated == 0, "after {} kills: {compared:?}", soak.kills);
    soak.verify()?;
    Ok(json!({
        "seconds": options.seconds, "events": compared.rows, "lost": compared.lost, "duplicated": compared.duplicated,
        "kills": soak.kills, "postgres_kills": soak.postgres_kills, "verified": true,
        "api": asked.json(), "api_requests_per_second": rounded(asked.per_s()),
    }))
}

impl Soak<'_> {
    /// Shows all blocks evenly over the time, and kills.
    async fn move_tip(&mut self) -> Result<()> {
        let (slots, time) = (self.field.recording.slots(), Duration::from_secs(self.options.seconds));
        let (started, every) = (Instant::now(), Duration::from_secs(self.options.kill_every_s.max(1)));
        while started.elapsed() < time {
            let share = started.elapsed().as_secs_f64() / time.as_secs_f64();
            let at = (slots.len() as f64 * share) as usize;
            self.field.recording.show(slots[at.min(slots.len() - 1)]);
            if started.elapsed() >= every * (self.kills + 1) {
                self.kill().await?;
            }
            if let Some(status) = self.indexer.ended()? {
                bail!("the indexer ended by itself ({status}); what it said is in {}", self.field.log.display());
            }
            tokio::time::sleep(TICK).await;
        }
        Ok(())
    }

    async fn kill(&mut self) -> Result<()> {
        self.kills += 1;
        if self.kills.is_multiple_of(POSTGRES_EVERY) {
            self.postgres_kills += 1;
            let killed = Instant::now();
            kill(self.field.cluster.pid()?)?;
            tokio::task::block_in_place(|| self.field.cluster.restart())?;
            self.outages.push((killed, Instant::now() + RECOVERY));
        }
        self.indexer.kill()?;
        let at = frontier(&mut PgConnection::connect(&self.database_url).await?).await;
        eprintln!("kill {}: the frontier is at {at:?}", self.kills);
        self.indexer = self.field.indexer(&self.database_url, None)?;
        Ok(())
    }

    /// Every balance, index and counter against the recording's accounts.
    fn verify(&self) -> Result<()> {
        let mut command = Command::new(&self.field.io);
        command.args([
            "--url",
            &self.field.recording.node.url(),
            "indexer",
            "verify",
            "--database-url",
            &self.database_url,
        ]);
        let output = command.output().context("cannot run io")?;
        ensure!(output.status.success(), "indexer verify: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}
