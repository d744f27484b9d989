//! A recording in memory, with a tip that moves.
use crate::RecordedError;
use crate::format::{Accounts, Header, Line, Reader};
use crate::index::Index;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// How far the chain is for who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    pub confirmed: u64,
    pub finalized: u64,
}

/// What a [`Server`](crate::Server) answers from.
pub struct Chain {
    pub header: Header,
    blocks: BTreeMap<u64, Bytes>,
    accounts: Option<Accounts>,
    tip: watch::Sender<Tip>,
    first_available: AtomicU64,
    index: OnceLock<Index>,
}

impl Chain {
    /// Reads a whole recording; its last block is the tip, confirmed and finalized, until [`set_tip`](Self::set_tip).
    ///
    /// # Errors
    /// The file cannot be read or is no recording.
    pub fn load(path: &Path) -> Result<Self, RecordedError> {
        let mut reader = Reader::open(path)?;
        let (mut blocks, mut accounts) = (BTreeMap::new(), None);
        for line in &mut reader {
            match line? {
                Line::Block { slot, result } => {
                    blocks.insert(slot, Bytes::from(String::from(Box::<str>::from(result))));
                }
                Line::Accounts(found) => accounts = Some(found),
            }
        }
        Ok(Self::new(reader.header, blocks, accounts))
    }

    /// From blocks in memory: results of `getBlock` by slot.
    pub fn new(header: Header, blocks: BTreeMap<u64, Bytes>, accounts: Option<Accounts>) -> Self {
        let last = blocks.last_key_value().map_or(header.first_slot, |(slot, _)| *slot);
        let (tip, _) = watch::channel(Tip { confirmed: last, finalized: last });
        let first_available = AtomicU64::new(header.first_slot);
        Chain { header, blocks, accounts, tip, first_available, index: OnceLock::new() }
    }

    /// Blocks after `confirmed` are not there yet for who asks; those after `finalized` are not final yet. May go back, as the tip
    /// of a node does that was restarted or is one of several.
    pub fn set_tip(&self, confirmed: u64, finalized: u64) {
        self.tip.send_replace(Tip { confirmed, finalized });
    }

    pub fn tip(&self) -> Tip {
        *self.tip.borrow()
    }

    /// Hears of every change of the tip.
    pub fn watch(&self) -> watch::Receiver<Tip> {
        self.tip.subscribe()
    }

    /// Blocks before `slot` are gone for who asks, as on a node that keeps little.
    pub fn forget_before(&self, slot: u64) {
        self.first_available.store(slot, Ordering::Relaxed);
    }

    pub fn first_available(&self) -> u64 {
        self.first_available.load(Ordering::Relaxed)
    }

    /// Slots that have a block, ascending, whatever the tip.
    pub fn slots(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.blocks.keys().copied()
    }

    /// A block's result, whatever the tip.
    pub fn block(&self, slot: u64) -> Option<&Bytes> {
        self.blocks.get(&slot)
    }

    pub(crate) fn blocks_in(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = u64> + '_ {
        let first = first.max(self.first_available());
        (first <= last).then(|| self.blocks.range(first..=last)).into_iter().flatten().map(|(slot, _)| *slot)
    }

    /// Accounts at the end of the recording, if it has them.
    pub fn accounts(&self) -> Option<&Accounts> {
        self.accounts.as_ref()
    }

    pub(crate) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self.blocks.iter().map(|(slot, block)| (*slot, block))))
    }
}
