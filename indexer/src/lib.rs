//! Chain to Postgres, gap-free.
//!
//! Blocks are fetched and decoded ahead and written in the order of their slots, as many in one SQL transaction as wait:
//! their events, everything derived from the events that were really new, and the checkpoint. The checkpoint is a
//! contiguous frontier: what cannot be read stops it and is tried again, never skipped. Every event carries its place in a
//! gap-free sequence, so that anything missed all the same is noticed, read again and put in its place. Blocks are compared
//! with the finalized chain by hash, and what the chain took back is taken back here.
pub mod audit;
mod commit;
mod condition;
mod decode;
mod density;
mod derive;
mod error;
mod extract;
mod fetch;
mod finality;
mod fork;
mod frontier;
mod heal;
mod migrations;
mod ops;
mod reindex;
mod rollup;
mod rpc;
mod run;
mod sequence;
mod shards;
mod source;
mod store;

pub use decode::{
    CreditsEvent, DECODER_VERSION, DecodeFault, Event, GovernanceEvent, JobsEvent, Program, StakingEvent, decode,
};
pub use derive::{RowDifference, TABLES as DERIVED_TABLES, TableChange, rebuild, rebuild_by};
pub use error::IndexerError;
pub use frontier::{BATCH_BLOCKS, Frontier, Round, Stall};
pub use migrations::{migrate, schema_version};
pub use ops::{Ops, OpsError, OpsSettings};
pub use reindex::{ReindexError, Reindexed, Request, reindex};
pub use rpc::RpcSource;
pub use run::{Settings, run, run_from};
pub use source::{Block, BlockSource, Finality, InnerInstruction, Shards, SourceError, Transaction};
pub use store::Store;

/// Channel that is notified after each commit with new events; the payload is the newest event's id.
pub const NOTIFY_CHANNEL: &str = "io_events";
