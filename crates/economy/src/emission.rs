//! Where new IO comes from: what usage burned, and a falling schedule. The two are never mixed.
use crate::{BPS, IO_CAP, IO_DECIMALS, math::Overflow, math::mul_div_floor};

/// What the schedule is a share of, base units: 500,000,000 IO.
pub const INITIAL_SUPPLY: u64 = 500_000_000 * 10u64.pow(IO_DECIMALS as u32);
/// Scheduled in the first year's rate, basis points of the initial supply.
pub const YEARLY_BPS: u64 = 800;
/// How much less each month is than the one before, basis points.
pub const MONTHLY_DECAY_BPS: u64 = 102;
/// A twelfth of 365.25 days, seconds.
pub const MONTH_S: u64 = 2_629_800;
/// Weight of the past in the smoothed burn: `(6 * previous + burned) / 7`.
const SMOOTHING: u64 = 7;

/// Scheduled emission of month `month` (0 is the first), base units, before any clipping. Rounded down in every step, so it
/// never exceeds the exact `initial * 8 % / 12 * 0.9898^month`; it is zero in the far future.
pub fn monthly(month: u64) -> u64 {
    // Q64 power by squaring: each product is rounded down.
    let mut base = ((u128::from(BPS - MONTHLY_DECAY_BPS)) << 64) / u128::from(BPS);
    let mut factor = 1u128 << 64;
    let mut rest = month;
    while rest > 0 && factor > 0 {
        if rest & 1 == 1 {
            factor = mul_q64(factor, base);
        }
        base = mul_q64(base, base);
        rest >>= 1;
    }
    let first = INITIAL_SUPPLY / BPS * YEARLY_BPS / 12;
    mul_q64(factor, u128::from(first)) as u64
}

/// `a * b / 2^64`, rounded down, for `a` up to `2^64` and `b` up to `2^64`.
fn mul_q64(a: u128, b: u128) -> u128 {
    debug_assert!(a <= 1 << 64 && b <= 1 << 64);
    // Only `a = b = 2^64` would not fit 128 bits.
    if a == 1 << 64 { b } else { (a * b) >> 64 }
}

/// Scheduled emission of epoch `index`, base units: its month's amount by its share of the month, rounded down. The month is
/// the one that the epoch begins in.
///
/// # Errors
/// If the epoch lies beyond what 64 bits of seconds can count.
pub fn scheduled(index: u64, epoch_s: u32) -> Result<u64, Overflow> {
    let start = index.checked_mul(u64::from(epoch_s)).ok_or(Overflow)?;
    mul_div_floor(monthly(start / MONTH_S), u64::from(epoch_s), MONTH_S)
}

/// The smoothed burn after an epoch that burned `burned`: `(6 * previous + burned) / 7`, rounded down. Summed over all epochs
/// it never exceeds what was burned.
pub fn smoothed_burn(previous: u64, burned: u64) -> u64 {
    let sum = u128::from(previous) * u128::from(SMOOTHING - 1) + u128::from(burned);
    // A mean of u64 values fits u64.
    (sum / u128::from(SMOOTHING)) as u64
}

/// How the schedule is split, basis points; the rest is the treasury's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    pub idle_bps: u16,
    pub stakers_bps: u16,
}

/// Parts of an epoch's scheduled emission, base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Devices that passed the epoch's challenge.
    pub idle: u64,
    /// Stakers of operator pools.
    pub stakers: u64,
    /// Whatever governance pays for.
    pub treasury: u64,
}

impl Budgets {
    pub fn total(&self) -> u64 {
        self.idle + self.stakers + self.treasury
    }
}

/// Splits `amount`: shares are rounded down and the treasury gets the rest, so the parts always sum to it.
///
/// # Errors
/// If the shares pass 10,000 basis points.
pub fn split(amount: u64, split: Split) -> Result<Budgets, Overflow> {
    if u64::from(split.idle_bps) + u64::from(split.stakers_bps) > BPS {
        return Err(Overflow);
    }
    let idle = mul_div_floor(amount, u64::from(split.idle_bps), BPS)?;
    let stakers = mul_div_floor(amount, u64::from(split.stakers_bps), BPS)?;
    Ok(Budgets { idle, stakers, treasury: amount - idle - stakers })
}

/// What an epoch's closing starts from, IO base units unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    pub index: u64,
    pub epoch_s: u32,
    /// Burned for credits during the epoch.
    pub burned: u64,
    /// Redemptions asked for by the epoch's end, IOSD base units.
    pub requested: u64,
    /// Price at which IO is paid out; none if there is no good price now.
    pub paying_price: Option<u64>,
    /// Smoothed burn of the epoch before.
    pub smoothed_burn: u64,
    /// Reserve that is not promised to anybody.
    pub reserve: u64,
    /// IO that exists, and what was burned in epochs after this one.
    pub supply: u64,
    /// Promised or budgeted and not minted yet, beside the reserve.
    pub outstanding: u64,
    /// Most IO that one epoch may pay for redemptions.
    pub redemption_cap: u64,
    pub split: Split,
}

/// What an epoch's closing results in, IO base units unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    pub smoothed_burn: u64,
    /// Redemptions paid, IOSD base units, at most what was requested.
    pub paid: u64,
    /// IO promised for them.
    pub allocated: u64,
    /// What is left of the reserve.
    pub reserve: u64,
    /// New budgets of the schedule, clipped under the cap.
    pub budgets: Budgets,
}

/// Closes an epoch: the smoothed burn joins the reserve; the reserve pays the requests, within the epoch's cap and only at a
/// good price; the schedule is clipped so that everything that exists, is promised or is budgeted, and what was burned and
/// has yet to join the reserve, stays under the hard cap. What cannot be paid stays requested, what is not used stays in the
/// reserve.
///
/// # Errors
/// If an amount does not fit 64 bits.
pub fn close(c: &Closing) -> Result<Closed, Overflow> {
    let smoothed = smoothed_burn(c.smoothed_burn, c.burned);
    let reserve = c.reserve.checked_add(smoothed).ok_or(Overflow)?;
    let payable = reserve.min(c.redemption_cap);
    let (paid, allocated) = match c.paying_price {
        Some(price) => crate::redemption::pay(c.requested, payable, price),
        None => (0, 0),
    };
    // The smoothed burn brings this much more into the reserve though nothing else is ever burned.
    let coming = smoothed.checked_mul(SMOOTHING - 1).ok_or(Overflow)?;
    let taken =
        [c.supply, reserve, coming, c.outstanding].into_iter().try_fold(0u64, u64::checked_add).ok_or(Overflow)?;
    let scheduled = scheduled(c.index, c.epoch_s)?.min(IO_CAP.saturating_sub(taken));
    let budgets = split(scheduled, c.split)?;
    Ok(Closed { smoothed_burn: smoothed, paid, allocated, reserve: reserve - allocated, budgets })
}
