//! Products and quotients through 128 bits.
use core::fmt;

/// A result that does not fit `u64`, or a division by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("amount does not fit 64 bits")
    }
}

impl core::error::Error for Overflow {}

/// `a * b / c`, rounded down.
///
/// # Errors
/// If `c` is zero or the result exceeds `u64::MAX`.
pub fn mul_div_floor(a: u64, b: u64, c: u64) -> Result<u64, Overflow> {
    let product = u128::from(a) * u128::from(b);
    product.checked_div(u128::from(c)).and_then(|q| u64::try_from(q).ok()).ok_or(Overflow)
}

/// `a * b / c`, rounded up.
///
/// # Errors
/// If `c` is zero or the result exceeds `u64::MAX`.
pub fn mul_div_ceil(a: u64, b: u64, c: u64) -> Result<u64, Overflow> {
    if c == 0 {
        return Err(Overflow);
    }
    let product = u128::from(a) * u128::from(b);
    u64::try_from(product.div_ceil(u128::from(c))).map_err(|_| Overflow)
}
