//! The exact results that `economy` is held to, and the inputs that are tried.
use economy::Overflow;
use num_bigint::BigUint;
use proptest::prelude::*;

pub fn big(n: u64) -> BigUint {
    BigUint::from(n)
}

/// `numerator / denominator`, rounded down, or the error that says that it does not fit.
pub fn floor(numerator: BigUint, denominator: u64) -> Result<u64, Overflow> {
    if denominator == 0 {
        return Err(Overflow);
    }
    u64::try_from(numerator / denominator).map_err(|_| Overflow)
}

/// `numerator / denominator`, rounded up.
pub fn ceil(numerator: BigUint, denominator: u64) -> Result<u64, Overflow> {
    if denominator == 0 {
        return Err(Overflow);
    }
    u64::try_from((numerator + denominator - 1u32) / denominator).map_err(|_| Overflow)
}

/// Any `u64`, with every size as likely as another and the edges often.
pub fn number() -> impl Strategy<Value = u64> {
    let edges = vec![0, 1, 2, 9_999, 10_000, 10_001, 10_000_000_000, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    prop_oneof![
        1 => proptest::sample::select(edges),
        4 => (any::<u64>(), 0u32..64).prop_map(|(n, shift)| n >> shift),
        1 => (0u32..64, -2i64..=2).prop_map(|(bit, off)| (1u64 << bit).wrapping_add_signed(off)),
    ]
}

/// Any `u64` but zero.
pub fn positive() -> impl Strategy<Value = u64> {
    number().prop_map(|n| n.max(1))
}

/// A rate in basis points, up to one.
pub fn rate() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 0u16..=10_000, 1 => Just(0), 1 => Just(1), 1 => Just(500), 1 => Just(10_000)]
}

/// `IO_FUZZ_CASES`, or `default`.
pub fn config(default: u32) -> ProptestConfig {
    let cases = std::env::var("IO_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
