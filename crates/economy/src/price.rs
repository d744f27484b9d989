//! The coin's price: the median of submissions, an exponential average, and the two conservative sides.
use crate::{BPS, IO_DECIMALS, IOSD_DECIMALS, math::Overflow, math::mul_div_ceil, math::mul_div_floor};
use core::fmt;

/// Decimals of a price: dollars per whole IO, times 10^8.
pub const PRICE_DECIMALS: u8 = 8;
/// `iosd = io * price / SCALE`.
const SCALE: u64 = 10u64.pow((IO_DECIMALS + PRICE_DECIMALS - IOSD_DECIMALS) as u32);
/// Time constant of the exponential average, seconds.
pub const AVERAGE_SECONDS: u64 = 3600;
/// Most submitters a feed can have.
pub const MAX_SUBMITTERS: usize = 8;

/// One submitter's latest word. `price` is zero until it has spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submission {
    pub price: u64,
    /// Unix time, seconds.
    pub time: i64,
}

/// When a price is good enough to mint by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceLimits {
    /// Oldest submission that counts, seconds.
    pub max_age_s: u32,
    /// Widest spread around the median, basis points.
    pub max_spread_bps: u16,
}

/// A price that has passed its checks. Unit: 10^-8 dollars per whole IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Median of the fresh submissions.
    pub spot: u64,
    /// Exponential average of past spots.
    pub average: u64,
    /// Largest distance of a fresh submission from the median.
    pub confidence: u64,
}

/// Why there is no price. Nothing is minted then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// No majority of the submitters has spoken recently.
    Stale,
    /// The submissions disagree too much.
    Wide,
    /// The price, or its conservative side, is zero.
    Zero,
    /// The account is not a fully verified update of the configured feed.
    NotAnUpdate,
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            PriceError::Stale => "no majority of the price submitters has spoken recently",
            PriceError::Wide => "the price submissions disagree too much",
            PriceError::Zero => "the price is zero",
            PriceError::NotAnUpdate => "the account is not a fully verified update of the configured price feed",
        })
    }
}

impl core::error::Error for PriceError {}

/// Median and confidence of the fresh submissions: a majority of all submitters must be fresh. A submission from the
/// future is not fresh. Of an even number the median is the midpoint of the middle two, rounded down. As long as fewer
/// of the fresh submitters lie than tell the truth, it is between two honest prices.
///
/// # Errors
/// [`PriceError::Stale`], [`PriceError::Wide`] or [`PriceError::Zero`]. More than [`MAX_SUBMITTERS`] submissions are
/// refused as stale: ignoring some would make their order matter.
pub fn median(submissions: &[Submission], now: i64, limits: PriceLimits) -> Result<(u64, u64), PriceError> {
    if submissions.len() > MAX_SUBMITTERS {
        return Err(PriceError::Stale);
    }
    let mut fresh = [0u64; MAX_SUBMITTERS];
    let mut count = 0;
    for s in submissions {
        let age = now.saturating_sub(s.time);
        if s.price > 0 && (0..=i64::from(limits.max_age_s)).contains(&age) {
            fresh[count] = s.price;
            count += 1;
        }
    }
    if count * 2 <= submissions.len() {
        return Err(PriceError::Stale);
    }
    let fresh = &mut fresh[..count];
    fresh.sort_unstable();
    let (low, high) = (fresh[(count - 1) / 2], fresh[count / 2]);
    let spot = low + (high - low) / 2;
    let confidence = (spot - fresh[0]).max(fresh[count - 1] - spot);
    if u128::from(confidence) * u128::from(BPS) > u128::from(spot) * u128::from(limits.max_spread_bps) {
        return Err(PriceError::Wide);
    }
    if spot == 0 {
        return Err(PriceError::Zero);
    }
    Ok((spot, confidence))
}

/// The average after `elapsed_s` seconds at `spot`: moves by `elapsed / (elapsed + 1 hour)` of the distance, rounded
/// towards the old average. The first spot is its own average.
pub fn next_average(average: u64, spot: u64, elapsed_s: u64) -> u64 {
    if average == 0 {
        return spot;
    }
    let total = elapsed_s.saturating_add(AVERAGE_SECONDS);
    let step = |distance| mul_div_floor(distance, elapsed_s, total).unwrap_or(distance);
    if spot >= average { average + step(spot - average) } else { average - step(average - spot) }
}

impl Price {
    /// The price at which credits are bought: `min(spot, average) - confidence`.
    ///
    /// # Errors
    /// [`PriceError::Zero`] if nothing is left.
    pub fn buying(&self) -> Result<u64, PriceError> {
        self.spot.min(self.average).checked_sub(self.confidence).filter(|&p| p > 0).ok_or(PriceError::Zero)
    }

    /// The price at which IO is paid out: `max(spot, average) + confidence`, at most `u64::MAX`.
    pub fn paying(&self) -> u64 {
        self.spot.max(self.average).saturating_add(self.confidence)
    }
}

/// IOSD minted for burning `io`, rounded down.
///
/// # Errors
/// If the result does not fit.
pub fn iosd_for_io(io: u64, buying_price: u64) -> Result<u64, Overflow> {
    mul_div_floor(io, buying_price, SCALE)
}

/// IO to burn for exactly `iosd`, rounded up.
///
/// # Errors
/// If the result does not fit or the price is zero.
pub fn io_for_iosd(iosd: u64, buying_price: u64) -> Result<u64, Overflow> {
    mul_div_ceil(iosd, SCALE, buying_price)
}

/// IO paid out for `iosd` of earnings, rounded down.
///
/// # Errors
/// If the result does not fit or the price is zero.
pub fn io_payout(iosd: u64, paying_price: u64) -> Result<u64, Overflow> {
    mul_div_floor(iosd, SCALE, paying_price)
}

/// Earnings charged for `io` paid out, rounded up.
///
/// # Errors
/// If the result does not fit.
pub fn iosd_charged(io: u64, paying_price: u64) -> Result<u64, Overflow> {
    mul_div_ceil(io, paying_price, SCALE)
}
