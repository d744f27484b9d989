//! Amounts as people write them.
use crate::math::Overflow;
use core::fmt;

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

/// The whole and fractional part of `amount` base units, for printing as `"{}.{:0decimals$}"`. Exact.
///
/// # Errors
/// If `decimals` is over 19.
pub fn split(amount: u64, decimals: u8) -> Result<(u64, u64), Overflow> {
    let unit = 10u64.checked_pow(u32::from(decimals)).ok_or(Overflow)?;
    Ok((amount / unit, amount % unit))
}

/// An amount of base units as people read it: `"0.500000"`. Decimals over 19 print the base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    pub amount: u64,
    pub decimals: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match split(self.amount, self.decimals) {
            Ok((whole, fraction)) if self.decimals > 0 => {
                write!(f, "{whole}.{fraction:0width$}", width = usize::from(self.decimals))
            }
            _ => write!(f, "{}", self.amount),
        }
    }
}

/// `amount` base units of IO.
pub fn io(amount: u64) -> Decimal {
    Decimal { amount, decimals: crate::IO_DECIMALS }
}

/// Decimals of the chain's own coin, in which rents and bonds are paid.
pub const SOL_DECIMALS: u8 = 9;

/// `amount` lamports as SOL.
pub fn sol(amount: u64) -> Decimal {
    Decimal { amount, decimals: SOL_DECIMALS }
}

/// `amount` base units of IOSD.
pub fn iosd(amount: u64) -> Decimal {
    Decimal { amount, decimals: crate::IOSD_DECIMALS }
}
