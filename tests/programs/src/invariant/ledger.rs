//! What the events say, summed up.
use super::{Checked, holds, same};
use crate::event::Event;
use crate::state::State;
use anchor_lang::prelude::Pubkey;
use credits::events::{EscrowLocked, EscrowRefunded, EscrowSettled};
use std::collections::BTreeMap;

/// Every event so far, in few words.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Deposits of live jobs.
    open: BTreeMap<Pubkey, u64>,
    /// Last number seen of each program's shards.
    seen: BTreeMap<(Pubkey, u8), u64>,
}

impl Ledger {
    /// Adds one event.
    ///
    /// # Errors
    /// If it cannot follow those before it.
    pub fn take(&mut self, event: &Event) -> Checked {
        let (shard, seq) = (event.stamp.shard, event.stamp.seq);
        let last = self.seen.entry((event.program, shard)).or_default();
        holds!("sequences", seq == *last + 1, "shard {shard} of {}: {seq} follows {last}", event.program);
        *last = seq;
        if event.program == credits::ID { self.deposit(event) } else { Ok(()) }
    }

    /// Fee, supplier's share and refund of every ended job are its deposit.
    fn deposit(&mut self, event: &Event) -> Checked {
        if let Some(e) = event.get::<EscrowLocked>() {
            same!("deposits", self.open.insert(e.job, e.amount), None, "a job is locked once");
        } else if let Some(e) = event.get::<EscrowRefunded>() {
            same!("deposits", self.open.remove(&e.job), Some(e.amount), "a refund is the deposit");
        } else if let Some(e) = event.get::<EscrowSettled>() {
            let parts = e.supplier_share + e.retired + e.incentives;
            same!("deposits", (self.open.remove(&e.job), e.price), (Some(parts), parts), "the parts are the deposit");
        }
        Ok(())
    }

    /// # Errors
    /// If the accounts say something else.
    pub fn check(&self, state: &State) -> Checked {
        let live = self.open.iter().map(|(job, amount)| (job, *amount));
        holds!("deposits", live.eq(state.jobs.iter().map(|(job, j)| (job, j.price))), "deposits are the live jobs'");
        let mut shards = 0;
        let mut count = |program: Pubkey, index: u8, seq: u64| {
            shards += 1;
            let seen = self.seen.get(&(program, index)).copied().unwrap_or(0);
            holds!("sequences", seen == seq, "shard {index} of {program} is at {seq}, {seen} was seen last");
            Ok(())
        };
        state.credits_shards.values().try_for_each(|s| count(credits::ID, s.index, s.seq))?;
        state.staking_shards.values().try_for_each(|s| count(staking::ID, s.index, s.seq))?;
        state.jobs_shards.values().try_for_each(|s| count(jobs::ID, s.index, s.seq))?;
        state.governance_shards.values().try_for_each(|s| count(governance::ID, s.index, s.seq))?;
        same!("sequences", shards, self.seen.len(), "every shard that spoke exists");
        Ok(())
    }
}
