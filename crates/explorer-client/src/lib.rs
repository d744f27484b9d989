//! The Explorer API for Rust programs: the same types that the server answers with, and lists as streams.
//!
//! What it answers tells what happened; it proves nothing. Whoever decides about money reads the chain.
mod client;
mod queries;
mod types;
mod values;

pub use client::{Client, ClientError};
pub use queries::*;
pub use types::*;
pub use values::*;
