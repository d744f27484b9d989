//! Judges random cells on chain and off, and fails if a verdict differs. Prints one JSON object.
use clap::Parser;
use program_tests::agreement::run;
use std::process::ExitCode;

#[derive(Parser)]
struct Cli {
    /// How many cells
    #[arg(long, default_value_t = 10_000)]
    cases: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.cases, cli.seed) {
        Ok(counts) => {
            let (honest, faults, refused) = (counts.honest, counts.faults, counts.refused);
            let cases = counts.cases;
            println!("{}", serde_json::json!({"cases": cases, "honest": honest, "faults": faults, "refused": refused}));
            ExitCode::SUCCESS
        }
        Err(difference) => {
            eprintln!("error: {difference}");
            ExitCode::FAILURE
        }
    }
}
