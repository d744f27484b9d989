use super::rows::{PricePoint, User};
use super::{Inserted, Work, emission, jobs, loyalty, orders};
use crate::decode::CreditsEvent;
use crate::decode::words;
use ::credits::events::{CreditsBought, EscrowSettled, PriceSubmitted};
use anchor_lang::prelude::Pubkey;

pub fn apply(work: &mut Work, row: &Inserted<'_>, event: &CreditsEvent) {
    match event {
        CreditsEvent::ShardOpened(_) => {}
        CreditsEvent::PriceSubmitted(e) => price(work, row, e),
        CreditsEvent::CreditsBought(e) => bought(work, row, e),
        CreditsEvent::EscrowLocked(e) => {
            balance(work, row, &e.user, e.iosd_balance);
            work.totals.one().iosd_locked += e.amount;
        }
        CreditsEvent::EscrowRefunded(e) => {
            balance(work, row, &e.user, e.iosd_balance);
            if let Some(job) = jobs::job(work, row, &e.job) {
                job.refund = Some(e.amount.into());
                job.slot = row.slot;
            }
            work.totals.one().iosd_refunded += e.amount;
        }
        CreditsEvent::EscrowSettled(e) => settled(work, row, e),
        CreditsEvent::EarningsOpened(e) => {
            work.operator(row, &e.owner);
        }
        CreditsEvent::RedemptionRequested(e) => emission::requested(work, row, e),
        CreditsEvent::EpochClosed(e) => emission::closed(work, row, e),
        CreditsEvent::RedemptionSettled(e) => emission::settled(work, row, e),
        CreditsEvent::ScheduleMinted(e) => emission::minted(work, row, e),
        CreditsEvent::MinterSet(e) => emission::minter(work, row, e),
        CreditsEvent::LoyaltyOpened(e) => {
            loyalty::of(work, row, &e.user);
        }
        CreditsEvent::LoyaltyShared(e) => loyalty::shared(work, row, &e.user),
        CreditsEvent::LoyaltyRedeemed(e) => {
            balance(work, row, &e.user, e.iosd_balance);
            loyalty::redeemed(work, row, e);
        }
        CreditsEvent::RebateMinted(e) => loyalty::minted(work, row, e),
        CreditsEvent::ParameterSet(e) => orders::parameter(work, row, words::name(e.parameter), e.old, e.new),
        CreditsEvent::Paused(e) => orders::paused(work, row, e.flags),
        CreditsEvent::AuthorityOffered(e) => orders::offered(work, row, &e.to),
        CreditsEvent::AuthorityAccepted(e) => orders::accepted(work, row, &e.authority),
        // The price's makers are in the events themselves; prices are in `price_points`.
        CreditsEvent::SubmitterReplaced(_) | CreditsEvent::PriceSourceSet(_) => {}
    }
}

fn balance<'w>(work: &'w mut Work, row: &Inserted<'_>, user: &Pubkey, iosd: u64) -> Option<&'w mut User> {
    let user = work.user(row, user)?;
    user.iosd_balance = iosd.into();
    user.slot = row.slot;
    Some(user)
}

fn price(work: &mut Work, row: &Inserted<'_>, e: &PriceSubmitted) {
    work.price_points.push(PricePoint {
        event_id: row.id,
        submitter: e.submitter.to_bytes(),
        price: e.price.into(),
        spot: e.spot.into(),
        average: e.average.into(),
        time: e.stamp.time,
        slot: row.slot,
    });
    if e.spot > 0 {
        let totals = work.totals.one();
        totals.price_spot = Some(e.spot.into());
        totals.price_average = Some(e.average.into());
        totals.price_time = Some(e.stamp.time);
    }
}

fn bought(work: &mut Work, row: &Inserted<'_>, e: &CreditsBought) {
    if let Some(user) = balance(work, row, &e.user, e.iosd_balance) {
        user.io_burned += e.io_burned;
    }
    if let Some(epoch) = emission::epoch(work, row, e.epoch) {
        epoch.io_burned = e.epoch_io_burned.into();
        epoch.iosd_bought += e.iosd_minted;
    }
    let totals = work.totals.one();
    totals.io_burned += e.io_burned;
    totals.iosd_bought += e.iosd_minted;
    totals.burn_supply(e.io_burned);
}

/// Comes before the jobs program's `JobPaid` of the same instruction.
fn settled(work: &mut Work, row: &Inserted<'_>, e: &EscrowSettled) {
    if let Some(job) = jobs::job(work, row, &e.job) {
        job.supplier_share = Some(e.supplier_share.into());
        job.fee_retired = Some(e.retired.into());
        job.fee_incentives = Some(e.incentives.into());
        job.slot = row.slot;
    }
    if let Some(operator) = work.operator(row, &e.supplier) {
        operator.earned += e.supplier_share;
        operator.earnings_owed = e.earnings_owed.into();
        operator.slot = row.slot;
    }
    let totals = work.totals.one();
    totals.iosd_spent += e.price;
    totals.iosd_earned += e.supplier_share;
    totals.iosd_retired += e.retired;
    totals.iosd_incentives += e.incentives;
    loyalty::spent(work, row, e);
}
