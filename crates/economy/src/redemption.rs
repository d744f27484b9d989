//! Earnings to IO: all requests of an epoch are paid in the same proportion, and what is not paid stays requested.
use crate::math::{Overflow, mul_div_ceil, mul_div_floor};
use crate::price::{io_payout, iosd_charged};

/// How much of `requested` (IOSD) is paid from `payable` (IO) at `price`: `(iosd charged, io for it)`. All of it if there is
/// enough, the IO rounded down; else everything payable, its worth rounded up. Nothing at a price of zero.
pub fn pay(requested: u64, payable: u64, price: u64) -> (u64, u64) {
    if price == 0 {
        return (0, 0);
    }
    match io_payout(requested, price) {
        Ok(io) if io <= payable => (if io == 0 { 0 } else { requested }, io),
        _ => (iosd_charged(payable, price).unwrap_or(u64::MAX).min(requested), payable),
    }
}

/// One request's part of its epoch's payment: `(iosd charged, io for it)`. IO is rounded down, so that all parts never
/// exceed the whole; the charge is rounded up, so that many small requests gain nothing. A request too small for one base
/// unit of IO is not charged.
///
/// # Errors
/// If `amount` exceeds `requested`, or `paid` does.
pub fn share(amount: u64, requested: u64, paid: u64, io: u64) -> Result<(u64, u64), Overflow> {
    if amount > requested || paid > requested {
        return Err(Overflow);
    }
    let mine = mul_div_floor(amount, io, requested)?;
    let charged = if mine == 0 { 0 } else { mul_div_ceil(amount, paid, requested)? };
    Ok((charged, mine))
}
