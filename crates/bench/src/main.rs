//! Measures int8 products beside their peers, and what proof costs beside execution. Meant to be built with
//! `--profile native`; `cargo xtask bench gemm` and `cargo xtask bench proof` do so.
mod gemm;
mod peers;
mod proof;
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
}

fn main() -> Result<()> {
    let Cli { bench, json, quick } = Cli::parse();
    let figures: Value = match bench {
        Bench::Gemm { python } => gemm::run(&python, quick)?,
        Bench::Proof => proof::run(quick)?,
    };
    if json {
        println!("{figures}");
    }
    Ok(())
}
