//! What must always hold, over the whole chain and every event so far.
mod money;
mod stake;

use crate::net::Net;
use anchor_lang::prelude::Pubkey;
use client::address;
use credits::events::{EscrowLocked, EscrowRefunded, EscrowSettled};
use credits::state::Escrow;
use governance::state::Proposal;
use jobs::state::{Device, Job, Status};
use std::collections::BTreeMap;

/// Checks everything that must hold after any instruction.
///
/// # Panics
/// If something does not.
#[track_caller]
pub fn invariants(net: &Net) {
    money::check(net);
    stake::check(net);
    escrows_are_the_live_jobs(net);
    deposits_are_paid_out_whole(net);
    devices_and_jobs_agree(net);
    parameters_are_within_bounds(net);
    proposals_have_their_deposits(net);
    sequences_have_no_gap(net);
}

#[track_caller]
fn escrows_are_the_live_jobs(net: &Net) {
    let escrows: BTreeMap<Pubkey, Escrow> = net.vm.all::<Escrow>(&credits::ID).into_iter().collect();
    let jobs = net.vm.all::<Job>(&jobs::ID);
    assert_eq!(escrows.len(), jobs.len(), "one escrow for each job that has not ended");
    for (address, job) in jobs {
        let escrow = escrows.get(&address::escrow(&address)).expect("a live job has its escrow");
        assert_eq!((escrow.amount, escrow.user, escrow.job), (job.price, job.user, address));
        assert!(matches!(job.status, Status::Posted | Status::Claimed | Status::Committed), "terminal jobs are closed");
    }
}

/// Fee, supplier's share and refund of every ended job are its deposit.
#[track_caller]
fn deposits_are_paid_out_whole(net: &Net) {
    let mut open: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for event in net.events.iter().filter(|e| e.program == credits::ID) {
        if let Some(e) = event.get::<EscrowLocked>() {
            assert_eq!(open.insert(e.job, e.amount), None, "a job is locked once");
        } else if let Some(e) = event.get::<EscrowRefunded>() {
            assert_eq!(open.remove(&e.job), Some(e.amount), "a refund is the deposit");
        } else if let Some(e) = event.get::<EscrowSettled>() {
            let parts = e.supplier_share + e.retired + e.incentives;
            assert_eq!((open.remove(&e.job), e.price), (Some(parts), parts), "the parts are the deposit");
        }
    }
    let live = net.vm.all::<Job>(&jobs::ID);
    assert_eq!(open, live.into_iter().map(|(address, job)| (address, job.price)).collect());
}

#[track_caller]
fn devices_and_jobs_agree(net: &Net) {
    let held = net.vm.all::<Device>(&jobs::ID).into_iter().filter(|(_, d)| d.live_job != Pubkey::default());
    let held: BTreeMap<Pubkey, (Pubkey, Pubkey)> = held.map(|(_, d)| (d.live_job, (d.key, d.operator))).collect();
    let taken = net.vm.all::<Job>(&jobs::ID).into_iter().filter(|(_, j)| j.status != Status::Posted);
    let taken = taken.map(|(address, j)| (address, (j.device, j.operator))).collect();
    assert_eq!(held, taken, "a device's live job is the job's device");
}

#[track_caller]
fn parameters_are_within_bounds(net: &Net) {
    let vm = &net.vm;
    let credits = vm.read::<credits::state::Config>(&address::credits_config()).map(|c| c.invariant());
    let staking = vm.read::<staking::state::Config>(&address::staking_config()).map(|c| c.invariant());
    let jobs = vm.read::<jobs::state::Config>(&address::jobs_config()).map(|c| c.invariant());
    let governance = vm.read::<governance::state::Config>(&address::governance_config()).map(|c| c.invariant());
    for within in [credits, staking, jobs, governance].into_iter().flatten() {
        within.expect("parameters are within bounds");
    }
}

#[track_caller]
fn proposals_have_their_deposits(net: &Net) {
    let proposals = net.vm.all::<Proposal>(&governance::ID);
    let deposits: u64 = proposals.iter().map(|(_, p)| p.deposit).sum();
    let vault = net.vm.tokens(&address::deposit_vault());
    assert!(vault >= deposits, "the vault holds {vault} of {deposits} deposited");
}

#[track_caller]
fn sequences_have_no_gap(net: &Net) {
    let mut seen: BTreeMap<(Pubkey, u8), u64> = BTreeMap::new();
    for event in &net.events {
        let last = seen.entry((event.program, event.stamp.shard)).or_default();
        assert_eq!(event.stamp.seq, *last + 1, "shard {} of {}", event.stamp.shard, event.program);
        *last += 1;
    }
    let vm = &net.vm;
    let of_credits =
        vm.all::<credits::state::Shard>(&credits::ID).into_iter().map(|(_, s)| (credits::ID, s.index, s.seq));
    let of_staking =
        vm.all::<staking::state::Shard>(&staking::ID).into_iter().map(|(_, s)| (staking::ID, s.index, s.seq));
    let of_jobs = vm.all::<jobs::state::Shard>(&jobs::ID).into_iter().map(|(_, s)| (jobs::ID, s.index, s.seq));
    let of_governance = vm.all::<governance::state::Shard>(&governance::ID).into_iter();
    let of_governance = of_governance.map(|(_, s)| (governance::ID, s.index, s.seq));
    let all = of_credits.chain(of_staking).chain(of_jobs).chain(of_governance);
    let stored: BTreeMap<_, _> = all.map(|(program, index, seq)| ((program, index), seq)).collect();
    assert_eq!(seen, stored, "every event was seen");
}
