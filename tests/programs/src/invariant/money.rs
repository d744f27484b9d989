//! Coins, credits, epochs and loyalty.
use super::{Checked, holds, same};
use crate::net::GENESIS;
use crate::state::{State, one};
use credits::state::{Config, Emission, Totals};
use std::collections::BTreeMap;

pub fn check(state: &State) -> Checked {
    let (Some(config), Some(emission)) = (one(&state.credits), one(&state.emissions)) else { return Ok(()) };
    let totals = totals(state);
    supplies(state, config, &totals)?;
    epochs(state, config, &totals, emission)?;
    earnings(state, &totals)?;
    loyalty(state, &totals)
}

fn totals(state: &State) -> Totals {
    let mut sum = Totals::default();
    for shard in state.credits_shards.values() {
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

fn supplies(state: &State, config: &Config, t: &Totals) -> Checked {
    let supply = |mint| state.mints.get(mint).copied().unwrap_or(0);
    let (io, iosd) = (supply(&config.io_mint), supply(&config.iosd_mint));
    holds!("supplies", t.invariant(GENESIS, io, iosd).is_ok(), "totals match {io} IO and {iosd} IOSD: {t:?}");
    let slashed = one(&state.rewards).map_or(0, |r| r.burned);
    let deposits = one(&state.governance).map_or(0, |c| c.deposits_burned);
    let minted = GENESIS + t.io_redeemed + t.io_scheduled;
    same!("supplies", io + t.io_burned + slashed + deposits, minted, "IO is genesis, minted and burned");
    holds!("supplies", io <= economy::IO_CAP, "{io} IO exist");
    let iosd_minted = t.bought + t.rebates_minted + t.refunded;
    same!("supplies", iosd + t.locked, iosd_minted, "IOSD is bought, rebated, not locked");
    for (mint, supply) in [(config.io_mint, io), (config.iosd_mint, iosd)] {
        let held: u64 = state.tokens.values().filter(|a| a.mint == mint).map(|a| a.amount).sum();
        same!("supplies", held, supply, "what accounts hold is the supply");
    }
    let escrowed: u64 = state.escrows.values().map(|e| e.amount).sum();
    same!("supplies", escrowed + t.refunded + t.spent, t.locked, "escrows hold what is locked");
    Ok(())
}

fn epochs(state: &State, config: &Config, t: &Totals, emission: &Emission) -> Checked {
    holds!("epochs", emission.invariant().is_ok(), "nothing is minted beyond reserve and budgets");
    let epochs = state.epochs.values();
    let open: u64 = epochs.clone().filter(|e| !e.closed).map(|e| e.io_burned).sum();
    same!("epochs", open + emission.burned, t.io_burned, "epochs count every burn");
    same!("epochs", emission.redeemed, t.io_redeemed, "and every redemption");
    let scheduled: u64 = emission.budgets.iter().map(|b| b.minted).sum();
    same!("epochs", scheduled, t.io_scheduled, "and what is scheduled");
    let promised: u64 = epochs.clone().filter(|e| e.closed).map(|e| e.allocated.saturating_sub(e.minted)).sum();
    same!("epochs", promised, emission.allocated, "what is promised is in the epochs");
    for epoch in epochs {
        same!("epochs", epoch.closed, epoch.index < emission.next_epoch, "epochs close in order");
        let index = epoch.index;
        holds!("epochs", epoch.settled < epoch.requested || !epoch.closed, "epoch {index} is done and not gone");
        holds!("epochs", epoch.paid <= epoch.requested, "epoch {index} paid more than was asked for");
    }
    let supply = state.mints.get(&config.io_mint).copied().unwrap_or(0);
    // Six times the smoothed burn has yet to join the reserve, and so has what open epochs burned.
    let coming = 6 * emission.smoothed_burn + open;
    let outstanding = emission.outstanding().map(|o| o + emission.reserve + coming);
    let fits = outstanding.is_ok_and(|o| supply + o <= economy::IO_CAP);
    holds!("epochs", fits, "what is promised fits under the cap");
    Ok(())
}

fn earnings(state: &State, t: &Totals) -> Checked {
    let earnings = state.earnings.values();
    let held: u64 = earnings.clone().map(|e| e.owed + e.requested).sum();
    same!("earnings", held + t.redeemed, t.earned, "ledgers hold what is earned");
    let redeemed: u64 = earnings.clone().map(|e| e.redeemed).sum();
    same!("earnings", redeemed, t.redeemed, "and what is redeemed");
    let mut waiting: BTreeMap<u64, u64> = BTreeMap::new();
    for e in earnings.filter(|e| e.requested > 0) {
        *waiting.entry(e.request_epoch).or_default() += e.requested;
    }
    for epoch in state.epochs.values() {
        let requests = waiting.remove(&epoch.index).unwrap_or(0);
        same!(
            "earnings",
            requests,
            epoch.requested.saturating_sub(epoch.settled),
            "an epoch's requests are the suppliers'"
        );
    }
    holds!("earnings", waiting.is_empty(), "requests of epochs that do not exist: {waiting:?}");
    Ok(())
}

fn loyalty(state: &State, t: &Totals) -> Checked {
    let users = state.loyalty.values();
    let sum = |f: fn(&credits::state::Loyalty) -> u64| users.clone().map(f).sum::<u64>();
    same!("loyalty", sum(|l| l.spent), t.spent, "users have spent what was spent");
    same!("loyalty", sum(|l| l.incentives), t.incentives, "and paid the incentives");
    same!("loyalty", sum(|l| l.rebated), t.rebated, "rebates are the users'");
    same!("loyalty", sum(|l| l.pooled) + t.rebates_minted, t.rebated, "what is not minted is kept for stakers");
    for user in users {
        holds!("loyalty", user.invariant().is_ok(), "{} got more than the incentives paid", user.user);
    }
    Ok(())
}
