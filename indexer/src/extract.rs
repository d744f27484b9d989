//! Blocks to rows.
use crate::decode::{DecodeFault, Event, Program, decode};
use crate::source::Block;

/// A block and what it holds of ours, decoded.
#[derive(Debug)]
pub struct DecodedBlock {
    pub slot: u64,
    pub parent_slot: u64,
    pub blockhash: String,
    pub previous_blockhash: String,
    /// Unix time, seconds.
    pub time: Option<i64>,
    /// In order of execution.
    pub found: Vec<Candidate>,
}

/// An instruction with the event tag, read or not.
#[derive(Debug)]
pub struct Candidate {
    pub tx_index: u32,
    pub signature: [u8; 64],
    pub instruction_index: u8,
    pub inner_index: u16,
    pub program: Program,
    pub data: Vec<u8>,
    pub event: Result<Decoded, DecodeFault>,
}

/// An event, and its fields as the database holds them.
#[derive(Debug)]
pub struct Decoded {
    pub event: Event,
    pub body: String,
}

/// Keeps what claims to be an event of ours.
pub fn decode_block(block: Block) -> DecodedBlock {
    let Block { slot, parent_slot, blockhash, previous_blockhash, time, transactions } = block;
    let mut found = Vec::new();
    for transaction in transactions {
        let (tx_index, signature) = (transaction.index, transaction.signature);
        for inner in transaction.inner {
            let Some(program) = Program::of(&inner.program) else { continue };
            let Some(event) = decode(program, &inner.accounts, &inner.data) else { continue };
            let event = event.map(|event| Decoded { body: event.body().to_string(), event });
            let (instruction_index, inner_index, data) = (inner.instruction_index, inner.inner_index, inner.data);
            found.push(Candidate { tx_index, signature, instruction_index, inner_index, program, data, event });
        }
    }
    DecodedBlock { slot, parent_slot, blockhash, previous_blockhash, time, found }
}
