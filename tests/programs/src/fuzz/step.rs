//! One step, as data: it can be kept, left out, and done again.
use crate::fuzz::names::name;
use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    pub act: Act,
    /// How an instruction was made wrong, if it was.
    pub attack: Option<&'static str>,
    /// What a dispute must come to.
    pub fault: Option<Fault>,
    /// What an answer to a demand must come to.
    pub answer: Option<Answer>,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// Seconds pass.
    Wait(i64),
    /// The price oracle writes its account.
    Oracle(Vec<u8>),
    /// A transaction; `payer` signs it and pays.
    Send { payer: Pubkey, instructions: Vec<Instruction> },
    /// The same while `payer` stands in for the jobs program towards the staking program: what no instruction of the jobs program
    /// asks for yet.
    Judge { payer: Pubkey, instruction: Instruction },
}

/// What a cell is judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It succeeds exactly if the cell is wrong.
    Dispute,
    /// It never succeeds if the cell, or the evidence, is wrong.
    Answer,
}

/// A dispute about `job`, or an answer to its audit, with this commitment and this evidence.
#[derive(Clone, Debug)]
pub struct Fault {
    pub judged: Judged,
    pub job: Pubkey,
    pub commitment: [u8; 32],
    pub proof: Pubkey,
    pub evidence: Vec<u8>,
    pub is_wrong: bool,
}

/// An answer to the demand at this address with these bytes: until the deadline it succeeds exactly if it is right.
#[derive(Clone, Debug)]
pub struct Answer {
    pub demand: Pubkey,
    pub job: Pubkey,
    pub proof: Pubkey,
    pub bytes: Vec<u8>,
    pub is_right: bool,
}

impl Step {
    pub fn send(payer: Pubkey, instructions: Vec<Instruction>) -> Self {
        Step { act: Act::Send { payer, instructions }, attack: None, fault: None, answer: None }
    }

    pub fn wait(seconds: i64) -> Self {
        Step { act: Act::Wait(seconds), attack: None, fault: None, answer: None }
    }

    /// In words, with accounts as `names` calls them.
    pub fn describe(&self, names: &BTreeMap<Pubkey, String>) -> String {
        let called = |key: &Pubkey| names.get(key).cloned().unwrap_or_else(|| key.to_string());
        let mut text = match &self.act {
            Act::Wait(seconds) => format!("wait {seconds} s"),
            Act::Oracle(_) => "the price oracle writes".into(),
            Act::Send { payer, .. } => format!("{} sends", called(payer)),
            Act::Judge { payer, .. } => format!("{} sends for the jobs program", called(payer)),
        };
        if let Some(attack) = self.attack {
            let _ = write!(text, " ({attack})");
        }
        for instruction in self.instructions() {
            let data: String = instruction.data.iter().skip(8).map(|b| format!("{b:02x}")).collect();
            let _ = write!(text, "\n    {} 0x{data}", name(instruction));
            for meta in &instruction.accounts {
                let flags = [if meta.is_signer { "s" } else { "-" }, if meta.is_writable { "w" } else { "-" }].concat();
                let _ = write!(text, "\n        {flags} {}", called(&meta.pubkey));
            }
        }
        text
    }

    pub fn instructions(&self) -> &[Instruction] {
        match &self.act {
            Act::Send { instructions, .. } => instructions,
            Act::Judge { instruction, .. } => std::slice::from_ref(instruction),
            Act::Wait(_) | Act::Oracle(_) => &[],
        }
    }
}
