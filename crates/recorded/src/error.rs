//! What can go wrong with a recording.
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("recording, line {line}: {what}")]
    Line { line: u64, what: String },
    #[error("a block of slot {slot} after one of slot {last}: blocks are written in order")]
    Order { slot: u64, last: u64 },
    #[error("{url}: {method}: {what}")]
    Rpc { url: String, method: String, what: String },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
}
