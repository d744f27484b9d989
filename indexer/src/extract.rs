//! Blocks to candidate rows.
use crate::decode::{DecodeFault, Event, Program, decode};
use crate::source::{Block, InnerInstruction};

/// An instruction with the event tag, read or not.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub tx_index: u32,
    pub signature: [u8; 64],
    pub instruction: &'a InnerInstruction,
    pub program: Program,
    pub event: Result<Event, DecodeFault>,
}

/// Everything in the block that claims to be an event of ours, in order of execution.
pub fn candidates(block: &Block) -> Vec<Candidate<'_>> {
    let mut found = Vec::new();
    for transaction in &block.transactions {
        for instruction in &transaction.inner {
            let Some(program) = Program::of(&instruction.program) else { continue };
            let Some(event) = decode(program, &instruction.accounts, &instruction.data) else { continue };
            let (tx_index, signature) = (transaction.index, transaction.signature);
            found.push(Candidate { tx_index, signature, instruction, program, event });
        }
    }
    found
}
