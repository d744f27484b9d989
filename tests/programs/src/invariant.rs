//! What must always hold, over the whole chain and every event so far.
use crate::net::{GENESIS, Net};
use anchor_lang::prelude::Pubkey;
use client::address;
use credits::events::{EscrowLocked, EscrowRefunded, EscrowSettled};
use credits::state::{Config, Earnings, Epoch, Escrow, Totals};
use jobs::state::{Device, Job, Status};
use std::collections::BTreeMap;

/// Checks everything that must hold after any instruction.
///
/// # Panics
/// If something does not.
#[track_caller]
pub fn invariants(net: &Net) {
    let totals = totals(net);
    money(net, &totals);
    escrows_are_the_live_jobs(net);
    deposits_are_paid_out_whole(net);
    devices_and_jobs_agree(net);
    sequences_have_no_gap(net);
}

fn totals(net: &Net) -> Totals {
    let mut sum = Totals::default();
    for (_, shard) in net.vm.all::<credits::state::Shard>(&credits::ID) {
        let t = shard.totals;
        sum.io_burned += t.io_burned;
        sum.io_redeemed += t.io_redeemed;
        sum.bought += t.bought;
        sum.locked += t.locked;
        sum.refunded += t.refunded;
        sum.spent += t.spent;
        sum.earned += t.earned;
        sum.redeemed += t.redeemed;
        sum.incentives += t.incentives;
        sum.retired += t.retired;
    }
    sum
}

#[track_caller]
fn money(net: &Net, totals: &Totals) {
    let vm = &net.vm;
    let Some(config) = vm.read::<Config>(&address::credits_config()) else { return };
    config.invariant().expect("parameters are within bounds");
    let (io, iosd) = (vm.supply(&address::io_mint()), vm.supply(&address::iosd_mint()));
    totals.invariant(GENESIS, io, iosd).expect("totals match the supplies");
    assert!(io <= economy::IO_CAP, "{io} IO exist");

    let epochs = vm.all::<Epoch>(&credits::ID);
    assert_eq!(epochs.iter().map(|(_, e)| e.io_burned).sum::<u64>(), totals.io_burned, "epochs count every burn");
    assert_eq!(epochs.iter().map(|(_, e)| e.io_redeemed).sum::<u64>(), totals.io_redeemed, "and every redemption");
    assert!(epochs.iter().all(|(_, e)| e.io_redeemed <= config.redemption_budget), "within each epoch's budget");

    let escrowed: u64 = vm.all::<Escrow>(&credits::ID).iter().map(|(_, e)| e.amount).sum();
    assert_eq!(escrowed, totals.locked - totals.refunded - totals.spent, "escrows hold what is locked");
    let earnings = vm.all::<Earnings>(&credits::ID);
    let owed: u64 = earnings.iter().map(|(_, e)| e.owed).sum();
    assert_eq!(owed, totals.earned - totals.redeemed, "ledgers hold what is earned");
    assert_eq!(earnings.iter().map(|(_, e)| e.redeemed).sum::<u64>(), totals.redeemed, "and what is redeemed");
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
fn sequences_have_no_gap(net: &Net) {
    let mut seen: BTreeMap<(Pubkey, u8), u64> = BTreeMap::new();
    for event in &net.events {
        let last = seen.entry((event.program, event.stamp.shard)).or_default();
        assert_eq!(event.stamp.seq, *last + 1, "shard {} of {}", event.stamp.shard, event.program);
        *last += 1;
    }
    let credits = net.vm.all::<credits::state::Shard>(&credits::ID).into_iter();
    let jobs = net.vm.all::<jobs::state::Shard>(&jobs::ID).into_iter();
    let credits = credits.map(|(_, s)| ((credits::ID, s.index), s.seq));
    let stored: BTreeMap<_, _> = credits.chain(jobs.map(|(_, s)| ((jobs::ID, s.index), s.seq))).collect();
    assert_eq!(seen, stored, "every event was seen");
}
