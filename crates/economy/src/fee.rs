//! What a paid job's price becomes.
use crate::{BPS, math::Overflow, math::mul_div_ceil, math::mul_div_floor};

/// The parts of a settled price, IOSD base units. `supplier + retired + incentives` is the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Credited to the supplier's earnings.
    pub supplier: u64,
    /// Part of the fee that stays burned for good.
    pub retired: u64,
    /// Part of the fee that goes to the incentive pool.
    pub incentives: u64,
}

impl Settlement {
    /// The whole fee.
    pub fn fee(&self) -> u64 {
        self.retired + self.incentives
    }
}

/// Splits `price`: the fee is rounded up so that splitting a job cannot dodge it, the incentives' share of the fee is
/// rounded down, and the rest of the fee is retired.
///
/// # Errors
/// If a rate is over 10,000 basis points.
pub fn settle(price: u64, fee_bps: u16, incentive_bps: u16) -> Result<Settlement, Overflow> {
    if u64::from(fee_bps) > BPS || u64::from(incentive_bps) > BPS {
        return Err(Overflow);
    }
    let fee = mul_div_ceil(price, u64::from(fee_bps), BPS)?;
    let incentives = mul_div_floor(fee, u64::from(incentive_bps), BPS)?;
    Ok(Settlement { supplier: price - fee, retired: fee - incentives, incentives })
}
