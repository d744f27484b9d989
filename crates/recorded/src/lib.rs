//! Recorded blocks: a file format, a recorder that fills it from any RPC node, and a JSON-RPC server that answers from it as a node
//! does, at a tip that its owner moves.
//!
//! What is recorded is the exact text that `getBlock` returned, so a recording holds whatever a node says, and nothing else.
mod accounts;
mod answer;
mod chain;
mod encode;
mod error;
mod faults;
mod format;
mod index;
mod news;
mod record;
mod server;

pub use answer::{Reply, RpcError, answer, errors};
pub use chain::{Chain, Tip};
pub use error::RecordedError;
pub use faults::Faulty;
pub use format::{Accounts, Header, Line, Reader, Writer};
pub use news::NewsFault;
pub use record::record;
pub use server::{Call, Fault, Server};
