//! Arithmetic that the stock BPF back end cannot do by itself.

use crate::take;

/// Number of operations of [`calculate`].
pub const COUNT: u8 = 25;
/// Bytes of one question: operation and two operands.
pub const QUESTION: usize = 33;
/// Bytes of one answer: value and flag.
pub const ANSWER: usize = 17;

/// Answers all questions of the input.
pub fn batch(mut input: &[u8]) -> Vec<u8> {
    let mut answers = Vec::with_capacity(input.len() / QUESTION * ANSWER);
    while !input.is_empty() {
        let [operation] = take(&mut input);
        let (a, b) = (u128::from_le_bytes(take(&mut input)), u128::from_le_bytes(take(&mut input)));
        let (value, flag) = calculate(operation, a, b);
        answers.extend_from_slice(&value.to_le_bytes());
        answers.push(flag.into());
    }
    answers
}

/// A value and a flag, mostly overflow. Division by zero divides by one.
#[inline(never)]
pub fn calculate(operation: u8, a: u128, b: u128) -> (u128, bool) {
    let (x, y) = (a as u64, b as u64);
    let (signed_a, signed_b) = (a as i128, b as i128);
    let divisor = if b == 0 { 1 } else { b };
    let signed_divisor = divisor as i128;
    let divisor64 = if y == 0 { 1 } else { y as i64 };
    let divisor8 = if y as i8 == 0 { 1 } else { y as i8 };
    match operation {
        0 => (a.wrapping_mul(b), false),
        1 => (a / divisor, false),
        2 => (a % divisor, false),
        3 => a.overflowing_mul(b),
        4 => (signed_a.wrapping_div(signed_divisor) as u128, false),
        5 => (signed_a.wrapping_rem(signed_divisor) as u128, false),
        6 => {
            let (value, overflow) = signed_a.overflowing_mul(signed_b);
            (value as u128, overflow)
        }
        7 => {
            let (value, overflow) = x.overflowing_mul(y);
            (value.into(), overflow)
        }
        8 => {
            let (value, overflow) = (x as i64).overflowing_mul(y as i64);
            ((value as u64).into(), overflow)
        }
        9 => (a.wrapping_shl(b as u32), false),
        10 => (a.wrapping_shr(b as u32), false),
        11 => (signed_a.wrapping_shr(b as u32) as u128, false),
        12 => (u128::from(x) * u128::from(y), false),
        13 => (u128::from(x) * u128::from(y) / 1_000_000_007, false),
        14 => (((x as i64).wrapping_div(divisor64) as u64).into(), false),
        15 => (((x as i64).wrapping_rem(divisor64) as u64).into(), false),
        16 => {
            let (value, overflow) = (x as u32).overflowing_mul(y as u32);
            (value.into(), overflow)
        }
        17 => {
            let (value, overflow) = (x as i32).overflowing_mul(y as i32);
            ((value as u32).into(), overflow)
        }
        18 => a.overflowing_add(b),
        19 => a.overflowing_sub(b),
        20 => {
            let counts =
                u128::from(a.leading_zeros()) | u128::from(b.trailing_zeros()) << 16 | u128::from(a.count_ones()) << 32;
            (counts | u128::from(x.swap_bytes()) << 64, a < b)
        }
        21 => (a.isqrt(), signed_a < signed_b),
        22 => (a.rotate_left(b as u32) ^ u128::from(x.rotate_right(y as u32)), a > b),
        23 => (((x as i8).wrapping_div(divisor8) as u8).into(), false),
        24 => (a.saturating_mul(b), x.checked_mul(y).is_none()),
        _ => (0, false),
    }
}
