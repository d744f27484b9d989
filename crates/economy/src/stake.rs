//! Stake in pools, its rewards, and how it is lost.
//!
//! An amount is *warming* until a full epoch has passed, then *active*, and *cooling* after its holder took it out and
//! until every dispute about its time must be over. An operator's own stake is *reserved* while it stands for a job.
//! Rewards go to what is active or reserved. All four can be lost.
//!
//! What a pool loses beyond reservations is taken from active, warming and cooling by lowering the pool's `factor`;
//! positions keep their amounts as of the factor they last saw and are scaled down when they are touched. Every
//! rounding leaves dust in the pool, so a pool's buckets are never less than the sum of its positions'.
//!
//! A function that fails may have changed its arguments: throw them away, as a failed transaction does.
mod own;
mod position;
mod rewards;

pub use own::{Slash, Slashed, forfeit, release, reserve, slash};
pub use position::{Due, Position, claim, refresh, stake, unstake, withdraw};
pub use rewards::{Fold, Pool, Rewards};

use crate::index::ONE;
use crate::math::Overflow;
use core::fmt;

/// Below this factor a pool is worn out: it takes no new stake and no new reservations.
pub const WORN_OUT: u64 = 1 << 30;
/// Most that a commission may change in an epoch, basis points.
pub const COMMISSION_STEP_BPS: u16 = 100;
/// Longest time that a vote may lock a position, seconds: the longest vote and a day.
pub const MAX_LOCK_S: i64 = 31 * 86_400;

const _: () = assert!(WORN_OUT < ONE);

/// Why a step is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StakeError {
    /// An amount does not fit 64 bits, or a sum does not.
    Overflow,
    Zero,
    /// The position holds less than this.
    NotEnoughStake,
    /// The position has less reserved than this.
    NotEnoughReserved,
    /// A vote locks the position.
    Locked,
    /// Nobody may lock a position for so long.
    LockTooLong,
    /// What was taken out may still be disputed.
    StillCooling,
    /// Nothing is there to withdraw or to claim.
    Nothing,
    /// The pool has lost nearly everything: stake in another one.
    WornOut,
    /// Above the limit of all pools.
    CommissionTooHigh,
    /// Too far from the old one, or changed already in this epoch.
    CommissionStep,
    /// The books contradict each other: impossible while every step goes through these rules.
    Books,
}

impl fmt::Display for StakeError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            StakeError::Overflow => "amount does not fit 64 bits",
            StakeError::Zero => "the amount must be above zero",
            StakeError::NotEnoughStake => "the position holds less stake than this",
            StakeError::NotEnoughReserved => "the position has less reserved than this",
            StakeError::Locked => "a vote locks the position",
            StakeError::LockTooLong => "a position cannot be locked for so long",
            StakeError::StillCooling => "the stake is still cooling",
            StakeError::Nothing => "there is nothing to withdraw or claim",
            StakeError::WornOut => "the pool has lost nearly everything",
            StakeError::CommissionTooHigh => "the commission is above the limit",
            StakeError::CommissionStep => "the commission moves too far or too often",
            StakeError::Books => "the books contradict each other",
        })
    }
}

impl core::error::Error for StakeError {}

impl From<Overflow> for StakeError {
    fn from(_: Overflow) -> Self {
        StakeError::Overflow
    }
}

/// When stake that is added in `epoch` becomes active: one full epoch lies between.
pub fn warm_epoch(epoch: u64) -> u64 {
    epoch.saturating_add(2)
}

/// When stake that is taken out at `now` can be withdrawn: one full epoch after the last one that a dispute about the
/// present can end in. Times in seconds.
pub fn cool_epoch(now: i64, dispute_s: u32, genesis: i64, epoch_s: u32) -> u64 {
    crate::epoch::epoch_at(now.saturating_add(i64::from(dispute_s)), genesis, epoch_s).saturating_add(2)
}

/// Whether a commission may go from `old`, last changed in epoch `changed`, to `new` in `epoch`. Going down is allowed
/// above `max` too: the limit may have been lowered meanwhile.
///
/// # Errors
/// [`StakeError::CommissionTooHigh`] or [`StakeError::CommissionStep`].
pub fn change_commission(old: u16, changed: u64, new: u16, epoch: u64, max: u16) -> Result<(), StakeError> {
    if new > max && new >= old {
        return Err(StakeError::CommissionTooHigh);
    }
    if epoch <= changed || new.abs_diff(old) > COMMISSION_STEP_BPS {
        return Err(StakeError::CommissionStep);
    }
    Ok(())
}

/// `a + b` of amounts.
fn add(a: u64, b: u64) -> Result<u64, StakeError> {
    a.checked_add(b).ok_or(StakeError::Overflow)
}

/// `a - b` where the books say that it fits.
fn sub(a: u64, b: u64) -> Result<u64, StakeError> {
    a.checked_sub(b).ok_or(StakeError::Books)
}
