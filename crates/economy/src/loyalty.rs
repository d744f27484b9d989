//! Points for spending, and what they are worth.
use crate::{BPS, math::Overflow, math::mul_div_ceil, math::mul_div_floor};

/// A tenure month: 30 days, seconds.
const TENURE_MONTH_S: u64 = 30 * 86_400;
/// Each month since the first spending adds this much to what a credit earns, basis points.
const TENURE_STEP_BPS: u64 = 500;
/// Tenure doubles points at most.
const MOST_BPS: u64 = 20_000;

/// Points per spent credit after `tenure_s` seconds as a paying user, basis points: 1.00 in the first month, 0.05 more every
/// month, at most 2.00.
pub fn multiplier_bps(tenure_s: u64) -> u64 {
    let steps = tenure_s / TENURE_MONTH_S;
    BPS.saturating_add(steps.saturating_mul(TENURE_STEP_BPS)).min(MOST_BPS)
}

/// Points for spending `price` (IOSD base units), rounded down.
///
/// # Errors
/// If the result does not fit.
pub fn points(price: u64, tenure_s: u64) -> Result<u64, Overflow> {
    mul_div_floor(price, multiplier_bps(tenure_s), BPS)
}

/// What `points` are redeemed for, IOSD base units: their worth rounded down, and never more than what is left of the
/// incentives' share of the fees that this user has paid.
///
/// # Errors
/// If the result does not fit.
pub fn rebate(points: u64, rate_bps: u16, incentives_paid: u64, rebated: u64) -> Result<u64, Overflow> {
    Ok(mul_div_floor(points, u64::from(rate_bps), BPS)?.min(incentives_paid.saturating_sub(rebated)))
}

/// The points that a rebate takes, rounded up.
///
/// # Errors
/// If the rate is zero or the result does not fit.
pub fn cost(rebate: u64, rate_bps: u16) -> Result<u64, Overflow> {
    mul_div_ceil(rebate, BPS, u64::from(rate_bps))
}
