//! Pay for being ready: what devices that passed a challenge share of the idle budget.
use crate::{BPS, math::Overflow, math::mul_div_floor};

/// Multiply-accumulates that a price is for.
pub const PRICED_MACS: u64 = 1_000_000_000_000;

/// Measured throughput, multiply-accumulates per second, rounded down: `macs` in `seconds`, of which at least one counts, for
/// the chain's clock knows no less.
///
/// # Errors
/// If the time is negative.
pub fn throughput(macs: u64, seconds: i64) -> Result<u64, Overflow> {
    let seconds = u64::try_from(seconds).map_err(|_| Overflow)?;
    mul_div_floor(macs, 1, seconds.max(1))
}

/// What one round may share, IO base units: what is in the budget, and may ever be minted from it, beyond what earlier rounds
/// were promised, and at most what an epoch may mint: the first round after a long pause does not take what has gathered.
pub fn budget(available: u64, mintable_ever: u64, promised: u64, epoch_limit: u64) -> u64 {
    available.min(mintable_ever).saturating_sub(promised).min(epoch_limit)
}

/// A device's share of a round's budget, IO base units: in proportion to its throughput, rounded down. Shares of all weights never
/// sum to more than the budget; what is left returns to it.
///
/// # Errors
/// If the weight is not part of the total.
pub fn share(budget: u64, weight: u64, total: u128) -> Result<u64, Overflow> {
    if u128::from(weight) > total {
        return Err(Overflow);
    }
    // Below 2^128: both factors are u64.
    let product = u128::from(budget) * u128::from(weight);
    let share = product.checked_div(total).ok_or(Overflow)?;
    u64::try_from(share).map_err(|_| Overflow)
}

/// What a device that committed to a wrong cell loses, IO base units: `slash_bps` of the stake that it needs, rounded down.
///
/// # Errors
/// If the rate is over 10,000 basis points.
pub fn penalty(required_stake: u64, slash_bps: u16) -> Result<u64, Overflow> {
    if u64::from(slash_bps) > BPS {
        return Err(Overflow);
    }
    mul_div_floor(required_stake, u64::from(slash_bps), BPS)
}
