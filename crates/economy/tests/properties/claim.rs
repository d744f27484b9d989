//! What a claim reserves, against the inequality that it is made for.
use crate::exact::{big, ceil, config, number, positive, rate};
use economy::claim::{ClaimTerms, deterrence_floor, forfeit, reservation};
use economy::{BPS, Overflow};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Whether `a ((1 - h) stake + price) >= price`, in exact integers.
fn deters(price: u64, stake: &BigUint, audit_bps: u16, prover_bps: u16) -> bool {
    let lost = stake * (BPS - u64::from(prover_bps)) + big(price) * BPS;
    lost * audit_bps >= big(price) * BPS * BPS
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn the_floor_is_the_least_stake_that_deters(
        price in number(), audit_bps in 1u16..=10_000, prover_bps in 0u16..10_000,
    ) {
        let exact = big(price) * (BPS - u64::from(audit_bps)) * BPS;
        let divisor = u64::from(audit_bps) * (BPS - u64::from(prover_bps));
        let floor = deterrence_floor(price, audit_bps, prover_bps);
        prop_assert_eq!(floor, ceil(exact, divisor));
        if let Ok(floor) = floor {
            prop_assert!(deters(price, &big(floor), audit_bps, prover_bps));
            prop_assert!(floor == 0 || !deters(price, &big(floor - 1), audit_bps, prover_bps));
        }
    }

    #[test]
    fn a_smaller_audited_share_or_a_larger_provers_share_never_needs_less(
        price in number().prop_map(|n| n >> 16), audit_bps in 2u16..=10_000, prover_bps in 0u16..9_999,
    ) {
        let floor = deterrence_floor(price, audit_bps, prover_bps).unwrap_or(u64::MAX);
        prop_assert!(deterrence_floor(price, audit_bps - 1, prover_bps).unwrap_or(u64::MAX) >= floor);
        prop_assert!(deterrence_floor(price, audit_bps, prover_bps + 1).unwrap_or(u64::MAX) >= floor);
    }

    #[test]
    fn a_reservation_is_worth_the_larger_of_both_rounded_up(
        price in number(), reserve_bps in 0u32..=1_000_000, audit_bps in 1u16..=10_000, prover_bps in 0u16..10_000,
        buying in positive(),
    ) {
        let terms = ClaimTerms { reserve_bps, audit_bps, prover_bps };
        let least = ceil(big(price) * reserve_bps, BPS);
        let floor = deterrence_floor(price, audit_bps, prover_bps);
        let both = least.and_then(|least| Ok(least.max(floor?)));
        // 10^-6 dollars to 10^-8 coins at 10^-8 dollars each.
        let exact = both.and_then(|worth| ceil(big(worth) * BPS * 1_000_000u64, buying));
        prop_assert_eq!(reservation(price, terms, buying), exact);
    }

    #[test]
    fn a_forfeit_is_a_floored_slice(reserved in number(), forfeit_bps in rate()) {
        prop_assert_eq!(big(forfeit(reserved, forfeit_bps).unwrap()), big(reserved) * forfeit_bps / BPS);
    }
}

#[test]
fn without_audits_no_stake_deters_and_it_is_refused() {
    assert_eq!(deterrence_floor(1, 0, 2_500), Err(Overflow));
    let terms = ClaimTerms { reserve_bps: 1_000_000, audit_bps: 0, prover_bps: 0 };
    assert_eq!(reservation(1, terms, 100_000_000), Err(Overflow));
}

#[test]
fn if_every_job_is_audited_the_price_alone_deters() {
    assert_eq!(deterrence_floor(u64::MAX, 10_000, 5_000), Ok(0));
    let terms = ClaimTerms { reserve_bps: 0, audit_bps: 10_000, prover_bps: 5_000 };
    assert_eq!(reservation(u64::MAX, terms, 1), Ok(0));
}

#[test]
fn a_prover_who_keeps_all_or_rates_over_one_are_refused() {
    assert_eq!(deterrence_floor(1, 5_000, 10_000), Err(Overflow));
    assert_eq!(deterrence_floor(1, 5_000, 10_001), Err(Overflow));
    assert_eq!(deterrence_floor(1, 10_001, 0), Err(Overflow));
    assert_eq!(forfeit(1, 10_001), Err(Overflow));
}

#[test]
fn known_floors() {
    // Half of all jobs audited, a quarter to the prover: four thirds of the price.
    assert_eq!(deterrence_floor(3_000_000, 5_000, 2_500), Ok(4_000_000));
    assert_eq!(deterrence_floor(1_000_000, 4_000, 2_500), Ok(2_000_000));
    // One in ten: twelve times the price. One in a hundred: a hundred and thirty-two times.
    assert_eq!(deterrence_floor(1_000_000, 1_000, 2_500), Ok(12_000_000));
    assert_eq!(deterrence_floor(1_000_000, 100, 2_500), Ok(132_000_000));
}
