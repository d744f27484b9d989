//! What a claim puts at stake.
use crate::{BPS, math::Overflow, math::mul_div_ceil, math::mul_div_floor, price::io_for_iosd};

/// IO to reserve for a job of `price` (IOSD): `reserve_bps` of its worth at the buying price, rounded up.
///
/// # Errors
/// If the result does not fit or the price is zero.
pub fn reservation(price: u64, reserve_bps: u32, buying_price: u64) -> Result<u64, Overflow> {
    io_for_iosd(mul_div_ceil(price, u64::from(reserve_bps), BPS)?, buying_price)
}

/// The slice of a reservation that the user gets when its claim expires, IO, rounded down.
///
/// # Errors
/// If the rate is over 10,000 basis points.
pub fn forfeit(reserved: u64, forfeit_bps: u16) -> Result<u64, Overflow> {
    if u64::from(forfeit_bps) > BPS {
        return Err(Overflow);
    }
    mul_div_floor(reserved, u64::from(forfeit_bps), BPS)
}
