//! Credits: bought, locked, refunded and paid.
use super::Books;
use super::emission::Emission;
use super::loyalty::Loyalty;
use super::orders::Orders;
use crate::audit::finding::{Subject, compare};
use crate::audit::launch::Parameters;
use crate::decode::words::name;
use crate::decode::{CreditsEvent, Program};
use ::credits::events::*;
use ::credits::state::Totals;
use anchor_lang::prelude::Pubkey;
use std::collections::BTreeMap;

pub struct Credits {
    pub orders: Orders,
    pub totals: BTreeMap<u8, Totals>,
    pub emission: Emission,
    /// User and amount, by job.
    pub escrows: BTreeMap<Pubkey, (Pubkey, u64)>,
    pub earnings: BTreeMap<Pubkey, Earnings>,
    pub loyalty: BTreeMap<Pubkey, Loyalty>,
    /// IOSD of each holder; they may have burned some.
    pub wallets: BTreeMap<Pubkey, i128>,
}

/// What a supplier has earned, IOSD.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earnings {
    pub owed: u64,
    pub requested: u64,
    pub request_epoch: u64,
    pub redeemed: u64,
}

impl Credits {
    pub fn open(parameters: Parameters, genesis: u64) -> Self {
        Self {
            orders: Orders::open(Program::Credits, parameters),
            totals: BTreeMap::new(),
            emission: Emission { genesis, ..Emission::default() },
            escrows: BTreeMap::new(),
            earnings: BTreeMap::new(),
            loyalty: BTreeMap::new(),
            wallets: BTreeMap::new(),
        }
    }

    pub fn totals_of(&mut self, stamp: Stamp) -> &mut Totals {
        self.totals.entry(stamp.shard).or_default()
    }

    /// IOSD in wallets.
    pub fn iosd_supply(&self) -> i128 {
        let w = i128::from;
        self.totals.values().map(|t| w(t.bought) + w(t.rebates_minted) - w(t.locked) + w(t.refunded)).sum()
    }
}

/// Adds to a running total; the chain refuses what does not fit.
pub fn add(total: &mut u64, amount: u64) {
    *total = total.saturating_add(amount);
}

impl Books {
    pub(super) fn credits_event(&mut self, event: &CreditsEvent) {
        let Self { credits, findings, .. } = self;
        match event {
            CreditsEvent::ShardOpened(_) | CreditsEvent::PriceSubmitted(_) => {}
            CreditsEvent::SubmitterReplaced(_) | CreditsEvent::PriceSourceSet(_) => {}
            CreditsEvent::CreditsBought(e) => self.bought(e),
            CreditsEvent::EscrowLocked(e) => self.locked(e),
            CreditsEvent::EscrowRefunded(e) => self.refunded(e),
            CreditsEvent::EscrowSettled(e) => self.escrow_settled(e),
            CreditsEvent::EarningsOpened(e) => {
                if credits.earnings.insert(e.owner, Earnings::default()).is_some() {
                    findings.refused(Subject::Earnings(e.owner), "opened twice");
                }
            }
            CreditsEvent::RedemptionRequested(e) => self.redemption_requested(e),
            CreditsEvent::EpochClosed(e) => self.epoch_closed(e),
            CreditsEvent::RedemptionSettled(e) => self.redemption_settled(e),
            CreditsEvent::ScheduleMinted(e) => self.schedule_minted(e),
            CreditsEvent::MinterSet(e) => self.minter_set(e),
            CreditsEvent::LoyaltyOpened(e) => {
                if credits.loyalty.insert(e.user, Loyalty::default()).is_some() {
                    findings.refused(Subject::Loyalty(e.user), "opened twice");
                }
            }
            CreditsEvent::LoyaltyShared(e) => match credits.loyalty.get_mut(&e.user) {
                Some(loyalty) => loyalty.shared = true,
                None => findings.refused(Subject::Loyalty(e.user), "never opened"),
            },
            CreditsEvent::LoyaltyRedeemed(e) => self.loyalty_redeemed(e),
            CreditsEvent::RebateMinted(e) => self.rebate_minted(e),
            CreditsEvent::ParameterSet(e) => {
                credits.orders.set(findings, name(e.parameter), e.parameter.bounds(), e.old, e.new);
            }
            CreditsEvent::Paused(e) => credits.orders.paused = e.flags,
            CreditsEvent::AuthorityOffered(e) => credits.orders.pending = e.to,
            CreditsEvent::AuthorityAccepted(e) => credits.orders.accept(findings, e.authority),
        }
    }

