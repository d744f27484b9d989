//! What the indexer needs from a chain.
use std::future::Future;

/// How certain a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    Confirmed,
    Finalized,
}

/// Why a source could not answer. Always temporary for the caller: it waits and asks again.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
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
    /// In order of execution.
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

/// Where blocks come from.
pub trait BlockSource: Send + Sync {
    /// Identifies the chain.
    fn genesis_hash(&self) -> impl Future<Output = Result<String, SourceError>> + Send;

    /// The newest slot at that finality.
    fn tip(&self, finality: Finality) -> impl Future<Output = Result<u64, SourceError>> + Send;

    /// The confirmed slots that have a block, from `first` to `last` inclusive, ascending.
    fn slots(&self, first: u64, last: u64) -> impl Future<Output = Result<Vec<u64>, SourceError>> + Send;

    /// The confirmed block of a slot that [`slots`](Self::slots) named.
    fn block(&self, slot: u64) -> impl Future<Output = Result<Block, SourceError>> + Send;
}
