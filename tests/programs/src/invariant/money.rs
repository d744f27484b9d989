//! Coins, credits, epochs and loyalty.
use crate::net::{GENESIS, Net};
use client::address;
use credits::state::{Config, Earnings, Emission, Epoch, Escrow, Loyalty, Shard, Totals};

#[track_caller]
pub fn check(net: &Net) {
    let vm = &net.vm;
    if vm.read::<Config>(&address::credits_config()).is_none() {
        return;
    }
    let totals = totals(net);
    let emission: Emission = vm.read(&address::emission()).expect("it was initialised");
    supplies(net, &totals);
    epochs(net, &totals, &emission);
    earnings(net, &totals);
    loyalty(net, &totals);
}

fn totals(net: &Net) -> Totals {
    let mut sum = Totals::default();
    for (_, shard) in net.vm.all::<Shard>(&credits::ID) {
        let t = shard.totals;
        sum.io_burned += t.io_burned;
        sum.io_redeemed += t.io_redeemed;
        sum.io_scheduled += t.io_scheduled;
        sum.bought += t.bought;
        sum.locked += t.locked;
        sum.refunded += t.refunded;
        sum.spent += t.spent;
        sum.earned += t.earned;
        sum.redeemed += t.redeemed;
        sum.incentives += t.incentives;
        sum.retired += t.retired;
        sum.rebated += t.rebated;
        sum.rebates_minted += t.rebates_minted;
    }
    sum
}

#[track_caller]
fn supplies(net: &Net, t: &Totals) {
    let (io, iosd) = (net.vm.supply(&address::io_mint()), net.vm.supply(&address::iosd_mint()));
    t.invariant(GENESIS, io, iosd).expect("totals match the supplies");
    let slashed = net.vm.read::<staking::state::Rewards>(&address::rewards()).map_or(0, |r| r.burned);
    let governance = net.vm.read::<governance::state::Config>(&address::governance_config());
    let deposits = governance.map_or(0, |c| c.deposits_burned);
    let minted = GENESIS + t.io_redeemed + t.io_scheduled;
    assert_eq!(io, minted - t.io_burned - slashed - deposits, "IO is genesis, minted and burned");
    assert!(io <= economy::IO_CAP, "{io} IO exist");
    assert_eq!(iosd, t.bought + t.rebates_minted + t.refunded - t.locked, "IOSD is bought, rebated, not locked");
    let escrowed: u64 = net.vm.all::<Escrow>(&credits::ID).iter().map(|(_, e)| e.amount).sum();
    assert_eq!(escrowed, t.locked - t.refunded - t.spent, "escrows hold what is locked");
}

#[track_caller]
fn epochs(net: &Net, t: &Totals, emission: &Emission) {
    emission.invariant().expect("nothing is minted beyond reserve and budgets");
    let epochs = net.vm.all::<Epoch>(&credits::ID);
    let open: u64 = epochs.iter().filter(|(_, e)| !e.closed).map(|(_, e)| e.io_burned).sum();
    assert_eq!(open + emission.burned, t.io_burned, "epochs count every burn");
    assert_eq!(emission.redeemed, t.io_redeemed, "and every redemption");
    assert_eq!(emission.budgets.iter().map(|b| b.minted).sum::<u64>(), t.io_scheduled, "and what is scheduled");
    let promised: u64 = epochs.iter().filter(|(_, e)| e.closed).map(|(_, e)| e.allocated - e.minted).sum();
    assert_eq!(promised, emission.allocated, "what is promised is in the epochs");
    for (_, epoch) in &epochs {
        assert_eq!(epoch.closed, epoch.index < emission.next_epoch, "epochs close in order");
        assert!(epoch.settled < epoch.requested || !epoch.closed, "an epoch that is done is gone");
        assert!(epoch.paid <= epoch.requested);
    }
    let supply = net.vm.supply(&address::io_mint());
    // Six times the smoothed burn has yet to join the reserve.
    let coming = 6 * emission.smoothed_burn;
    let outstanding = emission.outstanding().expect("it fits") + emission.reserve + coming;
    assert!(supply + outstanding <= economy::IO_CAP, "what is promised fits under the cap");
}

#[track_caller]
fn earnings(net: &Net, t: &Totals) {
    let earnings = net.vm.all::<Earnings>(&credits::ID);
    let sum = |f: fn(&Earnings) -> u64| earnings.iter().map(|(_, e)| f(e)).sum::<u64>();
    assert_eq!(sum(|e| e.owed) + sum(|e| e.requested), t.earned - t.redeemed, "ledgers hold what is earned");
    assert_eq!(sum(|e| e.redeemed), t.redeemed, "and what is redeemed");
    for (_, epoch) in net.vm.all::<Epoch>(&credits::ID) {
        let waiting = earnings.iter().filter(|(_, e)| e.request_epoch == epoch.index).map(|(_, e)| e.requested);
        assert_eq!(waiting.sum::<u64>(), epoch.requested - epoch.settled, "an epoch's requests are the suppliers'");
    }
}

#[track_caller]
fn loyalty(net: &Net, t: &Totals) {
    let users = net.vm.all::<Loyalty>(&credits::ID);
    let sum = |f: fn(&Loyalty) -> u64| users.iter().map(|(_, l)| f(l)).sum::<u64>();
    assert_eq!(sum(|l| l.spent), t.spent, "users have spent what was spent");
    assert_eq!(sum(|l| l.incentives), t.incentives, "and paid the incentives");
    assert_eq!(sum(|l| l.rebated), t.rebated, "rebates are the users'");
    assert_eq!(sum(|l| l.pooled), t.rebated - t.rebates_minted, "what is not minted is kept for stakers");
    for (_, user) in &users {
        user.invariant().expect("no rebate passes the incentives that its user paid");
    }
}
