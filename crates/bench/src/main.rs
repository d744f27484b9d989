//! Measures int8 products beside their peers, what proof costs beside execution, and the indexer and the API beside theirs. Meant to
//! be built with `--profile native`; `cargo xtask bench` does so.
mod gemm;
mod peers;
mod proof;
mod services;
mod timing;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::Value;
use std::path::PathBuf;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
    /// Print one JSON object as the last line
    #[arg(long, global = true)]
    json: bool,
    /// Fewer and smaller cases, in seconds
    #[arg(long, global = true)]
    quick: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// int8 products: every CPU kernel, every Vulkan adapter, ONNX Runtime, PyTorch on an NVIDIA GPU
    Gemm {
        /// A Python with ONNX Runtime
        #[arg(long)]
        python: PathBuf,
    },
    /// Hashing and committing beside execution, checking beside recomputing, and the size of a fraud proof
    Proof,
    /// The indexer on recorded blocks: speed beside carbon, lag at the tip, recovery after kill -9
    Indexer(services::indexer::Options),
    /// The Explorer API over a million jobs, beside pgbench with the same SQL
    Api(services::api::Options),
    /// Indexer and API under load, with kill -9 of the indexer and of Postgres; nothing may be lost
    Soak(services::soak::Options),
}

fn main() -> Result<()> {
    let Cli { bench, json, quick } = Cli::parse();
    let figures: Value = match bench {
        Bench::Gemm { python } => gemm::run(&python, quick)?,
        Bench::Proof => proof::run(quick)?,
        Bench::Indexer(options) => runtime()?.block_on(services::indexer::run(&options))?,
        Bench::Api(options) => runtime()?.block_on(services::api::run(&options))?,
        Bench::Soak(options) => runtime()?.block_on(services::soak::run(&options))?,
    };
    if json {
        println!("{figures}");
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
