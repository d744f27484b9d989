//! Amounts as people write them.
use crate::math::Overflow;

/// Parses a decimal amount (`"12"`, `"0.05"`) into base units. `None` if it is not one, has more than `decimals` digits
/// after the point, or does not fit: nothing is rounded.
pub fn parse(text: &str, decimals: u8) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let spare = usize::from(decimals).checked_sub(fraction.len())?;
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let unit = 10u64.checked_pow(u32::from(decimals))?;
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let fraction = fraction.checked_mul(10u64.checked_pow(spare as u32)?)?;
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(fraction)
}

/// The whole and fractional part of `amount` base units, for printing as `"{}.{:0decimals$}"`.
///
/// # Errors
/// If `decimals` is over 19.
pub fn split(amount: u64, decimals: u8) -> Result<(u64, u64), Overflow> {
    let unit = 10u64.checked_pow(u32::from(decimals)).ok_or(Overflow)?;
    Ok((amount / unit, amount % unit))
}
