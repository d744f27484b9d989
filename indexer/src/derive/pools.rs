//! Rows of pools and positions.
use super::columns::{Amount, Wide};
use super::more_rows::{Pool, Position, StakeEvent};
use super::{Inserted, Key, Work};
use crate::decode::words;
use ::staking::constants::POSITION_SEED;
use ::staking::state::{PoolKind, PoolState, PositionState};
use anchor_lang::prelude::Pubkey;

/// Writes what a pool holds now, and counts what it gained or lost of earning stake for all pools. `rewarded` is what it
/// brought in.
pub fn pool<'w>(
    work: &'w mut Work,
    row: &Inserted<'_>,
    pool: &Pubkey,
    state: &PoolState,
    rewarded: u64,
) -> Option<&'w mut Pool> {
    let key = (pool.to_bytes(),);
    let found = work.pools.get(&key).is_some();
    work.expect(found, row);
    let pool = work.pools.change(&key)?;
    let gained = i128::from(state.active) + i128::from(state.reserved) - pool.active.0 - pool.reserved.0;
    let rewards = work.rewards.one();
    rewards.staked.0 += gained;
    if pool.kind == words::pool_kind(PoolKind::Operator) {
        rewards.weight.0 += gained;
    }
    rewards.slot = Some(row.slot);
    pool.active = state.active.into();
    pool.reserved = state.reserved.into();
    pool.warming = state.warming.into();
    pool.cooling = state.cooling.into();
    pool.factor = state.factor.into();
    pool.index = Wide(state.index);
    pool.scaled_index = Wide(state.scaled_index);
    pool.commission_owed = state.commission_owed.into();
    pool.undistributed = state.undistributed.into();
    pool.rewarded += rewarded;
    pool.slot = row.slot;
    Some(pool)
}

/// Where a position is.
pub fn position_address(pool: &Pubkey, holder: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(&[POSITION_SEED, pool.as_ref(), holder.as_ref()], &::staking::ID).0
}

/// What an event says of a position.
pub struct PositionChange<'a> {
    pub pool: &'a Pubkey,
    pub holder: &'a Pubkey,
    pub state: &'a PositionState,
    /// The pool's, which the amounts are as of.
    pub factor: u64,
    pub warm_epoch: Option<u64>,
    pub cool_epoch: Option<u64>,
    pub claimed: u64,
}

/// Writes what a position holds now; opens it if this is the first that is heard of it, or if it was closed.
pub fn position(work: &mut Work, row: &Inserted<'_>, change: PositionChange<'_>) {
    let PositionChange { pool, holder, state, factor, warm_epoch, cool_epoch, claimed } = change;
    let address = work.position_address(pool, holder);
    let (pool, holder) = (pool.to_bytes(), holder.to_bytes());
    work.positions.add(Position { address, event_id: row.id, pool, holder, closed: true, ..Position::default() });
    let Some(position) = work.positions.change(&(address,)) else { return };
    if position.closed {
        count(work, &pool, 1);
    }
    let Some(position) = work.positions.change(&(address,)) else { return };
    position.active = state.active.into();
    position.reserved = state.reserved.into();
    position.warming = state.warming.into();
    position.cooling = state.cooling.into();
    position.owed = state.owed.into();
    position.factor = factor.into();
    position.warm_epoch = warm_epoch.map(Amount::from).or(position.warm_epoch);
    position.cool_epoch = cool_epoch.map(Amount::from).or(position.cool_epoch);
    position.claimed += claimed;
    position.closed = false;
    position.slot = row.slot;
}

/// Counts a pool's open positions.
fn count(work: &mut Work, pool: &Key, change: i64) {
    if let Some(pool) = work.pools.change(&(*pool,)) {
        pool.positions += change;
    }
}

/// A position is gone: it held nothing any more.
pub fn close(work: &mut Work, row: &Inserted<'_>, pool: &Pubkey, holder: &Pubkey) {
    let address = work.position_address(pool, holder);
    let open = work.positions.change(&(address,)).filter(|position| !position.closed);
    let found = open.is_some();
    if let Some(position) = open {
        let Position { address, event_id, pool, holder, factor, claimed, .. } = position.clone();
        let slot = row.slot;
        *position =
            Position { address, event_id, pool, holder, factor, claimed, closed: true, slot, ..Position::default() };
    }
    work.expect(found, row);
    count(work, &pool.to_bytes(), -1);
}

/// Whose pool it is; none if its opening was missed.
pub fn owner(work: &mut Work, row: &Inserted<'_>, pool: &Pubkey) -> Option<Pubkey> {
    let owner = work.pools.get(&(pool.to_bytes(),)).map(|pool| Pubkey::from(pool.owner));
    work.expect(owner.is_some(), row);
    owner
}

/// Adds to the history.
pub fn tell(
    work: &mut Work,
    row: &Inserted<'_>,
    pool: Option<&Pubkey>,
    holder: Option<&Pubkey>,
    about: Option<Amount>,
) {
    work.stake_events.push(StakeEvent {
        event_id: row.id,
        pool: pool.map(Pubkey::to_bytes),
        holder: holder.map(Pubkey::to_bytes),
        kind: row.event.kind(),
        amount: about,
        time: row.stamp().time,
        signature: row.signature(),
        slot: row.slot,
    });
}
