//! Idle pay against exact integers.
use crate::exact::{big, config, number, positive, rate};
use economy::idle::{budget, penalty, share, throughput};
use num_bigint::BigUint;
use proptest::prelude::*;

#[test]
fn a_second_is_the_least_that_a_challenge_takes() {
    assert_eq!(throughput(1_000, 0), Ok(1_000));
    assert_eq!(throughput(1_000, 1), Ok(1_000));
    assert_eq!(throughput(1_000, 3), Ok(333));
    assert!(throughput(1_000, -1).is_err(), "time does not go back");
}

#[test]
fn a_device_alone_gets_the_whole_budget_and_nobody_gets_from_nothing() {
    assert_eq!(share(99, 7, 7), Ok(99));
    assert_eq!(share(u64::MAX, u64::MAX, u64::MAX.into()), Ok(u64::MAX));
    assert_eq!(share(0, 7, 9), Ok(0));
    assert!(share(5, 0, 0).is_err());
    assert!(share(5, 8, 7).is_err(), "a weight that was not counted");
}

#[test]
fn what_is_promised_is_not_shared_again() {
    assert_eq!(budget(100, 1_000, 30, u64::MAX), 70);
    assert_eq!(budget(100, 60, 30, u64::MAX), 30);
    assert_eq!(budget(100, 60, 61, u64::MAX), 0);
}

#[test]
fn a_round_shares_no_more_than_an_epoch_may_mint() {
    assert_eq!(budget(100, 1_000, 30, 50), 50);
    assert_eq!(budget(100, 1_000, 60, 50), 40);
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_share_is_the_exact_proportion_rounded_down(pot in number(), weight in number(), others in number()) {
        let total = u128::from(weight) + u128::from(others);
        prop_assume!(total > 0);
        let exact = big(pot) * big(weight) / BigUint::from(total);
        prop_assert_eq!(share(pot, weight, total), Ok(u64::try_from(exact).unwrap()));
    }

    #[test]
    fn shares_never_sum_to_more_than_the_budget_and_lose_less_than_one_unit_each(
        pot in number(), weights in proptest::collection::vec(number(), 1..40)
    ) {
        let total: u128 = weights.iter().map(|&w| u128::from(w)).sum();
        prop_assume!(total > 0);
        let shared: u128 = weights.iter().map(|&w| u128::from(share(pot, w, total).unwrap())).sum();
        prop_assert!(shared <= u128::from(pot));
        prop_assert!(u128::from(pot) - shared < weights.len() as u128);
    }

    #[test]
    fn one_device_split_into_two_gains_nothing(pot in number(), a in number(), b in number(), others in number()) {
        let whole = a.saturating_add(b);
        let (a, b) = (a.min(whole), whole - a.min(whole));
        let total = u128::from(whole) + u128::from(others);
        prop_assume!(total > 0);
        let parts = share(pot, a, total).unwrap() + share(pot, b, total).unwrap();
        prop_assert!(parts <= share(pot, whole, total).unwrap());
    }

    #[test]
    fn throughput_is_work_over_time_rounded_down(macs in number(), seconds in 1..i64::MAX) {
        prop_assert_eq!(throughput(macs, seconds), Ok(macs / seconds as u64));
    }

    #[test]
    fn a_penalty_never_passes_the_stake(stake in positive(), bps in rate()) {
        let exact = big(stake) * big(bps.into()) / 10_000u32;
        prop_assert_eq!(penalty(stake, bps), Ok(u64::try_from(exact).unwrap()));
        prop_assert!(penalty(stake, 10_001).is_err());
    }
}
