//! Rewards per unit of weight, against exact arithmetic.
use crate::exact::{big, config, number, positive};
use economy::Overflow;
use economy::index::{Index, ONE, earned, earned_at, scaled};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Any `u128`, with every size as likely as another and the edges often.
fn growth() -> impl Strategy<Value = u128> {
    prop_oneof![
        1 => proptest::sample::select(vec![0, 1, u128::from(u64::MAX), 1 << 64, u128::MAX - 1, u128::MAX]),
        4 => (any::<u128>(), 0u32..128).prop_map(|(n, shift)| n >> shift),
        1 => (0u32..128, -2i128..=2).prop_map(|(bit, off)| (1u128 << bit).wrapping_add_signed(off)),
    ]
}

/// Any factor that a pool can have.
fn factor() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(ONE), 4 => number().prop_map(|n| n.min(ONE))]
}

fn fits(n: BigUint) -> Result<u64, Overflow> {
    u64::try_from(n).map_err(|_| Overflow)
}

/// `weight * growth / 2^64`.
fn exact_earned(weight: u64, growth: u128) -> Result<u64, Overflow> {
    fits((big(weight) * growth) >> 64)
}

/// `stored * growth / 2^64 * ONE / factor`, rounded once.
fn exact_earned_at(stored: u64, growth: u128, factor: u64) -> Result<u64, Overflow> {
    if factor == 0 {
        return if growth == 0 { Ok(0) } else { earned_at(stored, growth, 0) };
    }
    fits(big(stored) * growth * ONE / ((BigUint::from(1u32) << 64) * factor))
}

/// The edges of a limb.
const LIMBS: [u64; 10] = [0, 1, 2, 3, (1 << 62) - 1, 1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn what_a_weight_earned_is_exact_or_an_error_exactly_when_it_does_not_fit(weight in number(), growth in growth()) {
        prop_assert_eq!(earned(weight, growth), exact_earned(weight, growth));
    }

    #[test]
    fn growth_at_a_factor_is_exact_and_never_more_than_the_growth(growth in growth(), factor in factor()) {
        let result = scaled(growth, factor).unwrap();
        prop_assert_eq!(BigUint::from(result), BigUint::from(growth) * factor / ONE);
        prop_assert!(result <= growth);
    }

    #[test]
    fn a_factor_over_one_is_refused(growth in growth(), over in ONE + 1..) {
        prop_assert_eq!(scaled(growth, over), Err(Overflow));
    }

    #[test]
    fn what_an_amount_earned_since_a_factor_is_exact(
        stored in number(), growth in growth(), factor in factor().prop_map(|f| f.max(1)),
    ) {
        prop_assert_eq!(earned_at(stored, growth, factor), exact_earned_at(stored, growth, factor));
    }

    #[test]
    fn an_amount_that_lost_nothing_earns_like_any_other(stored in number(), growth in growth()) {
        prop_assert_eq!(earned_at(stored, growth, ONE), earned(stored, growth));
    }

    #[test]
    fn splitting_a_weight_never_earns_more(a in number(), b in number(), growth in growth(), factor in factor()) {
        let (a, b) = (a >> 1, b >> 1);
        if let Ok(whole) = earned(a + b, growth) {
            let apart = earned(a, growth).unwrap() + earned(b, growth).unwrap();
            prop_assert!(apart <= whole && whole - apart <= 1);
        }
        if let Ok(whole) = earned_at(a + b, growth, factor) {
            prop_assert!(earned_at(a, growth, factor).unwrap() + earned_at(b, growth, factor).unwrap() <= whole);
        }
    }

    #[test]
    fn asking_more_often_never_earns_more(weight in number(), a in growth(), b in growth()) {
        let (a, b) = (a >> 1, b >> 1);
        if let Ok(once) = earned(weight, a + b) {
            let twice = earned(weight, a).unwrap() + earned(weight, b).unwrap();
            prop_assert!(twice <= once && once - twice <= 1);
        }
    }

    #[test]
    fn growth_and_carry_are_exactly_what_was_distributed(
        steps in proptest::collection::vec((number().prop_map(|n| n >> 6), number()), 1..40),
    ) {
        conserved(&steps);
    }

    #[test]
    fn the_holders_of_a_weight_never_earn_more_than_was_distributed(
        rounds in proptest::collection::vec(number().prop_map(|n| n >> 6), 1..20),
        weights in proptest::collection::vec(positive().prop_map(|n| n >> 4), 1..12),
    ) {
        let whole: u64 = weights.iter().sum();
        let mut index = Index::default();
        let mut paid = big(0);
        for &amount in &rounds {
            let growth = index.distribute(amount, whole).unwrap();
            for &w in &weights {
                paid += earned(w, growth).unwrap();
            }
        }
        let given: BigUint = rounds.iter().map(|&n| big(n)).sum();
        prop_assert!(paid + index.undistributed <= given);
    }

    #[test]
    fn what_does_not_fit_leaves_the_index_as_it_was(value in growth(), carry in number(), kept in number(),
        amount in number(), weight in number(),
    ) {
        let before = Index { value, carry, undistributed: kept };
        let mut after = before;
        let whole = (big(amount) + kept) << 64usize;
        let fine = if weight == 0 || amount == 0 && kept == 0 {
            kept.checked_add(amount).is_some()
        } else {
            kept.checked_add(amount).is_some()
                && BigUint::from(value) + (whole + carry) / weight <= BigUint::from(u128::MAX)
        };
        prop_assert_eq!(after.distribute(amount, weight).is_ok(), fine);
        if !fine {
            prop_assert_eq!(after, before);
        }
    }
}

