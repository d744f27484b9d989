//! Requantisation and cells against exact integers.
use crate::job::Numbers;
use crate::reference::{self, config};
use judge::{Layer, Requant, Row};
use num_bigint::BigInt;
use proptest::prelude::*;

/// Every requantisation that a layer table may contain.
pub fn requants() -> impl Strategy<Value = Requant> {
    let mul = prop_oneof![1 => Just(1u16), 1 => Just(32_767), 4 => 1u16..=32_767];
    let bound = || prop_oneof![1 => Just(i8::MIN), 1 => Just(i8::MAX), 3 => any::<i8>()];
    (0u8..=31, mul, 1u8..=30, bound(), bound(), bound()).prop_map(|(shift1, mul, shift2, zero_point, a, b)| Requant {
        shift1,
        mul,
        shift2,
        zero_point,
        lo: a.min(b),
        hi: a.max(b),
    })
}

fn accumulators() -> impl Strategy<Value = i32> {
    prop_oneof![
        2 => any::<i32>(),
        2 => (any::<i32>(), 0u32..32).prop_map(|(n, shift)| n >> shift),
        1 => proptest::sample::select(vec![i32::MIN, i32::MIN + 1, -32_769, -32_768, -1, 0, 1, 32_767, 32_768, i32::MAX]),
    ]
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn requantisation_is_exact(q in requants(), acc in accumulators()) {
        prop_assert_eq!(i128::from(q.apply(acc)), reference::requantise(&q, acc));
    }

    #[test]
    fn requantisation_never_falls_as_the_accumulator_grows(q in requants(), a in accumulators(), b in accumulators()) {
        prop_assert!(q.apply(a.min(b)) <= q.apply(a.max(b)));
    }
}

#[test]
fn requantisation_is_exact_at_every_shift_and_extreme() {
    let accumulators = [i32::MIN, i32::MIN + 1, -32_769, -32_768, -1, 0, 1, 32_767, 32_768, i32::MAX - 1, i32::MAX];
    for shift1 in 0..=31 {
        for shift2 in 1..=30 {
            for mul in [1, 2, 16_384, 32_766, 32_767] {
                for zero_point in [i8::MIN, -1, 0, i8::MAX] {
                    for (lo, hi) in [(i8::MIN, i8::MAX), (i8::MIN, i8::MIN), (i8::MAX, i8::MAX), (0, 0)] {
                        let q = Requant { shift1, mul, shift2, zero_point, lo, hi };
                        for acc in accumulators {
                            assert_eq!(i128::from(q.apply(acc)), reference::requantise(&q, acc), "{q:?} of {acc}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn halves_round_up() {
    let halve = Requant { shift1: 0, mul: 1, shift2: 1, zero_point: 0, lo: i8::MIN, hi: i8::MAX };
    assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|acc| halve.apply(acc)), [-1, -1, 0, 0, 1, 1, 2]);
}

#[test]
fn a_lower_bound_at_the_zero_point_is_relu() {
    let relu = Requant { shift1: 0, mul: 2, shift2: 1, zero_point: -5, lo: -5, hi: 127 };
    assert_eq!([-100, -1, 0, 1, 100, 1_000].map(|acc| relu.apply(acc)), [-5, -5, -5, -4, 95, 127]);
}

/// The low 32 bits of an exact integer, as two's complement.
fn wrap(n: &BigInt) -> i32 {
    let modulus = BigInt::from(1u64 << 32);
    let low = ((n % &modulus) + &modulus) % modulus;
    u32::try_from(low).unwrap() as i32
}

/// Bytes of `k` elements, a third of them extremes.
fn elements(numbers: &mut Numbers, k: usize) -> Vec<u8> {
    let extreme = |numbers: &mut Numbers, byte| match numbers.below(6) {
        0 => i8::MIN as u8,
        1 => i8::MAX as u8,
        _ => byte,
    };
    numbers.bytes(k).into_iter().map(|byte| extreme(numbers, byte)).collect()
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn cells_are_exact_wrapped_at_32_bits(
        k in prop_oneof![4 => 1usize..64, 1 => 1_000usize..=4_096],
        seed in any::<u64>(),
        bias in accumulators(),
        requant in proptest::option::of(requants()),
    ) {
        let mut numbers = Numbers(seed);
        let (row, mut column) = (elements(&mut numbers, k), elements(&mut numbers, k));
        let layer = Layer::gemm(0, k as u16, 1, requant);
        let exact: BigInt = row.iter().zip(&column).map(|(&x, &w)| BigInt::from(x as i8) * (w as i8)).sum();
        let acc = wrap(&(exact + bias));
        let expected = requant.map_or(acc, |q| reference::requantise(&q, acc) as i32);
        column.extend(bias.to_le_bytes());
        prop_assert_eq!(layer.cell([Row::whole(&row); 2], &column, 0), expected);
    }
}
