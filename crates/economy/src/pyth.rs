//! Pyth price updates, decoded by hand: the account layout of `PriceUpdateV2` of the Pyth receiver program.
use crate::price::{PRICE_DECIMALS, Price, PriceError, PriceLimits};
use crate::{BPS, math::mul_div_ceil};

/// sha256("account:PriceUpdateV2"), first 8 bytes.
const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
/// Discriminator and write authority come first.
const VERIFICATION: usize = 40;
/// Borsh tag of `VerificationLevel::Full`; `Partial` is 0 and one byte longer, so it never decodes by accident.
const FULL: u8 = 1;
const FEED_ID: usize = 41;
const PRICE: usize = FEED_ID + 32;
const CONFIDENCE: usize = PRICE + 8;
const EXPONENT: usize = CONFIDENCE + 8;
/// Another publish time, that of the update before, follows it.
const PUBLISH_TIME: usize = EXPONENT + 4;
const AVERAGE: usize = PUBLISH_TIME + 16;
/// The average's confidence and the posted slot end it.
const LENGTH: usize = AVERAGE + 8 + 16;

/// Reads `data` as a fully verified price update of `feed_id`. Prices become 10^-8 dollars per whole coin: price and average
/// rounded down, confidence rounded up. The average is Pyth's own exponential one (about an hour).
///
/// # Errors
/// [`PriceError::NotAnUpdate`] for another account, feed or verification level; stale, wide or zero. The chain's clock and the
/// publishers' drift apart in both directions, so an update may be ahead by as much as it may be old.
pub fn decode(data: &[u8], feed_id: &[u8; 32], now: i64, limits: PriceLimits) -> Result<Price, PriceError> {
    // A full update leaves one byte of the account unused.
    let ours = (LENGTH..=LENGTH + 1).contains(&data.len())
        && data[..8] == DISCRIMINATOR
        && data[VERIFICATION] == FULL
        && data[FEED_ID..PRICE] == *feed_id;
    if !ours {
        return Err(PriceError::NotAnUpdate);
    }
    let price = i64::from_le_bytes(bytes(data, PRICE));
    let confidence = u64::from_le_bytes(bytes(data, CONFIDENCE));
    let exponent = i32::from_le_bytes(bytes(data, EXPONENT));
    let publish_time = i64::from_le_bytes(bytes(data, PUBLISH_TIME));
    let average = i64::from_le_bytes(bytes(data, AVERAGE));

    if now.abs_diff(publish_time) > u64::from(limits.max_age_s) {
        return Err(PriceError::Stale);
    }
    let spot = scale(price, exponent, false)?;
    let average = scale(average, exponent, false)?;
    let confidence = scale(i64::try_from(confidence).map_err(|_| PriceError::Wide)?, exponent, true)?;
    if spot == 0 || average == 0 {
        return Err(PriceError::Zero);
    }
    if mul_div_ceil(confidence, BPS, spot).map_err(|_| PriceError::Wide)? > u64::from(limits.max_spread_bps) {
        return Err(PriceError::Wide);
    }
    Ok(Price { spot, average, confidence })
}

/// `value * 10^exponent` dollars in units of 10^-8 dollars.
fn scale(value: i64, exponent: i32, up: bool) -> Result<u64, PriceError> {
    let value = u128::try_from(value).map_err(|_| PriceError::Zero)?;
    let shift = exponent.saturating_add(i32::from(PRICE_DECIMALS));
    let power = 10u128.checked_pow(shift.unsigned_abs()).ok_or(PriceError::Zero)?;
    let scaled = match (shift >= 0, up) {
        (true, _) => value.checked_mul(power).ok_or(PriceError::Wide)?,
        (false, false) => value / power,
        (false, true) => value.div_ceil(power),
    };
    u64::try_from(scaled).map_err(|_| PriceError::Wide)
}

/// The `N` bytes at `at`, which the length check has covered.
fn bytes<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&data[at..at + N]);
    bytes
}
