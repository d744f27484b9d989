//! At the tip: how long a block takes to become rows, and how long an indexer that was killed takes to go on.
use super::expected::Compared;
use super::indexer::{Field, frontier};
use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// Blocks that are shown one by one, and how often: more often than Solana's 400 ms, to have more of them.
const SHOWN: usize = 150;
const EVERY: Duration = Duration::from_millis(100);
/// How often the database is asked how far it is.
const LOOK: Duration = Duration::from_millis(2);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Lag {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub compared: Compared,
}

/// The value below which `share` of the values lie.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = ((values.len() as f64 - 1.0) * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// Shows the last blocks one by one at a steady rate. A block's lag is from its being shown until the frontier is behind it, as
/// another connection sees it.
pub async fn lag(field: &mut Field) -> Result<Lag> {
    let slots = field.recording.slots();
    let shown = slots.len().min(SHOWN);
    let (before, live) = slots.split_at(slots.len() - shown);
    field.recording.show(*before.last().context("a recording of so few blocks says nothing about lag")?);
    let database_url = field.cluster.fresh().await?;
    let mut process = field.indexer(&database_url, None)?;
    let from = *before.last().unwrap_or(&0);
    ensure!(field.reach(&database_url, from, PATIENCE, &mut process).await?, "the indexer does not reach the tip");

    let mut connection = PgConnection::connect(&database_url).await?;
    let (mut pending, mut lags) = (std::collections::VecDeque::new(), Vec::new());
    let (started, mut next) = (Instant::now(), 0);
    while next < live.len() || !pending.is_empty() {
        if next < live.len() && started.elapsed() >= EVERY * u32::try_from(next)? {
            field.recording.show(live[next]);
            pending.push_back((live[next], Instant::now()));
            next += 1;
        }
        let at = frontier(&mut connection).await.unwrap_or_default();
        while let Some((_, shown_at)) = pending.front().filter(|(slot, _)| *slot <= at) {
            lags.push(shown_at.elapsed().as_secs_f64() * 1e3);
            pending.pop_front();
        }
        ensure!(started.elapsed() < PATIENCE, "the indexer does not keep up with the tip");
        tokio::time::sleep(LOOK).await;
    }
    drop(process);
    let compared = field.recording.expected.compare(&mut connection, "events").await?;
    Ok(Lag { p50_ms: quantile(lags.clone(), 0.5), p99_ms: quantile(lags, 0.99), compared })
}

/// Kills the indexer in the middle of its work and starts it again: seconds until the frontier moves. Then it finishes, and nothing
/// may be missing.
pub async fn recovery(field: &mut Field) -> Result<f64> {
    let slots = field.recording.slots();
    field.recording.show(field.recording.last_slot()?);
    let database_url = field.cluster.fresh().await?;
    let mut process = field.indexer(&database_url, None)?;
    ensure!(field.reach(&database_url, slots[slots.len() / 4], PATIENCE, &mut process).await?, "it does not get far");
    process.kill()?;
    let mut connection = PgConnection::connect(&database_url).await?;
    let reached = frontier(&mut connection).await.context("it had a frontier")?;
    let started = Instant::now();
    let mut process = field.indexer(&database_url, None)?;
    while frontier(&mut connection).await.is_none_or(|at| at <= reached) && reached < field.recording.last_slot()? {
        ensure!(started.elapsed() < PATIENCE, "the indexer does not go on after it was killed");
        tokio::time::sleep(LOOK).await;
    }
    let recovery_s = started.elapsed().as_secs_f64();
    let last = field.recording.last_slot()?;
    ensure!(field.reach(&database_url, last, PATIENCE, &mut process).await?, "it does not finish after it was killed");
    let compared = field.recording.expected.compare(&mut connection, "events").await?;
    ensure!(compared.lost + compared.duplicated == 0, "after kill -9: {compared:?}");
    Ok(recovery_s)
}
