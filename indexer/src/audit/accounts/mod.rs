//! The books against the accounts of the chain.
mod credits;
mod governance;
mod jobs;
mod staking;

use crate::audit::books::{Books, Orders};
use crate::audit::chain::Reading;
use crate::audit::cut::{Sequences, shard_seq};
use crate::audit::finding::{Findings, Subject};
use crate::decode::Program;
use ::credits::constants::SHARDS;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountDeserialize, Discriminator};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// A program's accounts, of which each is looked for once.
struct Accounts<'a> {
    reading: &'a Reading,
    looked_for: BTreeSet<[u8; 32]>,
}

impl<'a> Accounts<'a> {
    fn new(reading: &'a Reading) -> Self {
        Self { reading, looked_for: BTreeSet::new() }
    }

    /// The account, which must exist and be readable.
    fn take<T: AccountDeserialize>(&mut self, findings: &mut Findings, subject: Subject) -> Option<T> {
        let address = subject.address().to_bytes();
        self.looked_for.insert(address);
        findings.checks += 1;
        let Some(data) = self.reading.accounts.get(&address) else {
            findings.found(subject, "account", "one", "none");
            return None;
        };
        let account = T::try_deserialize(&mut data.as_slice());
        if account.is_err() {
            findings.found(subject, "account", "another type", "unreadable bytes");
        }
        account.ok()
    }

    /// Accounts of this type that were not looked for: no event made them, or an event says that they are gone.
    fn no_other<T: Discriminator>(&self, findings: &mut Findings) {
        for (address, data) in &self.reading.accounts {
            if data.starts_with(T::DISCRIMINATOR) && !self.looked_for.contains(address) {
                findings.found(Subject::Unknown(Pubkey::from(*address)), "account", "none", "one");
            }
        }
    }

    /// The event sequences. Shards that told nothing yet may not be open.
    fn sequences(&mut self, findings: &mut Findings, books: &Sequences, program: Program) {
        for index in 0..SHARDS {
            let subject = Subject::Shard(program, index);
            let said = self.reading.accounts.get(&subject.address().to_bytes());
            let said = said.and_then(|data| shard_seq(program, data)).unwrap_or(0);
            findings.check(subject, "seq", books.get(&(program, index)).copied().unwrap_or(0), said);
        }
    }
}

/// What the orders made of a config.
struct Said<'a, P> {
    all: &'a [P],
    value: &'a dyn Fn(P) -> u64,
    paused: u8,
    authority: Pubkey,
    pending: Pubkey,
}

impl Orders {
    fn compare<P: Copy + Debug>(&self, findings: &mut Findings, program: Program, said: &Said<'_, P>) {
        let subject = Subject::Config(program);
        for parameter in said.all.iter().copied() {
            let name = crate::decode::words::name(parameter);
            let (books, said) = (self.get(&name), (said.value)(parameter));
            findings.check(subject, "parameter", format!("{name} {books}"), format!("{name} {said}"));
        }
        findings.check(subject, "paused", self.paused, said.paused);
        findings.check(subject, "pending authority", self.pending, said.pending);
        if let Some(authority) = self.authority {
            findings.check(subject, "authority", authority, said.authority);
        }
    }
}

/// The coins' accounts that an audit reads.
pub const COINS: [Subject; 5] =
    [Subject::IoMint, Subject::IosdMint, Subject::StakeVault, Subject::RewardVault, Subject::DepositVault];

/// Where a mint has its supply, and a token account its amount; the same in both token programs.
const SUPPLY: usize = 36;
const AMOUNT: usize = 64;

impl Books {
    /// Compares with a program's accounts, as they were after everything that the books have.
    pub fn compare(&mut self, program: Program, reading: &Reading) {
        match program {
            Program::Credits => self.compare_credits(reading),
            Program::Jobs => self.compare_jobs(reading),
            Program::Staking => self.compare_staking(reading),
            Program::Governance => self.compare_governance(reading),
        }
    }

    pub fn compare_coins(&mut self, reading: &Reading) {
        for subject in COINS {
            let at = if matches!(subject, Subject::IoMint | Subject::IosdMint) { SUPPLY } else { AMOUNT };
            let data = reading.accounts.get(&subject.address().to_bytes());
            let amount = data.and_then(|data| data.get(at..)?.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes));
            let Some(said) = amount else {
                self.findings.found(subject, "account", "one", "none");
                continue;
            };
            let findings = &mut self.findings;
            match subject {
                Subject::IoMint => findings.check_most(subject, "supply", self.io_supply, said),
                Subject::IosdMint => findings.check_most(subject, "supply", self.credits.iosd_supply(), said),
                Subject::StakeVault => findings.check_least(subject, "amount", self.staking.stake_vault, said),
                Subject::RewardVault => findings.check_least(subject, "amount", self.staking.reward_vault, said),
                _ => findings.check_least(subject, "amount", self.governance.deposit_vault, said),
            }
        }
    }
}
