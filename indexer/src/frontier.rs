//! The contiguous frontier and how it moves.
use crate::IndexerError;
use crate::commit::{Committed, Linked};
use crate::density::Density;
use crate::extract::DecodedBlock;
use crate::heal::Healer;
use crate::shards::ShardCheck;
use crate::source::{BlockSource, Finality, SourceError};
use crate::store::Store;
use crate::{fetch, finality, fork};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Slots asked for at once.
const SPAN: u64 = 5_000;
/// Nodes refuse ranges beyond 500,000.
const MAX_SPAN: u64 = 400_000;
/// Most blocks in one SQL transaction.
pub const BATCH_BLOCKS: usize = 2_000;
/// A batch is written when it has so many events or is so old, too.
const BATCH_EVENTS: usize = 4_000;
const BATCH_AGE: Duration = Duration::from_millis(300);
/// With no more than this many blocks to go, nothing waits for a fuller batch.
const NEAR_TIP: usize = 32;

/// Why the frontier does not move for now.
#[derive(Debug, thiserror::Error)]
pub enum Stall {
    #[error("chain: {0}")]
    Source(#[from] SourceError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl Stall {
    /// For everyone to read. What a database says may hold names and addresses: it is logged only.
    fn reason(&self) -> String {
        match self {
            Self::Source(_) => self.to_string(),
            Self::Database(_) => "database: a query failed".to_owned(),
        }
    }
}

/// What one round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// There is nothing more to read.
    AtTip,
    /// Everything up to `slot` is in.
    Advanced { slot: u64, new_events: usize },
}

/// A block by its place and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub slot: u64,
    pub blockhash: String,
}

