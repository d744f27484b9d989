//! A chain in memory and stories to put on it.
#![allow(dead_code)] // Each test binary uses its own part.
pub mod indexed;
pub mod memory;
pub mod muddle;
pub mod samples;
mod samples_of_rounds;
mod samples_of_stake;
mod samples_of_votes;
pub mod story;
pub mod world;

use anchor_lang::event::EVENT_IX_TAG_LE;
use indexer::{Block, BlockSource, Finality, InnerInstruction, Program, Shards, SourceError, Transaction, decode};
use private_postgres::{Durability, PrivatePostgres};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// A database for one test, gone with it.
pub struct Database {
    pub postgres: PrivatePostgres,
    _dir: tempfile::TempDir,
}

impl Database {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let postgres = PrivatePostgres::start_with(dir.path(), Durability::Volatile).unwrap();
        Self { postgres, _dir: dir }
    }

    pub fn url(&self) -> &str {
        self.postgres.url()
    }
}

/// The instruction that `emit_cpi!` makes of an event.
pub fn event_data(event: &impl anchor_lang::Event) -> Vec<u8> {
    [EVENT_IX_TAG_LE, &event.data()].concat()
}

pub fn emitted(program: Program, inner_index: u16, data: Vec<u8>) -> InnerInstruction {
    InnerInstruction {
        instruction_index: 0,
        inner_index,
        program: program.id(),
        accounts: vec![program.event_authority()],
        data,
    }
}

#[derive(Default)]
struct State {
    blocks: BTreeMap<u64, Block>,
    finalized: u64,
    /// How often `block` fails before it answers.
    failures: HashMap<u64, u32>,
    /// What it says then, if not that it is tired.
    excuse: Option<String>,
    genesis: Option<String>,
    signed: u32,
    /// Tells blocks and transactions of one branch from those of another.
    branch: u8,
    /// Slots before it are not known any more.
    first_kept: u64,
    /// Blocks that are served without their transactions, and slots that are not listed, once.
    emptied: Vec<u64>,
    hidden: Vec<u64>,
    /// What the address index leaves out; `None`: there is no such index.
    unlisted: Option<Vec<u64>>,
    fetched: Vec<u64>,
    /// Readings of the shards' accounts, one after another; the last one stays.
    shards: VecDeque<Shards>,
}

/// A source of blocks that does what it is told.
#[derive(Clone, Default)]
pub struct FakeChain(Arc<Mutex<State>>);

impl FakeChain {
    /// Adds a block with one transaction per list of inner instructions.
    pub fn add(&self, slot: u64, time: i64, transactions: Vec<Vec<InnerInstruction>>) {
        let mut state = self.0.lock().unwrap();
        let transactions = transactions.into_iter().enumerate().map(|(index, inner)| {
            state.signed += 1;
            let mut signature = [7; 64];
            signature[..4].copy_from_slice(&state.signed.to_be_bytes());
            signature[4] = state.branch;
            Transaction { index: index as u32, signature, inner }
        });
        let transactions = transactions.collect();
        let parent = state.blocks.range(..slot).next_back().map(|(slot, block)| (*slot, block.blockhash.clone()));
        let (parent_slot, previous_blockhash) = parent.unwrap_or((slot.saturating_sub(1), "genesis".into()));
        let blockhash = format!("hash{slot}-{}", state.branch);
        let block = Block { slot, parent_slot, blockhash, previous_blockhash, time: Some(time), transactions };
        state.blocks.insert(slot, block);
    }

    /// Puts the transactions of so many blocks into one.
    pub fn pack(&self, blocks: usize) {
        let mut state = self.0.lock().unwrap();
        let all: Vec<Block> = std::mem::take(&mut state.blocks).into_values().collect();
        for some in all.chunks(blocks) {
            let transactions = some.iter().flat_map(|block| block.transactions.clone()).zip(0..);
            let transactions = transactions.map(|(transaction, index)| Transaction { index, ..transaction }).collect();
            let last = some.last().unwrap().clone();
            state.blocks.insert(last.slot, Block { transactions, ..last });
        }
    }

    pub fn finalize(&self, slot: u64) {
        self.0.lock().unwrap().finalized = slot;
    }

    pub fn fail_block(&self, slot: u64, times: u32) {
        self.0.lock().unwrap().failures.insert(slot, times);
    }

    pub fn say(&self, excuse: &str) {
        self.0.lock().unwrap().excuse = Some(excuse.to_owned());
    }

    /// The shards' accounts after the blocks up to `slot`.
    pub fn shards_at(&self, slot: u64) -> Shards {
        let state = self.0.lock().unwrap();
        let mut last = BTreeMap::new();
        let transactions = state.blocks.range(..=slot).flat_map(|(_, block)| &block.transactions);
        for inner in transactions.flat_map(|transaction| &transaction.inner) {
            let program = Program::of(&inner.program).unwrap();
            if let Some(Ok(event)) = decode(program, &inner.accounts, &inner.data) {
                last.insert((program, event.stamp().shard), event.stamp().seq);
            }
        }
        Shards { slot, last }
    }

    /// From now on the shards' accounts are read so, one reading after another.
    pub fn show_shards(&self, readings: impl IntoIterator<Item = Shards>) {
        self.0.lock().unwrap().shards = readings.into_iter().collect();
    }

