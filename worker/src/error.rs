//! What stops a worker, or makes it leave a job.
use blobs::BlobError;
use client::ClientError;
use compute::ComputeError;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("cannot read config {path}: {cause}")]
    ReadConfig { path: PathBuf, cause: std::io::Error },
    #[error("config {path}: {cause}")]
    Config { path: PathBuf, cause: String },
    #[error(transparent)]
    Chain(#[from] ClientError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Compute(#[from] ComputeError),
    #[error("the job's model: {0}")]
    Model(#[from] model::ModelError),
    #[error("the model file has root {found}, the job wants {wanted}")]
    WrongModel { found: String, wanted: String },
    #[error("the input has {found} rows, the job says {wanted}")]
    WrongRows { found: u32, wanted: u32 },
    #[error("the input does not hash to the root that the job was posted with")]
    WrongInput,
    #[error("the result does not fit the model: {0}")]
    Result(#[from] judge::JudgeError),
    #[error("cannot keep a job's data at {path}: {cause}")]
    Keep { path: PathBuf, cause: std::io::Error },
    #[error("no answer to the audit: {0}")]
    Evidence(#[from] verify::EvidenceError),
    #[error("executing was cut off: {0}")]
    Cut(String),
}