/// Reads a chain into a database, in the order of its slots.
pub struct Frontier<S> {
    source: Arc<S>,
    store: Store,
    /// The last block that is in, or the one before those that are to be replaced.
    head: Option<Head>,
    /// The blocks after `head` that are in are not in the chain any more: the next batch replaces them.
    forked: bool,
    next_slot: u64,
    span: u64,
    density: Density,
    /// Slots that the address index named, still to be read.
    sparse: VecDeque<u64>,
    healer: Healer,
    shards: ShardCheck,
    batch_blocks: usize,
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
        let head = store.head().await?;
        let next_slot = match (&head, start_slot) {
            (None, start) => start.unwrap_or(0),
            (Some(at), Some(start_slot)) if start_slot > at.slot.saturating_add(1) => {
                return Ok(Err(IndexerError::StartPastCheckpoint { start_slot, checkpoint: at.slot }));
            }
            (Some(at), _) => at.slot.saturating_add(1),
        };
        tracing::info!(next_slot, "indexing");
        Ok(Ok(Self {
            source: Arc::new(source),
            store,
            head,
            forked: false,
            next_slot,
            span: SPAN,
            density: Density::default(),
            sparse: VecDeque::new(),
            healer: Healer::new(),
            shards: ShardCheck::new(),
            batch_blocks: BATCH_BLOCKS,
        }))
    }

    /// Writes at most so many blocks in one SQL transaction, instead of [`BATCH_BLOCKS`].
    #[must_use]
    pub fn with_batch_blocks(self, batch_blocks: usize) -> Self {
        Self { batch_blocks, ..self }
    }

    /// Compares the shards' accounts with the index so often, instead of every few seconds.
    #[must_use]
    pub fn with_shard_checks(self, every: Duration) -> Self {
        Self { shards: ShardCheck::every(every), ..self }
    }

    /// The newest slot at which the shards' accounts had no event that is not indexed.
    pub fn shards_agreed_at(&self) -> Option<u64> {
        self.shards.agreed_at()
    }

    /// Reads one range of slots. A slot without a block is passed only when a later slot is known to have one.
    ///
    /// # Errors
    /// Something did not answer, or a block is incomplete: the slots before it are in, it is not.
    pub async fn round(&mut self) -> Result<Round, Stall> {
        let result = self.advance().await;
        if let Err(stall) = &result {
            metrics::counter!("indexer_stalls_total").increment(1);
            // What was listed may be what is wrong.
            self.sparse.clear();
            // The database may be what failed; the caller logs the reason anyway.
            let _ = self.store.note_stall(Some(&stall.reason())).await;
            return result;
        }
        self.store.note_stall(None).await?;
        result
    }

    async fn advance(&mut self) -> Result<Round, Stall> {
        let round = self.read_on().await?;
        // In a fork the index has blocks that are to be replaced.
        if !self.forked
            && let Some(head) = &self.head
            && self.shards.step(&self.source, &mut self.store, head.slot).await?
        {
            self.healer.wake();
        }
        Ok(round)
    }

    async fn read_on(&mut self) -> Result<Round, Stall> {
        self.healer.step(&self.source, &mut self.store).await?;
        let finalized = self.source.tip(Finality::Finalized).await?;
        let tip = match self.source.commitment() {
            Finality::Confirmed => self.source.tip(Finality::Confirmed).await?,
            Finality::Finalized => finalized,
        };
        self.store.observe(tip).await?;
        if !self.forked
            && let Some(ancestor) = finality::promote(&self.source, &mut self.store, finalized).await?
        {
            self.leave_for(ancestor);
        }
        if tip < self.next_slot {
            // At the tip; or the node is behind its peers: then nothing is known to be wrong.
            return Ok(Round::AtTip);
        }
        if let Some(round) = self.read_sparse(finalized.min(tip)).await? {
            return Ok(round);
        }
        let last = tip.min(self.next_slot.saturating_add(self.span - 1));
        let slots = self.source.slots(self.next_slot, last).await?;
        self.check_listing(&slots, last)?;
        if slots.is_empty() {
            if last == tip {
                return Ok(Round::AtTip);
            }
            if self.span == MAX_SPAN {
                let call = format!("getBlocks({}, {last})", self.next_slot);
                let message =
                    format!("names no block although the tip is at {tip} (hint: does the node keep history?)");
                return Err(SourceError::Call { call, message }.into());
            }
            self.span = (self.span * 4).min(MAX_SPAN);
            return Ok(Round::Advanced { slot: self.next_slot.saturating_sub(1), new_events: 0 });
        }
        self.span = SPAN;
        self.read(slots, true).await
    }

    /// Reads the blocks that the address index names, if few are expected. Only of what is final: the index of a node may
    /// be behind its tip. The sequences show whether it left something out.
    async fn read_sparse(&mut self, last: u64) -> Result<Option<Round>, Stall> {
        if self.sparse.is_empty() {
            let slots = (last + 1).saturating_sub(self.next_slot);
            let Some(most) = self.density.sparse(slots) else { return Ok(None) };
            let Some(listed) = self.source.active_slots(self.next_slot, last, most).await? else {
                // Denser than it looked; one dense range is read before it is tried again.
                self.density.observe(1, 1);
                return Ok(None);
            };
            self.check_listing(&listed, last)?;
            self.sparse = listed.into();
            // Where dense reading goes on; a finalized tip has a block.
            if self.sparse.back() != Some(&last) {
                self.sparse.push_back(last);
            }
            tracing::info!(first = self.next_slot, last, blocks = self.sparse.len(), "reading by the address index");
        }
        let chunk = usize::try_from(SPAN).unwrap_or(usize::MAX).min(self.sparse.len());
        let slots = self.sparse.drain(..chunk).collect();
        self.read(slots, false).await.map(Some)
    }

    fn check_listing(&self, slots: &[u64], last: u64) -> Result<(), SourceError> {
        let ascending = slots.windows(2).all(|pair| pair[0] < pair[1]);
        let within = slots.iter().all(|slot| (self.next_slot..=last).contains(slot));
        if ascending && within {
            return Ok(());
        }
        let call = format!("slots from {} to {last}", self.next_slot);
        Err(SourceError::Call { call, message: "out of order or out of range".into() })
    }

    /// Reads these blocks; `dense`: they are all blocks of their range.
    async fn read(&mut self, slots: Vec<u64>, dense: bool) -> Result<Round, Stall> {
        let age = if slots.len() > NEAR_TIP { BATCH_AGE } else { Duration::ZERO };
        let mut blocks = fetch::blocks(&self.source, slots);
        let (mut new_events, mut active, mut read) = (0, 0, 0);
        let mut batch = Batch::default();
        let failure: Option<Stall> = loop {
            let Some(received) = batch.wait(&mut blocks, self.batch_blocks, age).await else {
                new_events += self.write(&mut batch).await?;
                continue;
            };
            let block = match received {
                Some(Ok(block)) => block,
                Some(Err(error)) => break Some(error.into()),
                None => break None,
            };
            let linked = match self.link(batch.head().or(self.head.clone()), &block, dense).await {
                Ok(Link::Linked) => true,
                Ok(Link::Unlinked) => false,
                Ok(Link::Forked(slot)) => return self.forked_at(slot).await,
                Err(stall) => break Some(stall),
            };
            read += 1;
            active += usize::from(!block.found.is_empty());
            batch.push(Linked { block, linked });
        };
        new_events += self.write(&mut batch).await?;
        if dense {
            self.density.observe(active, read);
        }
        match failure {
            Some(stall) => Err(stall),
            None => Ok(Round::Advanced { slot: self.next_slot.saturating_sub(1), new_events }),
        }
    }

    /// How a block follows the one before it.
    async fn link(&self, head: Option<Head>, block: &DecodedBlock, dense: bool) -> Result<Link, Stall> {
        let unlisted = || {
            let what = format!("follows block {}, which was not listed", block.parent_slot);
            Err(SourceError::Incomplete { slot: block.slot, what }.into())
        };
        let Some(head) = head else {
            // The first block of all follows none; but where a start was named, none may lie between.
            let between = (self.next_slot..block.slot).contains(&block.parent_slot);
            return if dense && self.next_slot > 0 && between { unlisted() } else { Ok(Link::Unlinked) };
        };
        if block.parent_slot == head.slot && block.previous_blockhash == head.blockhash {
            return Ok(Link::Linked);
        }
        if !dense {
            return Ok(Link::Unlinked);
        }
        if block.parent_slot > head.slot {
            return unlisted();
        }
        let served = self.source.blockhash(head.slot, self.source.commitment()).await?;
        if served.as_ref() != Some(&head.blockhash) {
            return Ok(Link::Forked(head.slot));
        }
        if block.parent_slot == head.slot {
            // Local validators name parents that never were; the comparison at finality takes the place of the link.
            return Ok(Link::Unlinked);
        }
        let what = format!("follows block {}, but block {} is in the chain too", block.parent_slot, head.slot);
        Err(SourceError::Incomplete { slot: block.slot, what }.into())
    }

    async fn write(&mut self, batch: &mut Batch) -> Result<usize, Stall> {
        let batch = std::mem::take(batch);
        let Some(head) = batch.head() else { return Ok(0) };
        let ancestor = if self.forked { self.head.as_ref().map(|head| head.slot) } else { None };
        let Committed { new_events, faults } = self.store.commit(&batch.blocks, ancestor).await?;
        self.forked = false;
        self.next_slot = head.slot.saturating_add(1);
        self.head = Some(head);
        if faults > 0 {
            self.healer.wake();
        }
        Ok(new_events)
    }

    /// The chain does not have the block at `slot` any more, which was read or indexed.
    async fn forked_at(&mut self, slot: u64) -> Result<Round, Stall> {
        if self.head.as_ref().is_none_or(|head| head.slot != slot) {
            let what = "was replaced while the blocks after it were read".into();
            return Err(SourceError::Incomplete { slot, what }.into());
        }
        let ancestor = fork::ancestor(self.source.as_ref(), &mut self.store, slot).await?;
        self.leave_for(ancestor);
        Ok(Round::Advanced { slot: self.next_slot.saturating_sub(1), new_events: 0 })
    }

    /// Goes on from `ancestor`. Nothing is taken out before there is a block to put in its place.
    fn leave_for(&mut self, ancestor: Head) {
        tracing::warn!(slot = ancestor.slot, hash = ancestor.blockhash, "the chain went another way after this block");
        self.next_slot = ancestor.slot.saturating_add(1);
        self.head = Some(ancestor);
        self.forked = true;
        self.sparse.clear();
    }

    /// The database side, for looking at it between rounds.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Ends when the source hints at something new.
    pub fn wake(&self) -> impl Future<Output = ()> + Send + use<S> {
        let source = Arc::clone(&self.source);
        async move { source.wake().await }
    }
}

