//! What the indexer needs from a chain.
use crate::decode::Program;
use std::collections::BTreeMap;
use std::future::Future;

/// How certain a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finality {
    /// Two thirds of the stake voted for it.
    #[default]
    Confirmed,
    /// It cannot be taken back.
    Finalized,
}

/// Why a source could not answer. Always temporary for the caller: it waits and asks again.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Both are published: `message` is the kind of failure, in words of our own.
    #[error("{call}: {message}")]
    Call { call: String, message: String },
    #[error("block {slot}: {what}")]
    Incomplete { slot: u64, what: String },
}

/// A block, reduced to the transactions that mention our programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub slot: u64,
    pub parent_slot: u64,
    pub blockhash: String,
    pub previous_blockhash: String,
    /// Unix time, seconds.
    pub time: Option<i64>,
    /// In block order; only those that succeeded.
    pub transactions: Vec<Transaction>,
}

/// A transaction that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its place among all transactions of the block.
    pub index: u32,
    pub signature: [u8; 64],
    /// Those of our programs, in order of execution.
    pub inner: Vec<InnerInstruction>,
}

/// An instruction that a program called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerInstruction {
    /// The outer instruction that it was called under.
    pub instruction_index: u8,
    /// Its place among all inner instructions of that outer one, at any depth.
    pub inner_index: u16,
    pub program: [u8; 32],
    pub accounts: Vec<[u8; 32]>,
    pub data: Vec<u8>,
}

/// How far the event sequences are, as the programs' own accounts have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shards {
    /// Everything up to this slot is in them, and perhaps some of what came after.
    pub slot: u64,
    /// Last event numbers, by program and shard.
    pub last: BTreeMap<(Program, u8), u64>,
}

/// Where blocks come from.
pub trait BlockSource: Send + Sync + 'static {
    /// Identifies the chain.
    fn genesis_hash(&self) -> impl Future<Output = Result<String, SourceError>> + Send;

    /// The newest slot at that finality.
    fn tip(&self, finality: Finality) -> impl Future<Output = Result<u64, SourceError>> + Send;

    /// The slots that have a block at the source's [`commitment`](Self::commitment), from `first` to `last` inclusive,
    /// ascending.
    fn slots(&self, first: u64, last: u64) -> impl Future<Output = Result<Vec<u64>, SourceError>> + Send;

    /// The block of a slot that was named by [`slots`](Self::slots) or [`active_slots`](Self::active_slots).
    fn block(&self, slot: u64) -> impl Future<Output = Result<Block, SourceError>> + Send;

    /// The hash of the block at `slot` in the chain at that finality. `None` only if the chain is known to have none
    /// there; a node that does not know yet, or no more, is an error.
    fn blockhash(
        &self,
        slot: u64,
        finality: Finality,
    ) -> impl Future<Output = Result<Option<String>, SourceError>> + Send;

    /// The slots from `first` to `last` inclusive with transactions that mention our programs, ascending. `None`: the
    /// source has no such index, or there are more than `most` transactions, so that reading every block is cheaper.
    fn active_slots(
        &self,
        first: u64,
        last: u64,
        most: usize,
    ) -> impl Future<Output = Result<Option<Vec<u64>>, SourceError>> + Send {
        let _ = (first, last, most);
        std::future::ready(Ok(None))
    }

    /// The shards' accounts as they are now. `None`: the source reads no accounts.
    fn shards(&self) -> impl Future<Output = Result<Option<Shards>, SourceError>> + Send {
        std::future::ready(Ok(None))
    }

    /// Ends when there may be something new. A hint that shortens the pause at the tip, never needed.
    fn wake(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// The finality at which slots and blocks are read.
    fn commitment(&self) -> Finality {
        Finality::Confirmed
    }
}
