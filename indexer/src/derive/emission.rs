//! Epochs, redemptions and the schedule.
use super::columns::Amount;
use super::rows::{Budget, Epoch, Redemption, ScheduleMint};
use super::{Inserted, Work};
use crate::decode::words;
use ::credits::Purpose;
use ::credits::events::{EpochClosed, MinterSet, RedemptionRequested, RedemptionSettled, ScheduleMinted};
use anchor_lang::prelude::Pubkey;

/// The epoch's row, which is made if this is the first that is heard of it.
pub fn epoch<'w>(work: &'w mut Work, row: &Inserted<'_>, index: u64) -> Option<&'w mut Epoch> {
    let index = Amount::from(index);
    work.epochs.add(Epoch { index, ..Epoch::default() });
    let epoch = work.epochs.change(&(index,))?;
    epoch.slot = row.slot;
    Some(epoch)
}

fn budget<'w>(work: &'w mut Work, row: &Inserted<'_>, purpose: Purpose) -> Option<&'w mut Budget> {
    let budget = work.budgets.change(&(words::purpose(purpose).to_owned(),))?;
    budget.slot = Some(row.slot);
    Some(budget)
}

/// What an owner has asked for in an epoch, and all owners together.
fn request(work: &mut Work, row: &Inserted<'_>, owner: &Pubkey, requested: u64, at: u64, epoch_requested: u64) {
    if let Some(epoch) = epoch(work, row, at) {
        epoch.requested = epoch_requested.into();
    }
    if let Some(operator) = work.operator(row, owner) {
        operator.requested = requested.into();
        operator.request_epoch = (requested > 0).then(|| at.into());
        operator.slot = row.slot;
    }
}

pub fn requested(work: &mut Work, row: &Inserted<'_>, e: &RedemptionRequested) {
    work.operator(row, &e.owner);
    request(work, row, &e.owner, e.requested, e.epoch, e.epoch_requested);
    if let Some(operator) = work.operator(row, &e.owner) {
        operator.earnings_owed = e.earnings_owed.into();
    }
    work.totals.one().iosd_requested += e.amount;
    work.redemptions.push(Redemption {
        event_id: row.id,
        owner: e.owner.to_bytes(),
        kind: "requested",
        epoch: e.epoch.into(),
        amount: e.amount.into(),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
        ..Redemption::default()
    });
}

pub fn settled(work: &mut Work, row: &Inserted<'_>, e: &RedemptionSettled) {
    request(work, row, &e.owner, e.rest, e.joined, e.joined_requested);
    if let Some(operator) = work.operator(row, &e.owner) {
        operator.iosd_redeemed += e.charged;
        operator.io_received += e.io_minted;
    }
    let epoch = work.epochs.change(&(e.epoch.into(),));
    let found = epoch.is_some();
    if let Some(epoch) = epoch {
        epoch.settled += e.requested;
        epoch.settled_io += e.io_minted;
        epoch.dust += e.dust;
        epoch.slot = row.slot;
    }
    work.expect(found, row);
    // The epoch that the rest joins is the open one, whether there is a rest or not.
    if let Some(joined) = work.epochs.change(&(e.joined.into(),)) {
        joined.io_redeemed += e.io_minted;
        joined.iosd_redeemed += e.charged;
    }
    let totals = work.totals.one();
    totals.io_redeemed += e.io_minted;
    totals.iosd_redeemed += e.charged;
    totals.iosd_requested -= e.charged;
    totals.mint_supply(e.io_minted);
    totals.reserve = e.reserve.into();
    totals.allocated = e.allocated_total.into();
    work.redemptions.push(Redemption {
        event_id: row.id,
        owner: e.owner.to_bytes(),
        kind: "settled",
        epoch: e.epoch.into(),
        amount: e.requested.into(),
        charged: Some(e.charged.into()),
        io_minted: Some(e.io_minted.into()),
        rest: Some(e.rest.into()),
        joined: Some(e.joined.into()),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
    });
}

pub fn closed(work: &mut Work, row: &Inserted<'_>, e: &EpochClosed) {
    let staked = work.rewards.one().staked;
    if let Some(epoch) = epoch(work, row, e.epoch) {
        epoch.io_burned = e.io_burned.into();
        epoch.requested = e.requested.into();
        epoch.closed_time = Some(e.stamp.time);
        epoch.closed_signature = Some(row.signature());
        epoch.smoothed_burn = Some(e.smoothed_burn.into());
        epoch.paid = Some(e.paid.into());
        epoch.allocated = Some(e.allocated.into());
        epoch.price = Some(e.price.into());
        epoch.reserve = Some(e.reserve.into());
        epoch.allocated_total = Some(e.allocated_total.into());
        epoch.budget_idle = Some(e.idle.into());
        epoch.budget_stakers = Some(e.stakers.into());
        epoch.budget_treasury = Some(e.treasury.into());
        epoch.supply = Some(e.supply.into());
        epoch.staked = Some(staked);
    }
    for (purpose, scheduled) in
        [(Purpose::Idle, e.idle), (Purpose::Stakers, e.stakers), (Purpose::Treasury, e.treasury)]
    {
        if let Some(budget) = budget(work, row, purpose) {
            budget.scheduled += scheduled;
            budget.available += scheduled;
        }
    }
    let totals = work.totals.one();
    totals.io_supply = Some(e.supply.into());
    totals.reserve = e.reserve.into();
    totals.allocated = e.allocated_total.into();
    totals.smoothed_burn = e.smoothed_burn.into();
    totals.next_epoch = Amount(i128::from(e.epoch) + 1);
}

pub fn minted(work: &mut Work, row: &Inserted<'_>, e: &ScheduleMinted) {
    if let Some(epoch) = epoch(work, row, e.epoch) {
        match e.purpose {
            Purpose::Idle => epoch.minted_idle += e.amount,
            Purpose::Stakers => epoch.minted_stakers += e.amount,
            Purpose::Treasury => epoch.minted_treasury += e.amount,
        }
    }
    if let Some(budget) = budget(work, row, e.purpose) {
        budget.available = e.available.into();
        budget.minted = e.minted.into();
        budget.epoch = Some(e.epoch.into());
        budget.epoch_minted = e.epoch_minted.into();
    }
    let totals = work.totals.one();
    totals.io_scheduled += e.amount;
    totals.mint_supply(e.amount);
    work.schedule_mints.push(ScheduleMint {
        event_id: row.id,
        purpose: words::purpose(e.purpose),
        recipient: e.to.to_bytes(),
        amount: e.amount.into(),
        epoch: e.epoch.into(),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
    });
}

pub fn minter(work: &mut Work, row: &Inserted<'_>, e: &MinterSet) {
    let Some(budget) = budget(work, row, e.purpose) else { return };
    budget.authority = Some(e.authority.to_bytes());
    budget.total_limit = Some(e.total_limit.into());
    budget.epoch_limit = Some(e.epoch_limit.into());
}
