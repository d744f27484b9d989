//! Importing models on the command line.
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct ImportArgs {
    /// An integer ONNX file, or a quantised one (QDQ or QLinear operators), which is rewritten
    pub file: PathBuf,
    /// Name, up to 32 bytes [default: the file's name]
    #[arg(long)]
    pub name: Option<String>,
    /// A batch to measure on: .npy in the file's order, or rows of the model's own bytes
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// The right class of every row: .npy of integers, or bytes
    #[arg(long, requires = "data")]
    pub labels: Option<PathBuf>,
    /// What ONNX Runtime gives for the batch, as .npy [default: what the file's operators are defined to give]
    #[arg(long, requires = "data")]
    pub expected: Option<PathBuf>,
    /// Write the model file, which `io model register` and `io job post` take too
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Write the batch as the bytes that `io job post --input` takes
    #[arg(long, requires = "data")]
    pub batch: Option<PathBuf>,
}
