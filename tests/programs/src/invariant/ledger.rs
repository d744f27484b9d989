//! What the events say, summed up.
use super::{Checked, holds, same};
use crate::event::Event;
use crate::state::State;
use anchor_lang::prelude::Pubkey;
use credits::events::{EscrowLocked, EscrowRefunded, EscrowSettled};
use jobs::events::{DemandAnswered, DemandClosed, DemandExpired, DemandMade, JobPaid, Verification};
use std::collections::{BTreeMap, BTreeSet};

/// Every event so far, in few words.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Deposits of live jobs.
    open: BTreeMap<Pubkey, u64>,
    /// Last number seen of each program's shards.
    seen: BTreeMap<(Pubkey, u8), u64>,
    /// Open demands by job and number.
    demands: BTreeSet<(Pubkey, u16)>,
    /// Coins that were sent to vaults of somebody's own accord.
    gifts: BTreeMap<Pubkey, u64>,
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
        if event.program == credits::ID { self.deposit(event) } else { self.demand(event) }
    }

    /// Anybody can send coins to a vault: they stay there, in nobody's books.
    pub fn give(&mut self, vault: Pubkey, amount: u64) {
        *self.gifts.entry(vault).or_default() += amount;
    }

    /// What was given to `vault`.
    pub fn gifts(&self, vault: &Pubkey) -> u64 {
        self.gifts.get(vault).copied().unwrap_or(0)
    }

    /// A demand is made once and ends once, and no job is settled while one is open.
    fn demand(&mut self, event: &Event) -> Checked {
        if event.program != jobs::ID {
            return Ok(());
        }
        if let Some(e) = event.get::<DemandMade>() {
            holds!("demands", self.demands.insert((e.job, e.n)), "demand {} of {} was made twice", e.n, e.job);
        } else if let Some(e) = event.get::<JobPaid>() {
            let mut open = self.demands.range((e.job, 0)..=(e.job, u16::MAX));
            let settled = e.verification == Verification::Unchallenged;
            holds!("demands", !settled || open.next().is_none(), "{} was settled while a demand was open", e.job);
        }
        let answered = event.get::<DemandAnswered>().map(|e| (e.job, e.n));
        let expired = event.get::<DemandExpired>().map(|e| (e.job, e.n));
        let closed = event.get::<DemandClosed>().map(|e| (e.job, e.n));
        if let Some((job, n)) = answered.or(expired).or(closed) {
            holds!("demands", self.demands.remove(&(job, n)), "demand {n} of {job} ended twice");
        }
        Ok(())
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
        let open: BTreeSet<(Pubkey, u16)> = state.demands.values().map(|d| (d.job, d.n)).collect();
        same!("demands", self.demands, open, "open demands are accounts");
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
