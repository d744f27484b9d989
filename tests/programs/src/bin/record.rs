//! Records a random world of the four programs in blocks, for whatever reads blocks.
//!
//! Prints one line of JSON: where the file is and what it holds. Without `--out` it lies under `target/recorded`, and what is there
//! already is used again: its name has the hashes of the programs, of this program and of the amounts.
use anyhow::{Context, Result};
use clap::Parser;
use program_tests::recording::{Amount, record};
use program_tests::vm::{PROGRAMS, program_bytes, program_folder};
use serde_json::json;
use std::path::PathBuf;

#[derive(Parser)]
struct Cli {
    /// At least so many events
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// At least so many slots with a block
    #[arg(long, default_value_t = 20_000)]
    slots: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file; made anew even if it is there
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let path = match &cli.out {
        Some(path) => path.clone(),
        None => cached(&cli)?,
    };
    if cli.out.is_some() || !path.exists() {
        eprintln!("recording at least {} events in {} slots from seed {}", cli.events, cli.slots, cli.seed);
        let amount = Amount { events: cli.events, blocks: cli.slots };
        let done = record(&path, cli.seed, amount, |done| {
            eprintln!("{} events in {} blocks after {} steps", done.events, done.blocks, done.steps);
        })?;
        let figures = json!({
            "path": path, "events": done.events, "blocks": done.blocks, "transactions": done.transactions,
            "steps": done.steps, "first_slot": done.first_slot, "last_slot": done.last_slot,
        });
        std::fs::write(path.with_extension("json"), figures.to_string())?;
    }
    println!("{}", std::fs::read_to_string(path.with_extension("json"))?);
    Ok(())
}

fn cached(cli: &Cli) -> Result<PathBuf> {
    let own = std::fs::read(std::env::current_exe()?).context("cannot read this program")?;
    let mut parts = vec![own];
    parts.extend(PROGRAMS.iter().map(|(_, name)| program_bytes(name)));
    parts.push(format!("{} {} {}", cli.events, cli.slots, cli.seed).into_bytes());
    let hashes: Vec<[u8; 32]> = parts.iter().map(|part| judge::sha256(&[part])).collect();
    let name: String = judge::sha256(&[&hashes.concat()])[..8].iter().map(|b| format!("{b:02x}")).collect();
    let folder = program_folder().parent().context("programs are in a folder")?.join("recorded");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.blocks.zst")))
}
