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
use indexer::{Block, BlockSource, Finality, InnerInstruction, Program, SourceError, Transaction};
use private_postgres::{Durability, PrivatePostgres};
use std::collections::{BTreeMap, HashMap};
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
    genesis: Option<String>,
    signed: u32,
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
            Transaction { index: index as u32, signature, inner }
        });
        let transactions = transactions.collect();
        let block = Block {
            slot,
            parent_slot: slot.saturating_sub(1),
            blockhash: format!("hash{slot}"),
            previous_blockhash: format!("hash{}", slot.saturating_sub(1)),
            time: Some(time),
            transactions,
        };
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

    pub fn set_genesis(&self, genesis: &str) {
        self.0.lock().unwrap().genesis = Some(genesis.to_owned());
    }

    /// Changes what a block holds.
    pub fn edit(&self, slot: u64, edit: impl FnOnce(&mut Block)) {
        edit(self.0.lock().unwrap().blocks.get_mut(&slot).unwrap());
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
        Ok(self.0.lock().unwrap().blocks.range(first..=last).map(|(slot, _)| *slot).collect())
    }

    async fn block(&self, slot: u64) -> Result<Block, SourceError> {
        let mut state = self.0.lock().unwrap();
        if let Some(left) = state.failures.get_mut(&slot).filter(|left| **left > 0) {
            *left -= 1;
            return Err(SourceError::Call { call: format!("getBlock({slot})"), message: "node is tired".into() });
        }
        Ok(state.blocks[&slot].clone())
    }
}
