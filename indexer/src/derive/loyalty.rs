//! What users have spent and get back for it.
use super::rows::Loyalty;
use super::{Inserted, Work};
use ::credits::events::{EscrowSettled, LoyaltyRedeemed, RebateMinted};
use anchor_lang::prelude::Pubkey;

/// The user's row, which is made if this is the first that is heard of them.
pub fn of<'w>(work: &'w mut Work, row: &Inserted<'_>, user: &Pubkey) -> Option<&'w mut Loyalty> {
    work.user(row, user);
    let user_key = user.to_bytes();
    work.loyalty.add(Loyalty { user_key, event_id: row.id, slot: row.slot, ..Loyalty::default() });
    work.loyalty.change(&(user_key,))
}

pub fn spent(work: &mut Work, row: &Inserted<'_>, e: &EscrowSettled) {
    let Some(loyalty) = of(work, row, &e.user) else { return };
    loyalty.since.get_or_insert(e.stamp.time);
    loyalty.points = e.points.into();
    loyalty.spent += e.price;
    loyalty.incentives += e.incentives;
    loyalty.slot = row.slot;
}

pub fn shared(work: &mut Work, row: &Inserted<'_>, user: &Pubkey) {
    let Some(loyalty) = of(work, row, user) else { return };
    loyalty.shared = true;
    loyalty.slot = row.slot;
}

pub fn redeemed(work: &mut Work, row: &Inserted<'_>, e: &LoyaltyRedeemed) {
    if let Some(loyalty) = of(work, row, &e.user) {
        loyalty.points = e.points_left.into();
        loyalty.rebated = e.rebated.into();
        loyalty.pooled = e.pooled.into();
        loyalty.slot = row.slot;
    }
    let totals = work.totals.one();
    totals.iosd_rebated += e.rebate;
    totals.iosd_rebates_minted += e.rebate;
    totals.iosd_rebates_minted -= e.to_stakers;
}

/// The staker's own balance is in no table: the event names their account, not them.
pub fn minted(work: &mut Work, row: &Inserted<'_>, e: &RebateMinted) {
    if let Some(loyalty) = of(work, row, &e.user) {
        loyalty.pooled = e.pooled.into();
        loyalty.slot = row.slot;
    }
    work.totals.one().iosd_rebates_minted += e.amount;
}
