//! Points for spending, and rebates.
use super::Books;
use super::credits::add;
use crate::audit::finding::{Subject, compare};
use ::credits::events::*;
use economy::{BPS, mul_div_ceil};

/// What a user has spent and gets back for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loyalty {
    pub since: i64,
    pub points: u64,
    pub spent: u64,
    pub incentives: u64,
    pub rebated: u64,
    pub pooled: u64,
    pub shared: bool,
}

impl Books {
    pub(super) fn spent(&mut self, e: &EscrowSettled, incentives: u64) {
        let subject = Subject::Loyalty(e.user);
        let Some(loyalty) = self.credits.loyalty.get_mut(&e.user) else {
            return self.findings.refused(subject, "never opened");
        };
        if loyalty.since == 0 {
            loyalty.since = e.stamp.time;
        }
        let tenure = u64::try_from(e.stamp.time.saturating_sub(loyalty.since)).unwrap_or(0);
        match economy::loyalty::points(e.price, tenure) {
            Ok(points) => add(&mut loyalty.points, points),
            Err(error) => self.findings.refused(subject, error),
        }
        add(&mut loyalty.spent, e.price);
        add(&mut loyalty.incentives, incentives);
        self.findings.check(subject, "points", loyalty.points, e.points);
    }

    pub(super) fn loyalty_redeemed(&mut self, e: &LoyaltyRedeemed) {
        let subject = Subject::Loyalty(e.user);
        let rate = self.credits.orders.bps("LoyaltyBps");
        let Some(loyalty) = self.credits.loyalty.get_mut(&e.user) else {
            return self.findings.refused(subject, "never opened");
        };
        // No more points are taken than the rebate costs, so they are worth exactly it.
        let rebate = economy::loyalty::rebate(e.points, rate, loyalty.incentives, loyalty.rebated);
        let rebate = match rebate {
            Ok(rebate) if rebate > 0 && e.points <= loyalty.points => rebate,
            _ => return self.findings.refused(subject, "not so many points, or they are worth nothing"),
        };
        let cost = economy::loyalty::cost(rebate, rate).unwrap_or(u64::MAX);
        compare!(self.findings, subject, { rebate: rebate, e.rebate; points_taken: cost, e.points; });
        loyalty.points -= e.points;
        add(&mut loyalty.rebated, rebate);
        // The stakers' part follows from the commission of the user's pool.
        let shared_bps = if loyalty.shared { self.staking.shared_bps(&e.user) } else { Some(0) };
        let to_stakers = match shared_bps.map(|bps| mul_div_ceil(rebate, u64::from(bps), BPS)) {
            Some(Ok(part)) => part,
            _ => return self.findings.refused(subject, "the user has no pool to share with"),
        };
        add(&mut loyalty.pooled, to_stakers);
        compare!(self.findings, subject, {
            to_stakers: to_stakers, e.to_stakers;
            points: loyalty.points, e.points_left;
            rebated: loyalty.rebated, e.rebated;
            pooled: loyalty.pooled, e.pooled;
        });
        let shared = loyalty.shared;
        let to_user = rebate - to_stakers;
        let totals = self.credits.totals_of(e.stamp);
        add(&mut totals.rebated, rebate);
        add(&mut totals.rebates_minted, to_user);
        self.wallet(e.user, to_user.into(), Some(e.iosd_balance));
        if shared {
            self.handed.redeemed = Some((e.user, e.points, to_user, to_stakers));
        }
    }

    pub(super) fn rebate_minted(&mut self, e: &RebateMinted) {
        let subject = Subject::Loyalty(e.user);
        let Some(loyalty) = self.credits.loyalty.get_mut(&e.user) else {
            return self.findings.refused(subject, "never opened");
        };
        match loyalty.pooled.checked_sub(e.amount) {
            Some(rest) => loyalty.pooled = rest,
            None => self.findings.refused(subject, format_args!("only {} is kept for stakers", loyalty.pooled)),
        }
        self.findings.check(subject, "pooled", loyalty.pooled, e.pooled);
        add(&mut self.credits.totals_of(e.stamp).rebates_minted, e.amount);
        self.handed.rebate = Some((e.user, e.amount, e.iosd_balance));
    }
}
