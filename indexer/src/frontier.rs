//! The contiguous frontier and how it moves.
use crate::IndexerError;
use crate::extract::candidates;
use crate::source::{Block, BlockSource, Finality, SourceError};
use crate::store::Store;
use futures::stream::{FuturesOrdered, StreamExt};

/// Slots asked for at once.
const SPAN: u64 = 500;
/// Nodes refuse ranges beyond 500,000.
const MAX_SPAN: u64 = 400_000;
/// Blocks fetched ahead of the one being committed.
const FETCH_AHEAD: usize = 8;
/// Empty slots that may share one transaction.
const MAX_FOLDED: u32 = 256;
/// Slots behind the checkpoint that are read again at the start: a local network that was restarted may have gone back
/// a little, and reading twice changes nothing.
const REREAD: u64 = 64;

/// Why the frontier does not move for now.
#[derive(Debug, thiserror::Error)]
pub enum Stall {
    #[error("chain: {0}")]
    Source(#[from] SourceError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

/// What one round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// There is nothing more to read.
    AtTip,
    /// Everything up to `slot` is in.
    Advanced { slot: u64, new_events: usize },
}

/// Reads a chain into a database, slot by slot.
pub struct Frontier<S> {
    source: S,
    store: Store,
    next_slot: u64,
    span: u64,
}

impl<S: BlockSource> Frontier<S> {
    /// Goes on after the checkpoint; without one, from `start_slot` (or slot 0).
    ///
    /// # Errors
    /// `Ok(Err(..))`: this database cannot be used so. `Err(..)`: try again.
    pub async fn open(
        source: S,
        mut store: Store,
        start_slot: Option<u64>,
    ) -> Result<Result<Self, IndexerError>, Stall> {
        let genesis_hash = source.genesis_hash().await?;
        match store.bind_chain(&genesis_hash).await {
            Err(IndexerError::Database(error)) => return Err(error.into()),
            Err(fatal) => return Ok(Err(fatal)),
            Ok(()) => {}
        }
        let next_slot = match (store.checkpoint().await?, start_slot) {
            (None, start) => start.unwrap_or(0),
            (Some(at), Some(start_slot)) if start_slot > at.slot.saturating_add(1) => {
                return Ok(Err(IndexerError::StartPastCheckpoint { start_slot, checkpoint: at.slot }));
            }
            (Some(at), start) => at.slot.saturating_add(1).saturating_sub(REREAD).max(start.unwrap_or(0)),
        };
        tracing::info!(next_slot, "indexing");
        Ok(Ok(Self { source, store, next_slot, span: SPAN }))
    }

    /// Reads one range of slots. A slot without a block is passed only when a later slot is known to have one.
    ///
    /// # Errors
    /// Something did not answer, or a block is incomplete: the slots before it are in, it is not.
    pub async fn round(&mut self) -> Result<Round, Stall> {
        let result = self.advance().await;
        if let Err(stall) = &result {
            // The database may be what failed; the caller logs the reason anyway.
            let _ = self.store.note_stall(Some(&stall.to_string())).await;
            return result;
        }
        self.store.note_stall(None).await?;
        result
    }

    async fn advance(&mut self) -> Result<Round, Stall> {
        let tip = self.source.tip(Finality::Confirmed).await?;
        let finalized = self.source.tip(Finality::Finalized).await?;
        self.store.observe(tip, finalized).await?;
        if tip < self.next_slot {
            if tip.saturating_add(1) < self.next_slot {
                // A node behind its peers, or a local network that lost its last slots: read on from where it is.
                tracing::info!(tip, next_slot = self.next_slot, "the chain's tip went back");
                self.next_slot = tip.saturating_add(1);
            }
            return Ok(Round::AtTip);
        }
        let last = tip.min(self.next_slot.saturating_add(self.span - 1));
        let slots = self.source.slots(self.next_slot, last).await?;
        self.check_listing(&slots, last)?;
        if slots.is_empty() {
            if last == tip {
                return Ok(Round::AtTip);
            }
            self.span = (self.span * 4).min(MAX_SPAN);
            return Ok(Round::Advanced { slot: self.next_slot.saturating_sub(1), new_events: 0 });
        }
        self.span = SPAN;
        self.read(slots).await
    }

    fn check_listing(&self, slots: &[u64], last: u64) -> Result<(), SourceError> {
        let ascending = slots.windows(2).all(|pair| pair[0] < pair[1]);
        let within = slots.iter().all(|slot| (self.next_slot..=last).contains(slot));
        if ascending && within {
            return Ok(());
        }
        let call = format!("getBlocks({}, {last})", self.next_slot);
        Err(SourceError::Call { call, message: "slots out of order or out of range".into() })
    }

    async fn read(&mut self, slots: Vec<u64>) -> Result<Round, Stall> {
        let Self { source, store, next_slot, .. } = self;
        let mut slots = slots.into_iter();
        // Not a mapped stream: its closure would keep this future from moving between threads.
        let mut blocks: FuturesOrdered<_> = slots.by_ref().take(FETCH_AHEAD).map(|slot| source.block(slot)).collect();
        let mut new_events = 0;
        let mut empty: Option<(Block, u32)> = None;
        let failure = loop {
            let block = match blocks.next().await {
                Some(Ok(block)) => block,
                Some(Err(error)) => break Some(error),
                None => break None,
            };
            if let Some(slot) = slots.next() {
                blocks.push_back(source.block(slot));
            }
            let found = candidates(&block);
            let folded = empty.take().map_or(0, |(_, folded)| folded);
            if found.is_empty() && folded < MAX_FOLDED {
                empty = Some((block, folded + 1));
                continue;
            }
            // Its checkpoint covers the empty slots before it.
            new_events += store.commit(&block, &found).await?;
            *next_slot = block.slot + 1;
        };
        if let Some((block, _)) = empty {
            store.commit(&block, &[]).await?;
            *next_slot = block.slot + 1;
        }
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(Round::Advanced { slot: next_slot.saturating_sub(1), new_events }),
        }
    }

    /// The database side, for looking at it between rounds.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }
}
