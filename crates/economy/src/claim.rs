//! What a claim puts at stake.
use crate::{BPS, math::Overflow, math::mul_div_ceil, math::mul_div_floor, price::io_for_iosd};

/// The parameters in force when a job is claimed, basis points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimTerms {
    /// Least reservation, of the price.
    pub reserve_bps: u32,
    /// Share of committed jobs that is audited.
    pub audit_bps: u16,
    /// The prover's share of a slash.
    pub prover_bps: u16,
}

/// The least stake that deters a supplier from committing to a false result of a job of `price`, in the price's unit.
///
/// A cheat that is audited loses the job's price, which it would have been paid, and its stake `S`, but for the prover's
/// share `h`, because it may be its own prover. It does not pay to cheat if `a ((1 - h) S + price) >= price`, `a` being the
/// audited share; so this is `price (1 - a) / (a (1 - h))`, rounded up. It is zero if every job is audited.
///
/// # Errors
/// If it does not fit, as for `a = 0`, where no stake deters, and `h = 1`, where none is lost; or for a rate over one.
pub fn deterrence_floor(price: u64, audit_bps: u16, prover_bps: u16) -> Result<u64, Overflow> {
    let (audited, prover) = (u64::from(audit_bps), u64::from(prover_bps));
    let (spared, burned) = (BPS.checked_sub(audited).ok_or(Overflow)?, BPS.checked_sub(prover).ok_or(Overflow)?);
    // Both products are of numbers up to 10,000.
    mul_div_ceil(price, spared * BPS, audited * burned)
}

/// IO to reserve for a job of `price` (IOSD): the larger of `reserve_bps` of it and [`deterrence_floor`], at the buying price.
/// Rounded up.
///
/// # Errors
/// If the result does not fit, the buying price is zero, or no stake deters under these terms.
pub fn reservation(price: u64, terms: ClaimTerms, buying_price: u64) -> Result<u64, Overflow> {
    let least = mul_div_ceil(price, u64::from(terms.reserve_bps), BPS)?;
    let floor = deterrence_floor(price, terms.audit_bps, terms.prover_bps)?;
    io_for_iosd(least.max(floor), buying_price)
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
