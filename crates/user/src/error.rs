//! What can keep a user from getting or paying for a result.
use blobs::BlobError;
use client::{ClientError, Pubkey};
use model::ModelError;
use verify::{EvidenceError, Rejection};
use worker::WorkerError;

#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error(transparent)]
    Chain(#[from] ClientError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Model or input of a posted job.
    #[error(transparent)]
    Fetch(#[from] WorkerError),
    #[error("job {job} has no committed result yet: it is {status:?}")]
    NoResult { job: Pubkey, status: jobs::state::Status },
    /// The worker committed to bytes that cannot be had.
    #[error("the result of job {job} cannot be had: {cause}")]
    Withheld { job: Pubkey, cause: BlobError },
    #[error("the check of job {job} broke off: {cause}")]
    CheckFailed { job: Pubkey, cause: String },
    #[error("job {job} has ended meanwhile: somebody else proved it, or it was paid")]
    Ended { job: Pubkey },
    #[error("the served result of job {job} cannot be read: {cause}")]
    BadResult { job: Pubkey, cause: String },
    /// The result is wrong; it was not accepted.
    #[error("the result of job {job} is wrong and was not accepted: {rejection}{hint}")]
    Rejected { job: Pubkey, rejection: Box<Rejection>, hint: String },
    #[error("there is nothing to dispute: the result of job {job} is right")]
    Honest { job: Pubkey },
    #[error("the fault cannot be shown as one cell: {0}")]
    NotACell(String),
    #[error("the evidence would not convict: {0}")]
    Evidence(#[from] EvidenceError),
    #[error(
        "the node does not know the answer to demand {n} of job {job}: ask one that keeps history, or the explorer"
    )]
    NoAnswer { job: Pubkey, n: u16 },
    #[error("the job's data have not the model's shape: {0}")]
    Shape(#[from] judge::JudgeError),
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error(
        "a result of this batch could have {bytes} bytes, more than the {limit} that can be fetched: post fewer rows"
    )]
    ResultSize { bytes: u64, limit: u64 },
}
