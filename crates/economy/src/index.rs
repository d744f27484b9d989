//! Rewards per unit of weight, so that one addition pays everybody. Q64.64: an index of `1 << 64` is one base unit for
//! every unit of weight.
//!
//! Products of 64 and 128 bits are taken apart in 64-bit limbs; nothing here can panic. Everything rounds down, so the
//! parts of a reward never sum to more than the reward.
use crate::math::Overflow;

/// Fractional bits of an index.
pub const FRACTION_BITS: u32 = 64;
/// A factor of one: nothing has been taken. Its binary logarithm is [`FACTOR_BITS`].
pub const ONE: u64 = 1 << FACTOR_BITS;
const FACTOR_BITS: u32 = 62;

/// Rewards ever given to one unit of weight, with what has not been given yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Q64.64 base units per unit of weight; only grows.
    pub value: u128,
    /// Remainder of the last division, in 2^-64 base units: it is part of the next one.
    pub carry: u64,
    /// Base units that arrived while there was no weight: they are part of the next reward.
    pub undistributed: u64,
}

impl Index {
    /// Gives `amount` to everybody by weight and returns by how much the index grew, rounded down. What the division
    /// leaves is carried, so over any sequence `sum(growth * weight) + carry` is exactly the sum of what was
    /// distributed. Without weight the amount is kept for the next time.
    ///
    /// # Errors
    /// If what has not been distributed does not fit 64 bits, or the index 128 (which takes more than 2^64 base units
    /// for a weight of one). The index is unchanged then.
    pub fn distribute(&mut self, amount: u64, weight: u64) -> Result<u128, Overflow> {
        let amount = self.undistributed.checked_add(amount).ok_or(Overflow)?;
        if weight == 0 || amount == 0 {
            self.undistributed = amount;
            return Ok(0);
        }
        let (whole, weight) = ((u128::from(amount) << FRACTION_BITS) | u128::from(self.carry), u128::from(weight));
        let growth = whole / weight;
        self.value = self.value.checked_add(growth).ok_or(Overflow)?;
        self.carry = (whole % weight) as u64;
        self.undistributed = 0;
        Ok(growth)
    }
}

/// `weight * growth / 2^64`: what a constant weight earned while an index grew by `growth`. Rounded down.
///
/// # Errors
/// If the result does not fit 64 bits.
pub fn earned(weight: u64, growth: u128) -> Result<u64, Overflow> {
    let (high, _) = product(weight, growth);
    u64::try_from(high).map_err(|_| Overflow)
}

/// `growth * factor / ONE`: growth of an index for amounts that are worth `factor`. Rounded down, never more than
/// `growth`.
///
/// # Errors
/// If `factor` exceeds [`ONE`].
pub fn scaled(growth: u128, factor: u64) -> Result<u128, Overflow> {
    if factor > ONE {
        return Err(Overflow);
    }
    let (high, low) = product(factor, growth);
    // 64 bits more than `low` and 62 less: the two lost bits come from its top. Fits, as it is at most `growth`.
    Ok((high << (64 - FACTOR_BITS)) | u128::from(low >> FACTOR_BITS))
}

/// What an amount that was stored when the factor was `factor` earned while an index of [`scaled`] growth grew by
/// `growth`: `stored * growth / 2^64 * ONE / factor`, rounded down once. Nothing for a factor of zero, at which no
/// index grows.
///
/// # Errors
/// If the result does not fit 64 bits.
pub fn earned_at(stored: u64, growth: u128, factor: u64) -> Result<u64, Overflow> {
    if factor == ONE || growth == 0 {
        return earned(stored, growth);
    }
    if factor == 0 {
        return Ok(0);
    }
    // `ONE / 2^64` is a quarter: long division by the factor, then two bits off.
    let (high, low) = product(stored, growth);
    let divisor = u128::from(factor);
    let (top, rest) = (high / divisor, high % divisor);
    let bottom = ((rest << 64) | u128::from(low)) / divisor;
    let drop = 64 - FACTOR_BITS;
    if top >> drop != 0 {
        return Err(Overflow);
    }
    Ok(((top as u64) << FACTOR_BITS) | (bottom >> drop) as u64)
}

/// `a * b` as its upper 128 bits and its lower 64. Exact: 192 bits hold every such product.
fn product(a: u64, b: u128) -> (u128, u64) {
    let a = u128::from(a);
    let low = a * (b & u128::from(u64::MAX));
    // At most (2^64 - 1)^2 + 2^64 - 1 < 2^128.
    (a * (b >> 64) + (low >> 64), low as u64)
}
