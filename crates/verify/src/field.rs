//! Arithmetic modulo the prime 2^61 - 1. Elements are `u64` below [`P`].

/// The modulus, a Mersenne prime: reduction is a shift and an addition.
pub const P: u64 = (1 << 61) - 1;

/// `a + b`.
pub fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= P { sum - P } else { sum }
}

/// `a * b`.
pub fn mul(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // 2^61 is 1: the high part counts as it stands.
    add(product as u64 & P, (product >> 61) as u64)
}

/// A signed integer as an element.
pub fn from_i64(x: i64) -> u64 {
    x.rem_euclid(P as i64) as u64
}
