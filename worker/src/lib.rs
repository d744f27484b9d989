//! The supplier's daemon: finds jobs that are worth taking, claims them, executes them, commits to the results, and
//! collects what it is owed.
//!
//! The chain is its journal: after a restart it looks up the device's live job and goes on from wherever that stands. Of a
//! committed job it keeps model, input and result on disk until the job has ended, because it must be able to answer an audit
//! and whoever demands its data.

mod answering;
mod answers;
mod audit;
mod claim;
pub mod config;
pub mod daemon;
pub mod error;
pub mod kept;
pub mod offer;
mod rounds;
pub mod speed;
mod stake;
pub mod work;

pub use config::Config;
pub use daemon::{JobReport, Step, Worker};
pub use error::WorkerError;
pub use offer::{Policy, Refusal};
