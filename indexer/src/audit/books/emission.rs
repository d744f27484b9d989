//! Epochs, redemptions and the schedule.
use super::Books;
use super::credits::add;
use crate::audit::finding::{Subject, compare};
use ::credits::Purpose;
use ::credits::events::*;
use anchor_lang::prelude::Pubkey;
use economy::emission::{Closing, Split, close};
use std::collections::BTreeMap;

/// All IO that is to be minted.
#[derive(Debug, Default)]
pub struct Emission {
    pub genesis: u64,
    pub next_epoch: u64,
    pub smoothed_burn: u64,
    pub reserve: u64,
    pub allocated: u64,
    pub redeemed: u64,
    pub burned: u64,
    pub funded: u64,
    pub scheduled: u64,
    /// By purpose.
    pub budgets: [Budget; 3],
    /// Those that have an account.
    pub epochs: BTreeMap<u64, Epoch>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    pub available: u64,
    pub minted: u64,
    pub epoch: u64,
    pub epoch_minted: u64,
    /// Minter, total and epoch's limit; the launch's are in no event.
    pub limits: Option<(Pubkey, u64, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Epoch {
    pub io_burned: u64,
    pub requested: u64,
    pub closed: bool,
    pub paid: u64,
    pub allocated: u64,
    pub price: u64,
    pub settled: u64,
    pub minted: u64,
}

impl Emission {
    /// Promised or budgeted and not minted, beside the reserve.
    fn outstanding(&self) -> Option<u64> {
        self.budgets.iter().try_fold(self.allocated, |sum, budget| sum.checked_add(budget.available))
    }

    /// All that was ever minted, less what closed epochs and the closing one burned.
    fn existing(&self, burned: u64) -> Option<u64> {
        let minted = self.genesis.checked_add(self.redeemed)?;
        let minted = self.budgets.iter().try_fold(minted, |sum, budget| sum.checked_add(budget.minted))?;
        minted.checked_sub(self.burned)?.checked_sub(burned)
    }
}

impl Books {
    pub(super) fn redemption_requested(&mut self, e: &RedemptionRequested) {
        let (subject, epoch) = (Subject::Earnings(e.owner), self.epoch_at(e.stamp.time));
        self.findings.check(subject, "epoch", epoch, e.epoch);
        let Some(earnings) = self.credits.earnings.get_mut(&e.owner) else {
            return self.findings.refused(subject, "never opened");
        };
        if earnings.requested != 0 && earnings.request_epoch != epoch {
            self.findings.refused(subject, "a request of an earlier epoch is not settled");
        }
        match earnings.owed.checked_sub(e.amount) {
            Some(rest) => earnings.owed = rest,
            None => self.findings.refused(subject, format_args!("only {} is owed", earnings.owed)),
        }
        add(&mut earnings.requested, e.amount);
        earnings.request_epoch = epoch;
        compare!(self.findings, subject, {
            requested: earnings.requested, e.requested;
            owed: earnings.owed, e.earnings_owed;
        });
        self.join_requests(epoch, e.amount, e.epoch_requested);
    }

    /// More is asked for in an open epoch.
    fn join_requests(&mut self, epoch: u64, amount: u64, said: u64) {
        let account = self.credits.emission.epochs.entry(epoch).or_default();
        if account.closed {
            self.findings.refused(Subject::Epoch(epoch), "the epoch is closed");
        }
        add(&mut account.requested, amount);
        self.findings.check(Subject::Epoch(epoch), "requested", account.requested, said);
    }

    pub(super) fn epoch_closed(&mut self, e: &EpochClosed) {
        let subject = Subject::Emission;
        let now = self.epoch_at(e.stamp.time);
        let (orders, emission) = (&self.credits.orders, &mut self.credits.emission);
        self.findings.check(subject, "next_epoch", emission.next_epoch, e.epoch);
        if e.epoch >= now {
            self.findings.refused(subject, format_args!("epoch {} has not ended", e.epoch));
        }
        // What holders burned by themselves is gone for good.
        self.findings.check_most(Subject::IoMint, "supply", self.io_supply, e.supply);
        self.io_supply = self.io_supply.min(e.supply.into());
        let (burned, requested) = emission.epochs.get(&e.epoch).map_or((0, 0), |a| (a.io_burned, a.requested));
        let closing = Closing {
            index: e.epoch,
            epoch_s: self.epoch_s,
            burned,
            requested,
            // The price itself comes from outside.
            paying_price: (e.price > 0).then_some(e.price),
            smoothed_burn: emission.smoothed_burn,
            reserve: emission.reserve,
            supply: emission.existing(burned).unwrap_or(u64::MAX),
            outstanding: emission.outstanding().unwrap_or(u64::MAX),
            redemption_cap: orders.get("RedemptionCap"),
            split: Split { idle_bps: orders.bps("IdleBps"), stakers_bps: orders.bps("StakersBps") },
        };
        let closed = match close(&closing) {
            Ok(closed) => closed,
            Err(error) => return self.findings.refused(subject, error),
        };
        emission.next_epoch = e.epoch.saturating_add(1);
        emission.smoothed_burn = closed.smoothed_burn;
        emission.reserve = closed.reserve;
        add(&mut emission.burned, burned);
        add(&mut emission.funded, closed.smoothed_burn);
        add(&mut emission.allocated, closed.allocated);
        add(&mut emission.scheduled, closed.budgets.total());
        let parts = [closed.budgets.idle, closed.budgets.stakers, closed.budgets.treasury];
        for (budget, part) in emission.budgets.iter_mut().zip(parts) {
            add(&mut budget.available, part);
        }
        compare!(self.findings, subject, {
            smoothed_burn: closed.smoothed_burn, e.smoothed_burn;
            reserve: closed.reserve, e.reserve;
            allocated: emission.allocated, e.allocated_total;
            idle: parts[0], e.idle;
            stakers: parts[1], e.stakers;
            treasury: parts[2], e.treasury;
        });
        compare!(self.findings, Subject::Epoch(e.epoch), {
            io_burned: burned, e.io_burned;
            requested: requested, e.requested;
            paid: closed.paid, e.paid;
            allocated: closed.allocated, e.allocated;
        });
        if let Some(account) = emission.epochs.get_mut(&e.epoch) {
            account.closed = true;
            (account.paid, account.allocated, account.price) = (closed.paid, closed.allocated, e.price);
            if account.settled == account.requested {
                emission.epochs.remove(&e.epoch);
            }
        }
    }

    pub(super) fn redemption_settled(&mut self, e: &RedemptionSettled) {
        let (subject, joined) = (Subject::Earnings(e.owner), self.epoch_at(e.stamp.time));
        let Some(earnings) = self.credits.earnings.get_mut(&e.owner) else {
            return self.findings.refused(subject, "never opened");
        };
        let (requested, index) = (earnings.requested, earnings.request_epoch);
        let emission = &mut self.credits.emission;
        let Some(epoch) = emission.epochs.get_mut(&index).filter(|epoch| epoch.closed) else {
            return self.findings.refused(Subject::Epoch(index), "the epoch of the request is not closed");
        };
        let share = economy::redemption::share(requested, epoch.requested, epoch.paid, epoch.allocated);
        let (charged, io) = match share {
            Ok(share) => share,
            Err(error) => return self.findings.refused(Subject::Epoch(index), error),
        };
        add(&mut epoch.settled, requested);
        add(&mut epoch.minted, io);
        let last = epoch.settled == epoch.requested;
        let dust = if last { epoch.allocated.saturating_sub(epoch.minted) } else { 0 };
        if last {
            emission.epochs.remove(&index);
        }
        let rest = requested.saturating_sub(charged);
        add(&mut earnings.redeemed, charged);
        (earnings.requested, earnings.request_epoch) = (rest, joined);
        emission.allocated = emission.allocated.saturating_sub(io).saturating_sub(dust);
        add(&mut emission.redeemed, io);
        add(&mut emission.reserve, dust);
        compare!(self.findings, subject, {
            request_epoch: index, e.epoch;
            requested: requested, e.requested;
            charged: charged, e.charged;
            io_minted: io, e.io_minted;
            rest: rest, e.rest;
            joined: joined, e.joined;
        });
        compare!(self.findings, Subject::Emission, {
            dust: dust, e.dust;
            reserve: emission.reserve, e.reserve;
            allocated: emission.allocated, e.allocated_total;
        });
        self.join_requests(joined, rest, e.joined_requested);
        let totals = self.credits.totals_of(e.stamp);
        add(&mut totals.io_redeemed, io);
        add(&mut totals.redeemed, charged);
        self.io(io.into());
    }

    pub(super) fn schedule_minted(&mut self, e: &ScheduleMinted) {
        let (subject, epoch) = (Subject::Emission, self.epoch_at(e.stamp.time));
        let budget = &mut self.credits.emission.budgets[e.purpose as usize];
        if budget.epoch != epoch {
            (budget.epoch, budget.epoch_minted) = (epoch, 0);
        }
        match budget.available.checked_sub(e.amount) {
            Some(rest) => budget.available = rest,
            None => self.findings.refused(subject, format_args!("only {} is budgeted", budget.available)),
        }
        add(&mut budget.minted, e.amount);
        add(&mut budget.epoch_minted, e.amount);
        if let Some((_, total, in_epoch)) = budget.limits
            && (budget.minted > total || budget.epoch_minted > in_epoch)
        {
            self.findings.refused(subject, format_args!("at most {in_epoch} in an epoch and {total} in all"));
        }
        compare!(self.findings, subject, {
            available: budget.available, e.available;
            minted: budget.minted, e.minted;
            epoch: epoch, e.epoch;
            epoch_minted: budget.epoch_minted, e.epoch_minted;
        });
        add(&mut self.credits.totals_of(e.stamp).io_scheduled, e.amount);
        self.io(e.amount.into());
        if e.purpose == Purpose::Stakers {
            self.handed.minted = Some(e.amount);
        }
        if e.purpose == Purpose::Idle {
            self.handed.idle_minted = Some(e.amount);
        }
    }

    pub(super) fn minter_set(&mut self, e: &MinterSet) {
        let budget = &mut self.credits.emission.budgets[e.purpose as usize];
        if e.total_limit < budget.minted {
            self.findings.refused(Subject::Emission, format_args!("{} is minted already", budget.minted));
        }
        budget.limits = Some((e.authority, e.total_limit, e.epoch_limit));
    }
}
