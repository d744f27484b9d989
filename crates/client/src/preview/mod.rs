//! What a transaction does, in words: read back from the bytes that are about to be signed, so that what is shown is what is
//! signed.
mod credits;
mod governance;
mod jobs;
mod staking;
mod words;

use crate::{Pubkey, compute};
use anchor_lang::{AnchorDeserialize, Discriminator, system_program};
use economy::amount::{Decimal, io};
use solana_instruction::Instruction;
use std::fmt;

pub use words::{action, pauses};

/// One instruction in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub program: String,
    pub instruction: String,
    /// The accounts that matter.
    pub accounts: Vec<(&'static str, Pubkey)>,
    /// Amounts in whole coins, and whatever else was ordered.
    pub details: Vec<(&'static str, String)>,
}

/// A transaction in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub fee_payer: Pubkey,
    /// All that must sign, the fee payer first.
    pub signers: Vec<Pubkey>,
    pub steps: Vec<Step>,
}

impl Preview {
    pub fn of(instructions: &[Instruction], fee_payer: &Pubkey) -> Self {
        let mut signers = vec![*fee_payer];
        for meta in instructions.iter().flat_map(|i| &i.accounts).filter(|meta| meta.is_signer) {
            if !signers.contains(&meta.pubkey) {
                signers.push(meta.pubkey);
            }
        }
        Preview { fee_payer: *fee_payer, signers, steps: instructions.iter().map(step).collect() }
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "transaction, fee paid by {}", self.fee_payer)?;
        for signer in &self.signers[1..] {
            write!(f, ", also signed by {signer}")?;
        }
        for (i, step) in self.steps.iter().enumerate() {
            write!(f, "\n  {}. {}: {}", i + 1, step.program, step.instruction)?;
            let accounts = step.accounts.iter().map(|(name, key)| (*name, key.to_string()));
            for (name, value) in step.details.iter().cloned().chain(accounts) {
                write!(f, "\n       {name:<14} {value}")?;
            }
        }
        Ok(())
    }
}

/// An instruction in words; one that is not known is shown as what it is: bytes, and every account it may change.
fn step(i: &Instruction) -> Step {
    let known = match i.program_id {
        id if id == ::credits::ID => credits::read(i),
        id if id == ::jobs::ID => jobs::read(i),
        id if id == ::staking::ID => staking::read(i),
        id if id == ::governance::ID => governance::read(i),
        id if id == system_program::ID => system(i),
        id if id == compute::PROGRAM => units(i),
        id if id == anchor_spl::token::ID => token(i),
        id if id == anchor_spl::associated_token::ID => associated(i),
        _ => None,
    };
    known.unwrap_or_else(|| unknown(i))
}

fn unknown(i: &Instruction) -> Step {
    let start: String = i.data.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let step = Step::new(&i.program_id.to_string(), "NOT KNOWN to this client");
    let mut step = step.detail("data", format!("{} bytes, starting {start}", i.data.len()));
    step.accounts = i.accounts.iter().filter(|m| m.is_writable).map(|m| ("may change", m.pubkey)).collect();
    step
}

impl Step {
    fn new(program: &str, instruction: &str) -> Self {
        Step { program: program.into(), instruction: instruction.into(), accounts: Vec::new(), details: Vec::new() }
    }

    /// Names the account at `index` of the instruction.
    fn account(mut self, name: &'static str, i: &Instruction, index: usize) -> Self {
        if let Some(meta) = i.accounts.get(index) {
            self.accounts.push((name, meta.pubkey));
        }
        self
    }

    fn detail(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.details.push((name, value.to_string()));
        self
    }
}

/// The instruction's arguments, if it is a `T`: all of its bytes.
fn arguments<T: Discriminator + AnchorDeserialize>(i: &Instruction) -> Option<T> {
    T::try_from_slice(i.data.strip_prefix(T::DISCRIMINATOR)?).ok()
}

fn number(i: &Instruction, at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(i.data.get(at..at + 8)?.try_into().ok()?))
}

/// Transfers of SOL.
fn system(i: &Instruction) -> Option<Step> {
    if i.data.get(..4)? != [2, 0, 0, 0] {
        return None;
    }
    let sol = Decimal { amount: number(i, 4)?, decimals: 9 };
    let step = Step::new("system", "send SOL").detail("amount", format!("{sol} SOL"));
    Some(step.account("from", i, 0).account("to", i, 1))
}

/// Compute units.
fn units(i: &Instruction) -> Option<Step> {
    Some(Step::new("compute budget", "set the transaction's limit").detail("units", compute::units_of(i)?))
}

/// Transfers of IO.
fn token(i: &Instruction) -> Option<Step> {
    if *i.data.first()? != 12 || i.accounts.get(1)?.pubkey != crate::address::io_mint() {
        return None;
    }
    let step = Step::new("token", "send IO").detail("amount", format!("{} IO", io(number(i, 1)?)));
    Some(step.account("from", i, 3).account("to account", i, 2))
}

/// Creating a missing token account.
fn associated(i: &Instruction) -> Option<Step> {
    if i.data != [1] {
        return None;
    }
    let coin = match i.accounts.get(3)?.pubkey {
        mint if mint == crate::address::io_mint() => "IO",
        mint if mint == crate::address::iosd_mint() => "IOSD",
        _ => return None,
    };
    let step = Step::new("token account", &format!("create an account for {coin} if it is missing"));
    Some(step.account("of", i, 2))
}

#[cfg(test)]
mod tests;
