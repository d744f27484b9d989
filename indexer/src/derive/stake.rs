//! Stake, its rewards and its losses.
use super::columns::{Amount, Wide};
use super::more_rows::Pool;
use super::pools::{self, PositionChange};
use super::{Inserted, Work, emission, orders};
use crate::decode::{StakingEvent, words};
use ::staking::events::*;
use ::staking::state::{PoolKind, PoolState, PositionState};
use anchor_lang::prelude::Pubkey;

/// What most events say of a position and its pool.
struct Said<'a> {
    pool: &'a Pubkey,
    holder: &'a Pubkey,
    state: &'a PositionState,
    pool_state: &'a PoolState,
    fold: u64,
    about: u64,
}

impl<'a> Said<'a> {
    fn change(&self) -> PositionChange<'a> {
        PositionChange {
            pool: self.pool,
            holder: self.holder,
            state: self.state,
            factor: self.pool_state.factor,
            warm_epoch: None,
            cool_epoch: None,
            claimed: 0,
        }
    }
}

/// The fields have the same names in all of these events.
macro_rules! said {
    ($e:ident, $fold:expr, $about:expr) => {
        Said {
            pool: &$e.pool,
            holder: &$e.holder,
            state: &$e.position,
            pool_state: &$e.pool_state,
            fold: $fold,
            about: $about,
        }
    };
}

pub fn apply(work: &mut Work, row: &Inserted<'_>, event: &StakingEvent) {
    match event {
        StakingEvent::ShardOpened(_) => {}
        StakingEvent::PoolOpened(e) => opened(work, row, e),
        StakingEvent::StakeAdded(e) => {
            let said = said!(e, e.fold, e.amount);
            let change = PositionChange { warm_epoch: Some(e.warm_epoch), ..said.change() };
            held(work, row, &said, change);
        }
        StakingEvent::StakeActivated(e) => {
            let said = said!(e, e.fold, e.activated);
            held(work, row, &said, said.change());
        }
        StakingEvent::UnstakeStarted(e) => {
            let said = said!(e, e.fold, e.amount);
            let change = PositionChange { cool_epoch: Some(e.cool_epoch), ..said.change() };
            held(work, row, &said, change);
        }
        StakingEvent::StakeWithdrawn(e) => {
            let said = said!(e, e.fold, e.amount);
            held(work, row, &said, said.change());
        }
        StakingEvent::PositionClosed(e) => {
            pools::pool(work, row, &e.pool, &e.pool_state, e.fold);
            pools::close(work, row, &e.pool, &e.holder);
            pools::tell(work, row, Some(&e.pool), Some(&e.holder), None);
        }
        StakingEvent::RewardsCollected(e) => collected(work, row, e),
        StakingEvent::PoolFolded(e) => {
            pools::pool(work, row, &e.pool, &e.pool_state, e.reward);
            pools::tell(work, row, Some(&e.pool), None, Some(e.reward.into()));
        }
        StakingEvent::RewardsClaimed(e) => {
            work.rewards.one().claimed += e.amount;
            claimed(work, row, &said!(e, e.fold, e.amount));
        }
        StakingEvent::RebatesClaimed(e) => claimed(work, row, &said!(e, 0, e.amount)),
        StakingEvent::CommissionClaimed(e) => {
            work.rewards.one().claimed += e.amount;
            if let Some(pool) = pools::pool(work, row, &e.pool, &e.pool_state, e.fold) {
                pool.commission_claimed += e.amount;
            }
            pools::tell(work, row, Some(&e.pool), Some(&e.owner), Some(e.amount.into()));
        }
        StakingEvent::CommissionSet(e) => {
            if let Some(pool) = pools::pool(work, row, &e.pool, &e.pool_state, e.fold) {
                pool.commission_bps = e.new.into();
            }
            pools::tell(work, row, Some(&e.pool), None, None);
        }
        StakingEvent::LoyaltyShared(e) => {
            pools::pool(work, row, &e.pool, &e.pool_state, e.to_stakers);
            pools::tell(work, row, Some(&e.pool), None, Some(e.to_stakers.into()));
        }
        StakingEvent::StakeReserved(e) => {
            own(work, row, &e.pool, &e.position, &e.pool_state, 0);
            pools::tell(work, row, Some(&e.pool), None, Some(e.amount.into()));
        }
        StakingEvent::StakeReleased(e) => {
            own(work, row, &e.pool, &e.position, &e.pool_state, 0);
            pools::tell(work, row, Some(&e.pool), None, Some(e.amount.into()));
        }
        StakingEvent::StakeForfeited(e) => forfeited(work, row, e),
        StakingEvent::StakeSlashed(e) => slashed(work, row, e),
        StakingEvent::PositionLocked(e) => {
            let address = work.position_address(&e.pool, &e.holder);
            if let Some(position) = work.positions.change(&(address,)) {
                position.locked_until = Some(e.until);
                position.slot = row.slot;
            }
            pools::tell(work, row, Some(&e.pool), Some(&e.holder), None);
        }
        StakingEvent::ParameterSet(e) => orders::parameter(work, row, words::name(e.parameter), e.old, e.new),
        StakingEvent::Paused(e) => orders::paused(work, row, e.flags),
        StakingEvent::AuthorityOffered(e) => orders::offered(work, row, &e.to),
        StakingEvent::AuthorityAccepted(e) => orders::accepted(work, row, &e.authority),
    }
}

