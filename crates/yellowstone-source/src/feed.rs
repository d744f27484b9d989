//! The newest blocks that the stream brought.
use indexer::Block;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Blocks kept: some seven minutes of a chain, reduced to what is ours. Older ones are asked of the RPC node.
const KEPT: usize = 1_024;
/// A chain makes several blocks a second; a stream that brings nothing new for so long does not know the tip.
const SILENT: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Feed {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    blocks: BTreeMap<u64, Block>,
    advanced: Option<Instant>,
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a block. One that is there already is replaced: the later is what the chain has.
    pub fn take(&self, block: Block) {
        let mut state = self.state();
        // A stream that only repeats itself does not know the tip either.
        if state.blocks.last_key_value().is_none_or(|(newest, _)| *newest < block.slot) {
            state.advanced = Some(Instant::now());
        }
        state.blocks.insert(block.slot, block);
        while state.blocks.len() > KEPT {
            state.blocks.pop_first();
        }
        drop(state);
        self.news.notify_one();
    }

    /// Ends when a block came in since the last call.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    pub fn newest(&self) -> Option<u64> {
        self.state().blocks.last_key_value().map(|(slot, _)| *slot)
    }

    /// The newest slot, while the stream flows.
    pub fn tip(&self) -> Option<u64> {
        let state = self.state();
        let flows = state.advanced.is_some_and(|advanced| advanced.elapsed() < SILENT);
        if flows { state.blocks.last_key_value().map(|(slot, _)| *slot) } else { None }
    }

    pub fn block(&self, slot: u64) -> Option<Block> {
        self.state().blocks.get(&slot).cloned()
    }

    /// Slots with a block from `first` to `last`, as far as the blocks themselves prove that none is missing between them:
    /// the first one's parent is before `first`, and each other one's parent is the one before it. `None`: nothing is proven.
    pub fn slots(&self, first: u64, last: u64) -> Option<Vec<u64>> {
        let state = self.state();
        let mut blocks = state.blocks.range(first..).map(|(_, block)| block);
        let mut head = blocks.next().filter(|block| block.parent_slot < first)?;
        let mut slots = Vec::new();
        while head.slot <= last {
            slots.push(head.slot);
            match blocks.next() {
                Some(next) if next.parent_slot == head.slot && next.previous_blockhash == head.blockhash => head = next,
                _ => break,
            }
        }
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(slot: u64, parent_slot: u64) -> Block {
        let (blockhash, previous_blockhash) = (format!("hash{slot}"), format!("hash{parent_slot}"));
        Block { slot, parent_slot, blockhash, previous_blockhash, time: None, transactions: Vec::new() }
    }

    #[test]
    fn only_slots_between_which_nothing_can_be_missing_are_named() {
        let feed = Feed::default();
        assert_eq!((feed.slots(0, 100), feed.tip()), (None, None));
        for (slot, parent) in [(10, 9), (11, 10), (13, 11), (15, 14), (16, 15)] {
            feed.take(block(slot, parent));
        }
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11, 13]), "14 was not seen");
        assert_eq!(feed.slots(11, 11), Some(vec![11]));
        assert_eq!(feed.slots(12, 12), Some(vec![]), "13 says that 12 has no block");
        assert_eq!(feed.slots(9, 100), None, "9 was not seen");
        assert_eq!(feed.slots(14, 100), None);
        assert_eq!(feed.slots(15, 100), Some(vec![15, 16]));
        assert_eq!(feed.tip(), Some(16));
        // Another block in the place of 11 has other children.
        feed.take(Block { blockhash: "fork".into(), ..block(11, 10) });
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11]));
    }

    #[test]
    fn only_so_many_blocks_are_kept() {
        let feed = Feed::default();
        for slot in 1..=5_000 {
            feed.take(block(slot, slot - 1));
        }
        assert_eq!(feed.slots(3_000, 5_000), None);
        assert_eq!(feed.slots(4_000, 5_000).unwrap().len(), 1_001);
    }
}