enum Link {
    Linked,
    /// It follows as far as can be told, but no hashes prove it.
    Unlinked,
    /// The chain does not have the block before it any more.
    Forked(u64),
}

#[derive(Default)]
struct Batch {
    blocks: Vec<Linked>,
    events: usize,
    began: Option<Instant>,
}

impl Batch {
    fn push(&mut self, row: Linked) {
        self.began.get_or_insert_with(Instant::now);
        self.events += row.block.found.len();
        self.blocks.push(row);
    }

    fn head(&self) -> Option<Head> {
        let block = &self.blocks.last()?.block;
        Some(Head { slot: block.slot, blockhash: block.blockhash.clone() })
    }

    /// The next block, or `Some(None)` after the last one; `None`: what is here is to be written first.
    async fn wait(
        &self,
        blocks: &mut mpsc::Receiver<Received>,
        most: usize,
        age: Duration,
    ) -> Option<Option<Received>> {
        let Some(began) = self.began else { return Some(blocks.recv().await) };
        if self.events >= BATCH_EVENTS || self.blocks.len() >= most || began.elapsed() >= BATCH_AGE {
            return None;
        }
        match blocks.try_recv() {
            Ok(block) => Some(Some(block)),
            Err(mpsc::error::TryRecvError::Disconnected) => Some(None),
            Err(mpsc::error::TryRecvError::Empty) => {
                tokio::time::timeout_at((began + age).into(), blocks.recv()).await.ok()
            }
        }
    }
}

type Received = Result<DecodedBlock, SourceError>;