    pub fn set_genesis(&self, genesis: &str) {
        self.0.lock().unwrap().genesis = Some(genesis.to_owned());
    }

    /// Changes what a block holds.
    pub fn edit(&self, slot: u64, edit: impl FnOnce(&mut Block)) {
        edit(self.0.lock().unwrap().blocks.get_mut(&slot).unwrap());
    }

    /// What is added from now on is of another branch.
    pub fn branch(&self, name: u8) {
        self.0.lock().unwrap().branch = name;
    }

    /// From now on it has the blocks of `other`.
    pub fn switch_to(&self, other: &FakeChain) {
        let blocks = other.0.lock().unwrap().blocks.clone();
        self.0.lock().unwrap().blocks = blocks;
    }

    pub fn prune(&self, first_kept: u64) {
        self.0.lock().unwrap().first_kept = first_kept;
    }

    pub fn empty_once(&self, slot: u64) {
        self.0.lock().unwrap().emptied.push(slot);
    }

    pub fn hide_once(&self, slot: u64) {
        self.0.lock().unwrap().hidden.push(slot);
    }

    /// From now on it has an address index, which leaves some slots out.
    pub fn index_addresses(&self, leave_out: &[u64]) {
        self.0.lock().unwrap().unlisted = Some(leave_out.to_vec());
    }

    /// How many blocks were asked for since the last time.
    pub fn fetched(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().fetched).len()
    }

    /// The block as it is, to be put back.
    pub fn block_at(&self, slot: u64) -> Block {
        self.0.lock().unwrap().blocks[&slot].clone()
    }

    pub fn remove(&self, slot: u64) {
        self.0.lock().unwrap().blocks.remove(&slot);
    }
}

impl BlockSource for FakeChain {
    async fn genesis_hash(&self) -> Result<String, SourceError> {
        Ok(self.0.lock().unwrap().genesis.clone().unwrap_or("genesis".into()))
    }

    async fn tip(&self, finality: Finality) -> Result<u64, SourceError> {
        let state = self.0.lock().unwrap();
        Ok(match finality {
            Finality::Confirmed => state.blocks.last_key_value().map_or(0, |(slot, _)| *slot),
            Finality::Finalized => state.finalized,
        })
    }

    async fn slots(&self, first: u64, last: u64) -> Result<Vec<u64>, SourceError> {
        let mut state = self.0.lock().unwrap();
        let mut slots: Vec<u64> = state.blocks.range(first..=last).map(|(slot, _)| *slot).collect();
        for hidden in std::mem::take(&mut state.hidden) {
            match slots.iter().position(|slot| *slot == hidden) {
                Some(at) => drop(slots.remove(at)),
                None => state.hidden.push(hidden),
            }
        }
        Ok(slots)
    }

    async fn block(&self, slot: u64) -> Result<Block, SourceError> {
        let mut state = self.0.lock().unwrap();
        state.fetched.push(slot);
        if let Some(left) = state.failures.get_mut(&slot).filter(|left| **left > 0) {
            *left -= 1;
            let message = state.excuse.clone().unwrap_or("node is tired".into());
            return Err(SourceError::Call { call: format!("getBlock({slot})"), message });
        }
        let Some(mut block) = state.blocks.get(&slot).cloned() else {
            return Err(SourceError::Call { call: format!("getBlock({slot})"), message: "not known".into() });
        };
        if let Some(at) = state.emptied.iter().position(|emptied| *emptied == slot) {
            state.emptied.swap_remove(at);
            block.transactions.clear();
        }
        Ok(block)
    }

    async fn blockhash(&self, slot: u64, finality: Finality) -> Result<Option<String>, SourceError> {
        let state = self.0.lock().unwrap();
        let last = match finality {
            Finality::Confirmed => u64::MAX,
            Finality::Finalized => state.finalized,
        };
        let mut blocks = state.blocks.range(slot..=last.max(slot)).filter(|(at, _)| **at <= last);
        match blocks.next().filter(|_| slot >= state.first_kept) {
            Some((at, block)) => Ok((*at == slot).then(|| block.blockhash.clone())),
            None => Err(SourceError::Call { call: format!("getBlocks({slot})"), message: "not known yet".into() }),
        }
    }

    async fn active_slots(&self, first: u64, last: u64, most: usize) -> Result<Option<Vec<u64>>, SourceError> {
        let state = self.0.lock().unwrap();
        let Some(unlisted) = &state.unlisted else { return Ok(None) };
        let active =
            |(slot, block): (&u64, &Block)| block.transactions.iter().any(|t| !t.inner.is_empty()).then_some(*slot);
        let slots: Vec<u64> = state.blocks.range(first..=last).filter_map(active).collect();
        Ok((slots.len() <= most).then(|| slots.into_iter().filter(|slot| !unlisted.contains(slot)).collect()))
    }

    async fn shards(&self) -> Result<Option<Shards>, SourceError> {
        let mut state = self.0.lock().unwrap();
        let next = if state.shards.len() > 1 { state.shards.pop_front() } else { state.shards.front().cloned() };
        Ok(next)
    }
}
