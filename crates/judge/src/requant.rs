//! Requantisation: the one way from an i32 accumulator to i8.

/// Requantisation of an i32 accumulator to i8, in i32 arithmetic only:
/// `clamp(((clamp(acc >> shift1, -32768, 32767) * mul + 2^(shift2-1)) >> shift2) + zero_point, lo, hi)`.
///
/// ReLU is `lo = zero_point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requant {
    /// Arithmetic right shift before the multiplication, 0..=31.
    pub shift1: u8,
    /// Multiplier, 1..=32767.
    pub mul: u16,
    /// Rounding right shift after it, 1..=30.
    pub shift2: u8,
    pub zero_point: i8,
    pub lo: i8,
    pub hi: i8,
}

impl Requant {
    /// Requantises one accumulator.
    #[inline(always)]
    pub fn apply(&self, acc: i32) -> i8 {
        let x = (acc >> self.shift1).clamp(-32768, 32767);
        let y = (x * i32::from(self.mul) + (1 << (self.shift2 - 1))) >> self.shift2;
        (y + i32::from(self.zero_point)).clamp(i32::from(self.lo), i32::from(self.hi)) as i8
    }

    /// Whether every field is within its bounds.
    pub(crate) fn is_valid(&self) -> bool {
        self.shift1 <= 31 && (1..=30).contains(&self.shift2) && (1..=32767).contains(&self.mul) && self.lo <= self.hi
    }
}