/// What a unit staked at the start is still worth.
const WHOLE: u64 = 1 << 62;

fn opened(work: &mut Work, row: &Inserted<'_>, e: &PoolOpened) {
    match e.kind {
        PoolKind::Operator => {
            work.operator(row, &e.owner);
        }
        PoolKind::User => {
            work.user(row, &e.owner);
        }
    }
    work.pools.add(Pool {
        address: e.pool.to_bytes(),
        event_id: row.id,
        owner: e.owner.to_bytes(),
        kind: words::pool_kind(e.kind).into(),
        commission_bps: e.commission_bps.into(),
        factor: WHOLE.into(),
        opened_time: e.stamp.time,
        opened_signature: row.signature(),
        slot: row.slot,
        ..Pool::default()
    });
    pools::tell(work, row, Some(&e.pool), None, None);
}

fn held(work: &mut Work, row: &Inserted<'_>, said: &Said<'_>, change: PositionChange<'_>) {
    pools::pool(work, row, said.pool, said.pool_state, said.fold);
    pools::position(work, row, change);
    pools::tell(work, row, Some(said.pool), Some(said.holder), Some(said.about.into()));
}

fn claimed(work: &mut Work, row: &Inserted<'_>, said: &Said<'_>) {
    held(work, row, said, PositionChange { claimed: said.about, ..said.change() });
    if let Some(pool) = work.pools.change(&(said.pool.to_bytes(),)) {
        pool.claimed += said.about;
    }
}

fn collected(work: &mut Work, row: &Inserted<'_>, e: &RewardsCollected) {
    let rewards = work.rewards.one();
    rewards.collected = e.collected.into();
    rewards.index = Wide(e.index);
    rewards.undistributed = e.undistributed.into();
    rewards.slot = Some(row.slot);
    pools::tell(work, row, None, None, Some(e.amount.into()));
}

/// The operator's own position, which these events do not name. Returns whose it is.
fn own(
    work: &mut Work,
    row: &Inserted<'_>,
    pool: &Pubkey,
    state: &PositionState,
    pool_state: &PoolState,
    fold: u64,
) -> Option<Pubkey> {
    pools::pool(work, row, pool, pool_state, fold);
    let holder = pools::owner(work, row, pool)?;
    let said = Said { pool, holder: &holder, state, pool_state, fold, about: 0 };
    pools::position(work, row, said.change());
    Some(holder)
}

fn forfeited(work: &mut Work, row: &Inserted<'_>, e: &StakeForfeited) {
    let owner = own(work, row, &e.pool, &e.position, &e.pool_state, e.fold);
    if let Some(pool) = work.pools.change(&(e.pool.to_bytes(),)) {
        pool.forfeited += e.to_user;
    }
    pools::tell(work, row, Some(&e.pool), owner.as_ref(), Some(e.to_user.into()));
}

fn slashed(work: &mut Work, row: &Inserted<'_>, e: &StakeSlashed) {
    let owner = own(work, row, &e.pool, &e.position, &e.pool_state, e.fold);
    if let Some(pool) = work.pools.change(&(e.pool.to_bytes(),)) {
        pool.slashes += 1;
        pool.slashed_reserved += e.reserved;
        pool.slashed_beyond += e.beyond;
    }
    let total = Amount(i128::from(e.reserved) + i128::from(e.beyond));
    let rewards = work.rewards.one();
    rewards.slashed.0 += total.0;
    rewards.burned += e.burned;
    if let Some(epoch) = emission::epoch(work, row, e.epoch) {
        epoch.slash_burned += e.burned;
    }
    let totals = work.totals.one();
    totals.io_slash_burned += e.burned;
    totals.burn_supply(e.burned);
    pools::tell(work, row, Some(&e.pool), owner.as_ref(), Some(total));
}
