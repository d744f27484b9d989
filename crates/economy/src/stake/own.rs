//! An operator's own position: it stands for the operator's jobs.
use super::{Pool, Position, Rewards, StakeError, WORN_OUT, add, sub};
use crate::BPS;
use crate::index::ONE;
use crate::math::mul_div_floor;

/// Sets `amount` of the active stake aside for a job. It goes on earning, so the pool's weight does not change. Exact.
///
/// # Errors
/// [`StakeError::Zero`], [`StakeError::WornOut`], or [`StakeError::NotEnoughStake`].
pub fn reserve(pool: &mut Pool, position: &mut Position, amount: u64) -> Result<(), StakeError> {
    if amount == 0 {
        return Err(StakeError::Zero);
    }
    if pool.factor < WORN_OUT {
        return Err(StakeError::WornOut);
    }
    position.settle(pool)?;
    position.active = position.active.checked_sub(amount).ok_or(StakeError::NotEnoughStake)?;
    position.reserved = add(position.reserved, amount)?;
    pool.active = sub(pool.active, amount)?;
    pool.reserved = add(pool.reserved, amount)?;
    Ok(())
}

/// Ends a reservation: `amount` becomes active again. Exact. It works in a worn-out pool too.
///
/// # Errors
/// [`StakeError::Zero`] or [`StakeError::NotEnoughReserved`].
pub fn release(pool: &mut Pool, position: &mut Position, amount: u64) -> Result<(), StakeError> {
    if amount == 0 {
        return Err(StakeError::Zero);
    }
    position.settle(pool)?;
    position.reserved = position.reserved.checked_sub(amount).ok_or(StakeError::NotEnoughReserved)?;
    position.active = add(position.active, amount)?;
    pool.reserved = sub(pool.reserved, amount)?;
    pool.active = add(pool.active, amount)?;
    Ok(())
}

/// Ends a reservation of `reserved`: `amount` of it leaves the vault, the rest becomes active again. Exact. Returns
/// what the pool folded in.
///
/// # Errors
/// [`StakeError::Zero`] without a reservation, [`StakeError::NotEnoughReserved`] if either exceeds what there is.
pub fn forfeit(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    reserved: u64,
    amount: u64,
) -> Result<u64, StakeError> {
    if amount > reserved {
        return Err(StakeError::NotEnoughReserved);
    }
    let fold = pool.fold(rewards)?.reward;
    release(pool, position, reserved)?;
    position.active = sub(position.active, amount)?;
    pool.active = sub(pool.active, amount)?;
    rewards.leave(pool, amount)?;
    Ok(fold)
}

/// What to take for a proven fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// The job's reservation: lost in full.
    pub reserved: u64,
    /// To take from the whole pool beyond it, as far as the epoch's cap allows.
    pub beyond: u64,
    pub epoch: u64,
    /// Most that an epoch may take beyond reservations, basis points of the pool.
    pub cap_bps: u16,
    /// The prover's share, basis points.
    pub prover_bps: u16,
}

/// What was taken. `reserved + beyond == to_prover + burned` leaves the vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slashed {
    pub fold: u64,
    pub reserved: u64,
    pub beyond: u64,
    pub to_prover: u64,
    pub burned: u64,
}

/// Takes the reservation, and `beyond` from active, warming and cooling stake in proportion. Each bucket's loss is
/// rounded down and what positions keep is rounded down too, so the pool never holds less than they do; the prover's
/// share is rounded down and the rest is burned. In an epoch no more than `floor(slash_base * cap_bps / 10,000)` is
/// taken beyond reservations.
///
/// # Errors
/// [`StakeError::Zero`] if nothing is to be taken, [`StakeError::NotEnoughReserved`], or [`StakeError::Overflow`] for a
/// rate over one.
pub fn slash(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    order: Slash,
) -> Result<Slashed, StakeError> {
    if order.reserved == 0 && order.beyond == 0 {
        return Err(StakeError::Zero);
    }
    if u64::from(order.cap_bps) > BPS || u64::from(order.prover_bps) > BPS {
        return Err(StakeError::Overflow);
    }
    let fold = pool.fold(rewards)?.reward;
    position.settle(pool)?;
    position.reserved = position.reserved.checked_sub(order.reserved).ok_or(StakeError::NotEnoughReserved)?;
    pool.reserved = sub(pool.reserved, order.reserved)?;
    rewards.leave(pool, order.reserved)?;
    let beyond = take(rewards, pool, order)?;
    position.settle(pool)?;

    let total = add(order.reserved, beyond)?;
    let to_prover = mul_div_floor(total, u64::from(order.prover_bps), BPS)?;
    let burned = sub(total, to_prover)?;
    rewards.slashed = add(rewards.slashed, total)?;
    rewards.burned = add(rewards.burned, burned)?;
    Ok(Slashed { fold, reserved: order.reserved, beyond, to_prover, burned })
}

/// Takes up to `order.beyond` from the three buckets and lowers the factor. Returns what was taken.
fn take(rewards: &mut Rewards, pool: &mut Pool, order: Slash) -> Result<u64, StakeError> {
    let whole = add(add(pool.active, pool.warming)?, pool.cooling)?;
    // At a factor of zero nothing is left of what was staked; released reservations may be there, and no factor can
    // lower them.
    if order.beyond == 0 || whole == 0 || pool.factor == 0 {
        return Ok(0);
    }
    if pool.slash_epoch != order.epoch || pool.slash_base == 0 {
        (pool.slash_epoch, pool.slash_base, pool.slashed) = (order.epoch, whole, 0);
    }
    let cap = mul_div_floor(pool.slash_base, u64::from(order.cap_bps), BPS)?;
    let amount = order.beyond.min(cap.saturating_sub(pool.slashed)).min(whole);
    let [active, warming, cooling] =
        [pool.active, pool.warming, pool.cooling].map(|bucket| mul_div_floor(bucket, amount, whole));
    let (active, warming, cooling) = (active?, warming?, cooling?);
    let taken = add(add(active, warming)?, cooling)?;
    if taken == 0 {
        return Ok(0);
    }
    // By the whole amount, though less may be taken: positions must fall by at least as much as every bucket.
    pool.factor = mul_div_floor(pool.factor, sub(whole, amount)?, whole)?;
    debug_assert!(pool.factor <= ONE);
    pool.active = sub(pool.active, active)?;
    pool.warming = sub(pool.warming, warming)?;
    pool.cooling = sub(pool.cooling, cooling)?;
    pool.slashed = add(pool.slashed, taken)?;
    rewards.leave(pool, active)?;
    Ok(taken)
}
