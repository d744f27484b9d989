//! A watcher: checks the committed results of other people's jobs, proves the wrong ones on chain, and earns the prover's share
//! of the stake that is slashed. Anybody can run one; it needs an RPC node, the blob store that users read, and a wallet with
//! a little SOL. It asks no indexer.
//!
//! The chain is its journal, as it is the worker's: nothing is kept on disk. After a restart it finds its own proof buffers
//! on chain, goes on with those whose jobs still wait and closes the others.

mod audits;
mod budget;
mod buffers;
mod demands;
mod examine;
mod report;
mod rounds;
mod sample;
mod settings;
mod watcher;
mod worth;

pub use report::{Cause, Counters, Event, Owed};
pub use settings::Settings;
pub use watcher::Watcher;
