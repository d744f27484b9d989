//! A recording of a random world: real programs, real transactions, in blocks.
use crate::Event;
use crate::blocks::{Sent, block};
use crate::fuzz::step::Step;
use crate::fuzz::{Chooser, World};
use crate::net::Net;
use crate::vm::{PROGRAMS, Vm};
use anchor_lang::prelude::Pubkey;
use anyhow::{Context, Result, anyhow};
use recorded::{Accounts, Header, Writer};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use solana_account::ReadableAccount;
use solana_transaction_status::TransactionWithStatusMeta;
use std::path::Path;

/// How much to record.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// At least so many events, in at least so many blocks.
    pub events: u64,
    pub blocks: u64,
}

/// One slot in so many has no block, if nothing was sent in it.
const SKIPPED: u64 = 16;

/// What was recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded {
    pub events: u64,
    pub blocks: u64,
    pub transactions: u64,
    pub steps: u64,
    pub first_slot: u64,
    pub last_slot: u64,
}

/// Blocks as they are filled.
struct Tape {
    writer: Writer,
    done: Recorded,
    open: Vec<Sent>,
    /// The last block that was written, and its time.
    parent: (u64, i64),
    /// Events since then.
    in_slot: u64,
}

/// Records the world of `seed` from its first transaction, and its accounts at the end.
///
/// # Errors
/// The file cannot be written, or a rule of the programs breaks.
pub fn record(path: &Path, seed: u64, amount: Amount, progress: impl Fn(&Recorded)) -> Result<Recorded> {
    let vm = Vm::new().recorded();
    let genesis = Pubkey::from(judge::sha256(&[b"genesis", &seed.to_le_bytes()])).to_string();
    let mut world = World::of(Net::up(vm));
    let sent = world.vm.take_sent();
    let first_slot = sent.first().context("a network begins with transactions")?.slot;
    let writer = Writer::create(path, &Header::new(genesis, first_slot))?;
    let done = Recorded { first_slot, ..Recorded::default() };
    let mut tape = Tape { writer, done, open: Vec::new(), parent: (first_slot - 1, 0), in_slot: 0 };
    tape.take(sent)?;
    let mut chooser = Chooser::new(seed);
    while tape.done.events < amount.events || tape.done.blocks < amount.blocks {
        let step = chooser.next(&world);
        apply(&mut world, &step)?;
        tape.done.steps += 1;
        tape.take(world.vm.take_sent())?;
        // As many to a block as it takes to come out even: two slots pass, one of them empty.
        if tape.in_slot * amount.blocks >= 2 * amount.events {
            apply(&mut world, &Step::wait(0))?;
            tape.in_slot = 0;
        }
        if tape.done.steps.is_multiple_of(10_000) {
            progress(&tape.done);
        }
    }
    tape.close()?;
    let accounts = accounts(&world.vm, tape.done.last_slot)?;
    tape.writer.finish(Some(&accounts))?;
    Ok(tape.done)
}

fn apply(world: &mut World, step: &Step) -> Result<()> {
    world.apply(step).map(|_| ()).map_err(|violation| anyhow!("a rule is broken: {violation}"))
}

impl Tape {
    fn take(&mut self, sent: Vec<Sent>) -> Result<()> {
        for sent in sent {
            if self.open.first().is_some_and(|first| first.slot != sent.slot) {
                self.close()?;
            }
            if !sent.is_included() {
                continue;
            }
            let events = events_of(&sent);
            self.done.events += events;
            self.in_slot += events;
            self.open.push(sent);
        }
        Ok(())
    }

    /// Writes the block, and those of the slots before it in which nothing was sent.
    fn close(&mut self) -> Result<()> {
        let Some(Sent { slot, time, .. }) = self.open.first() else { return Ok(()) };
        let (slot, time) = (*slot, *time);
        for empty in (self.parent.0 + 1..slot).filter(|slot| !slot.is_multiple_of(SKIPPED)) {
            self.write(empty, self.parent.1, vec![])?;
        }
        let first = self.done.transactions;
        self.done.transactions += self.open.len() as u64;
        let transactions = self.open.drain(..).zip(first..).map(|(sent, number)| sent.with_meta(number)).collect();
        self.in_slot = 0;
        self.write(slot, time, transactions)
    }

    fn write(&mut self, slot: u64, time: i64, transactions: Vec<TransactionWithStatusMeta>) -> Result<()> {
        let block = block(slot, self.parent.0, self.done.blocks, time, transactions);
        self.writer.block(slot, &to_raw_value(&block)?)?;
        self.done.blocks += 1;
        self.parent = (slot, time);
        self.done.last_slot = slot;
        Ok(())
    }
}

fn events_of(sent: &Sent) -> u64 {
    let Ok(meta) = &sent.result else { return 0 };
    let keys = &sent.transaction.message.account_keys;
    let inner = meta.inner_instructions.iter().flatten().map(|i| &i.instruction);
    inner.filter(|i| Event::decode(keys[usize::from(i.program_id_index)], &i.data).is_some()).count() as u64
}

/// Everything that our programs and the token programs own, as `getProgramAccounts` has it.
fn accounts(vm: &Vm, slot: u64) -> Result<Accounts> {
    let tokens = [anchor_spl::token::ID, anchor_spl::token_2022::ID];
    let owners: Vec<Pubkey> = PROGRAMS.iter().map(|(id, _)| *id).chain(tokens).collect();
    let mut owned: Vec<_> = vm.accounts().filter(|(_, a)| a.lamports() > 0 && owners.contains(a.owner())).collect();
    owned.sort_unstable_by_key(|(address, _)| **address);
    let keyed = owned.into_iter().map(|(address, account)| {
        json!({ "pubkey": address.to_string(), "account": {
            "lamports": account.lamports(), "data": [base64(account.data()), "base64"],
            "owner": account.owner().to_string(), "executable": false, "rentEpoch": u64::MAX,
            "space": account.data().len(),
        } })
    });
    let keyed: Box<RawValue> = to_raw_value(&keyed.collect::<Vec<_>>())?;
    Ok(Accounts { slot, keyed })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
