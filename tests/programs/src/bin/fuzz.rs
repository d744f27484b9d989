//! Sends random transactions to the four programs and checks everything that must hold after each.
//!
//! Prints how often every instruction succeeded and was refused; `--json` as one line of JSON. Fails if a rule broke, and then prints
//! the shortest sequence that breaks it; or if, in a run that is long enough, an instruction hardly ever succeeded.
use clap::Parser;
use program_tests::fuzz::{ENOUGH, Options, run};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
struct Cli {
    /// How many steps
    #[arg(long, default_value_t = 40_000)]
    steps: u64,
    /// Where the first world starts; the others follow it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worlds that run at once
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Stop after this many seconds, however few steps that makes
    #[arg(long)]
    seconds: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Also print what was refused and why, how often
    #[arg(long)]
    refusals: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    eprintln!("{} steps from seed {}", cli.steps, cli.seed);
    let limit = cli.seconds.map_or(Duration::MAX, Duration::from_secs);
    let mut report = run(Options { threads: cli.threads, limit, ..Options::new(cli.steps, cli.seed) });
    if cli.json {
        println!("{}", report.to_json());
    } else {
        println!("{:#}", report.to_json());
    }
    if cli.refusals {
        report.refusals.iter().for_each(|(reason, count)| eprintln!("{count:>7} {reason}"));
    }
    let rare = report.rare();
    for (name, ok) in &rare {
        eprintln!("error: {name} succeeded {ok} times, {ENOUGH} are needed to say much about it");
    }
    let found = std::mem::take(&mut report.found);
    let broken = !found.is_empty();
    found.into_iter().for_each(|f| eprintln!("error: {}", f.explain()));
    if broken || !rare.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