    /// A holder's IOSD changed; their balance is at most what the books have.
    pub(super) fn wallet(&mut self, owner: Pubkey, change: i128, said: Option<u64>) {
        let wallet = self.credits.wallets.entry(owner).or_insert(0);
        *wallet += change;
        if let Some(said) = said {
            // Coins in another account of theirs, or burned by themselves, are no difference.
            self.findings.checks += 1;
            if i128::from(said) > *wallet {
                self.findings.found(Subject::Wallet(owner), "iosd_balance", *wallet, said);
            }
        }
    }

    fn bought(&mut self, e: &CreditsBought) {
        let subject = Subject::Config(Program::Credits);
        let by_io = economy::price::iosd_for_io(e.io_burned, e.price);
        let by_iosd = economy::price::io_for_iosd(e.iosd_minted, e.price);
        // The buyer fixes one side, the price the other.
        if by_io != Ok(e.iosd_minted) && by_iosd != Ok(e.io_burned) {
            let given = by_io.map_or("nothing".into(), |iosd| iosd.to_string());
            self.findings.found(subject, "iosd_minted", given, e.iosd_minted);
        }
        let epoch = self.epoch_at(e.stamp.time);
        self.findings.check(subject, "epoch", epoch, e.epoch);
        let account = self.credits.emission.epochs.entry(epoch).or_default();
        add(&mut account.io_burned, e.io_burned);
        self.findings.check(Subject::Epoch(epoch), "io_burned", account.io_burned, e.epoch_io_burned);
        let totals = self.credits.totals_of(e.stamp);
        add(&mut totals.io_burned, e.io_burned);
        add(&mut totals.bought, e.iosd_minted);
        self.io(-i128::from(e.io_burned));
        self.wallet(e.user, e.iosd_minted.into(), Some(e.iosd_balance));
    }

    fn locked(&mut self, e: &EscrowLocked) {
        if self.credits.escrows.insert(e.job, (e.user, e.amount)).is_some() {
            self.findings.refused(Subject::Escrow(e.job), "locked twice");
        }
        add(&mut self.credits.totals_of(e.stamp).locked, e.amount);
        self.wallet(e.user, -i128::from(e.amount), Some(e.iosd_balance));
    }

    /// Ends an escrow: whose it is and how much must be what was locked.
    fn unlock(&mut self, job: Pubkey, user: Pubkey, amount: u64) {
        let subject = Subject::Escrow(job);
        let Some((owner, locked)) = self.credits.escrows.remove(&job) else {
            return self.findings.refused(subject, "nothing is locked");
        };
        compare!(self.findings, subject, { user: owner, user; amount: locked, amount; });
    }

    fn refunded(&mut self, e: &EscrowRefunded) {
        self.unlock(e.job, e.user, e.amount);
        add(&mut self.credits.totals_of(e.stamp).refunded, e.amount);
        self.wallet(e.user, e.amount.into(), Some(e.iosd_balance));
    }

    fn escrow_settled(&mut self, e: &EscrowSettled) {
        self.unlock(e.job, e.user, e.price);
        let orders = &self.credits.orders;
        let split = match economy::settle(e.price, orders.bps("FeeBps"), orders.bps("IncentiveBps")) {
            Ok(split) => split,
            Err(error) => return self.findings.refused(Subject::Escrow(e.job), error),
        };
        compare!(self.findings, Subject::Escrow(e.job), {
            supplier_share: split.supplier, e.supplier_share;
            retired: split.retired, e.retired;
            incentives: split.incentives, e.incentives;
        });
        let totals = self.credits.totals_of(e.stamp);
        add(&mut totals.spent, e.price);
        add(&mut totals.earned, split.supplier);
        add(&mut totals.incentives, split.incentives);
        add(&mut totals.retired, split.retired);
        match self.credits.earnings.get_mut(&e.supplier) {
            Some(earnings) => {
                add(&mut earnings.owed, split.supplier);
                self.findings.check(Subject::Earnings(e.supplier), "owed", earnings.owed, e.earnings_owed);
            }
            None => self.findings.refused(Subject::Earnings(e.supplier), "never opened"),
        }
        self.spent(e, split.incentives);
    }
}
