//! Accounts, one file each, and what a vote can decide.
mod action;
mod config;
mod proposal;
mod shard;
mod vote;

pub use action::{Action, Rule, Target};
pub use config::{more_flags, Config};
pub use proposal::{Proposal, Status};
pub use shard::Shard;
pub use vote::{Choice, Vote};
