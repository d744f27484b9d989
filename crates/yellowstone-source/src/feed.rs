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

    /// Takes a block. One that is there already is replaced: the later is what the chain has. No two blocks are kept of which
    /// one says that the other is not in its branch.
    pub fn take(&self, block: Block) {
        let mut state = self.state();
        let blocks = &mut state.blocks;
        if blocks.get(&block.slot).is_some_and(|kept| kept.blockhash != block.blockhash) {
            // What follows is of the branch that was left, as far as is known.
            blocks.retain(|slot, _| *slot < block.slot);
        }
        if blocks.range(block.slot.saturating_add(1)..).next().is_some_and(|(_, later)| later.parent_slot < block.slot)
        {
            // Of a branch that was left, and late.
            return;
        }
        // These are not in its branch.
        blocks.retain(|slot, _| *slot <= block.parent_slot || *slot >= block.slot);
        // A stream that only repeats itself does not know the tip either.
        let advances = blocks.last_key_value().is_none_or(|(newest, _)| *newest < block.slot);
        blocks.insert(block.slot, block);
        while blocks.len() > KEPT {
            blocks.pop_first();
        }
        if advances {
            state.advanced = Some(Instant::now());
        }
        drop(state);
        self.news.notify_one();
    }

    /// The chain has the block `served` at `slot`, or none: another one is not given out any more.
    pub fn compare(&self, slot: u64, served: Option<&str>) {
        let mut state = self.state();
        if state.blocks.get(&slot).is_some_and(|kept| served != Some(kept.blockhash.as_str())) {
            state.blocks.remove(&slot);
        }
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

    fn fed(blocks: &[(u64, u64)]) -> Feed {
        let feed = Feed::default();
        for (slot, parent) in blocks {
            feed.take(block(*slot, *parent));
        }
        feed
    }

    #[test]
    fn blocks_that_a_newer_one_passes_over_are_not_in_its_branch() {
        let feed = fed(&[(10, 9), (11, 10), (12, 10)]);
        assert_eq!(feed.slots(11, 100), Some(vec![12]), "11 has no block, says 12");
        assert_eq!(feed.block(11), None);
        let feed = fed(&[(10, 9), (11, 10), (12, 11), (13, 12), (15, 10), (16, 15)]);
        assert_eq!(feed.slots(10, 100), Some(vec![10, 15, 16]));
        assert_eq!(feed.tip(), Some(16));
    }

    #[test]
    fn a_late_block_of_a_branch_that_was_left_is_not_taken() {
        let feed = fed(&[(10, 9), (12, 10), (11, 10)]);
        assert_eq!(feed.slots(11, 100), Some(vec![12]));
        let feed = fed(&[(10, 9), (14, 10), (13, 12), (11, 10), (12, 11)]);
        assert_eq!(feed.slots(10, 100), Some(vec![10, 14]));
        // If the chain goes back to it after all, the block after it says so, and the node is asked for what was not taken.
        let feed = fed(&[(10, 9), (12, 10), (11, 10), (13, 11)]);
        assert_eq!((feed.slots(11, 100), feed.block(12)), (None, None));
        assert_eq!(feed.slots(12, 100), Some(vec![13]));
    }

    #[test]
    fn a_parent_that_comes_late_joins_its_branch() {
        let feed = fed(&[(10, 9), (13, 12), (11, 10)]);
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11]), "12 was not seen");
        feed.take(block(12, 11));
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11, 12, 13]));
    }

    #[test]
    fn a_block_in_the_place_of_another_ends_what_followed_that_one() {
        let feed = fed(&[(10, 9), (11, 10), (12, 11), (13, 12)]);
        feed.take(block(11, 10));
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11, 12, 13]), "repeated");
        feed.take(Block { blockhash: "fork".into(), ..block(11, 10) });
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11]));
        assert_eq!(feed.block(12), None);
        feed.take(Block { previous_blockhash: "fork".into(), ..block(12, 11) });
        assert_eq!(feed.slots(10, 100), Some(vec![10, 11, 12]));
    }

    #[test]
    fn what_the_node_says_is_not_in_the_chain_is_not_given_out() {
        let feed = fed(&[(10, 9), (11, 10), (12, 11)]);
        feed.compare(11, Some("hash11"));
        assert_eq!(feed.slots(11, 100), Some(vec![11, 12]));
        feed.compare(11, Some("another"));
        feed.compare(12, None);
        feed.compare(14, None);
        assert_eq!((feed.slots(10, 100), feed.slots(11, 100)), (Some(vec![10]), None));
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