/// Distributes and checks the identity that the index promises, after every step.
fn conserved(steps: &[(u64, u64)]) {
    let mut index = Index::default();
    let (mut given, mut grown) = (big(0), big(0));
    for &(amount, weight) in steps {
        let before = index.value;
        let growth = index.distribute(amount, weight).unwrap();
        assert_eq!(index.value, before + growth);
        given += amount;
        grown += BigUint::from(growth) * weight;
        assert_eq!(&grown + index.carry, (&given - index.undistributed) << 64usize, "{steps:?}");
    }
}

#[test]
fn every_short_history_of_small_amounts_and_weights_is_conserved() {
    let choices: Vec<(u64, u64)> = (0..3).flat_map(|amount| (0..4).map(move |weight| (amount, weight))).collect();
    for a in &choices {
        for b in &choices {
            for c in &choices {
                for d in &choices {
                    conserved(&[*a, *b, *c, *d]);
                }
            }
        }
    }
}

#[test]
fn the_helpers_are_exact_at_all_edges_of_all_limbs() {
    for a in LIMBS {
        for high in LIMBS {
            for low in LIMBS {
                let growth = u128::from(high) << 64 | u128::from(low);
                assert_eq!(earned(a, growth), exact_earned(a, growth));
                if a <= ONE {
                    assert_eq!(BigUint::from(scaled(growth, a).unwrap()), BigUint::from(growth) * a / ONE);
                }
                for factor in LIMBS.into_iter().filter(|f| (1..=ONE).contains(f)) {
                    assert_eq!(earned_at(a, growth, factor), exact_earned_at(a, growth, factor));
                }
            }
        }
    }
}

#[test]
fn the_helpers_are_exact_for_all_small_numbers() {
    for a in 0..24u64 {
        for n in 0..24u128 {
            // The same number in either limb, and across both.
            for growth in [n, n << 64, n << 60, n << 66] {
                assert_eq!(earned(a, growth), exact_earned(a, growth));
                for factor in 1..24 {
                    assert_eq!(earned_at(a, growth, factor), exact_earned_at(a, growth, factor));
                    assert_eq!(BigUint::from(scaled(growth, factor).unwrap()), BigUint::from(growth) * factor / ONE);
                }
            }
        }
    }
}

#[test]
fn nothing_is_earned_at_a_factor_of_zero() {
    assert_eq!(scaled(u128::MAX, 0), Ok(0));
    assert_eq!(earned_at(u64::MAX, u128::MAX, 0), Ok(0));
}

#[test]
fn without_weight_everything_waits_for_the_first_one() {
    let mut index = Index::default();
    assert_eq!(index.distribute(7, 0), Ok(0));
    assert_eq!(index.distribute(8, 0), Ok(0));
    assert_eq!((index.value, index.undistributed), (0, 15));
    assert_eq!(index.distribute(0, 3), Ok(5 << 64));
    assert_eq!(index, Index { value: 5 << 64, carry: 0, undistributed: 0 });
}
