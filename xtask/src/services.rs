//! The indexer and the API on recorded blocks: benches and soak.
use crate::paths::Paths;
use crate::run::{Cargo, checked};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How much to record.
#[derive(Clone, Copy, clap::Args)]
pub struct Amount {
    /// At least so many events
    #[arg(long, default_value_t = 200_000)]
    pub events: u64,
    /// At least so many slots with a block
    #[arg(long, default_value_t = 20_000)]
    pub slots: u64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What the benches read.
const WHOLE: Amount = Amount { events: 200_000, slots: 20_000, seed: 1 };
/// Enough for tests, in seconds.
const SHORT: Amount = Amount { events: 5_000, slots: 500, seed: 1 };

/// What machines read of the measurements; against the peer there is none in the short form.
const INDEXER_FIGURES: [&str; 8] = [
    "events_per_second",
    "ratio_to_batch_1",
    "lost",
    "duplicated",
    "lag_p99_ms",
    "recovery_s",
    "cpu_s_per_100k",
    "peak_mb",
];
const API_FIGURES: [&str; 5] = ["by_address_vs_pgbench", "list_vs_pgbench", "deep_vs_first", "home_rps", "p99_ms"];

/// Records blocks; without a place, into the cache, where they are used again. Gives where they are.
pub fn record(cargo: &Cargo, amount: Amount, out: Option<PathBuf>) -> Result<PathBuf> {
    let mut command = cargo.built(&["--bin", "record"], "record")?;
    for (flag, value) in [("--events", amount.events), ("--slots", amount.slots), ("--seed", amount.seed)] {
        command.arg(flag).arg(value.to_string());
    }
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    let output = command.stderr(Stdio::inherit()).output().context("cannot run record")?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        bail!("record failed ({})", output.status);
    }
    eprintln!("{}", text.trim());
    let figures: serde_json::Value = serde_json::from_str(&text)?;
    Ok(figures["path"].as_str().context("record says where the blocks are")?.into())
}

pub fn bench_indexer(paths: &Paths, cargo: &Cargo, json: bool, short: bool) -> Result<()> {
    let mut command = services(paths, cargo, "indexer", json || short, short)?;
    if short {
        return has_figures(command.args(["--rounds", "1"]), &INDEXER_FIGURES);
    }
    checked(command.arg("--carbon").arg(carbon(paths)?))
}

pub fn bench_api(paths: &Paths, cargo: &Cargo, json: bool, short: bool) -> Result<()> {
    let mut command = services(paths, cargo, "api", json || short, short)?;
    if short {
        return has_figures(command.args(["--jobs", "20000", "--rounds", "1", "--seconds", "1"]), &API_FIGURES);
    }
    checked(&mut command)
}

/// Runs a measurement whose last line must have these figures, all of them numbers.
fn has_figures(command: &mut Command, names: &[&str]) -> Result<()> {
    let output = command.stderr(Stdio::inherit()).output().context("cannot run bench")?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        bail!("bench failed ({})", output.status);
    }
    println!("{}", text.trim());
    let figures: serde_json::Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    match names.iter().find(|name| !figures[**name].is_number()) {
        Some(name) => bail!("bench gives no {name}"),
        None => Ok(()),
    }
}

/// Longer soaks have longer recordings: blocks come at about the speed of a chain.
pub fn soak(paths: &Paths, cargo: &Cargo, seconds: u64, json: bool) -> Result<()> {
    let short = seconds <= 60;
    let mut command = services(paths, cargo, "soak", json, short)?;
    command.args(["--seconds", &seconds.to_string()]);
    if short {
        // Three kills of the indexer, and so one of Postgres, in any soak.
        command.args(["--kill-every-s", &(seconds / 4).max(1).to_string()]);
    }
    checked(&mut command)
}

/// A measurement of services, with what it needs: at full speed, or, when short, as the tests have built it anyway.
fn services(paths: &Paths, cargo: &Cargo, name: &str, json: bool, short: bool) -> Result<Command> {
    let recording = record(cargo, if short { SHORT } else { WHOLE }, None)?;
    eprintln!("building the services (the first time at full speed takes some minutes)");
    let (io, mut command) = if short {
        cargo.built(&["--bin", "io"], "io")?;
        (paths.binary("io"), cargo.built(&["--bin", "bench"], "bench")?)
    } else {
        cargo.native("io")?;
        (paths.target.join("native/io"), cargo.native("bench")?)
    };
    command.arg(name).arg("--io").arg(io).arg("--recording").arg(recording);
    if json {
        command.arg("--json");
    }
    Ok(command)
}

/// Builds the peer, a workspace of its own with its own versions.
fn carbon(paths: &Paths) -> Result<PathBuf> {
    eprintln!("building carbon (the first time takes some minutes)");
    let target = paths.target.join("carbon");
    let mut command = Command::new("cargo");
    command.current_dir(paths.root.join("benches/carbon")).env("CARGO_TARGET_DIR", &target);
    checked(command.args(["build", "--quiet", "--release", "--locked"]))?;
    Ok(target.join("release/carbon-peer"))
}
