use crate::exact::{big, ceil, config, floor, number, rate};
use economy::{BPS, Overflow, settle};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn the_parts_add_up_to_the_price(price in number(), fee_bps in rate(), incentive_bps in rate()) {
        let s = settle(price, fee_bps, incentive_bps).unwrap();
        prop_assert_eq!(big(s.supplier) + s.retired + s.incentives, big(price));
        prop_assert_eq!(s.fee(), price - s.supplier);
    }

    #[test]
    fn the_fee_is_rounded_up_and_the_incentives_down(price in number(), fee_bps in rate(), incentive_bps in rate()) {
        let s = settle(price, fee_bps, incentive_bps).unwrap();
        prop_assert_eq!(Ok(s.fee()), ceil(big(price) * fee_bps, BPS));
        prop_assert_eq!(Ok(s.incentives), floor(big(s.fee()) * incentive_bps, BPS));
    }

    #[test]
    fn splitting_a_job_never_lowers_the_total_fee(
        parts in proptest::collection::vec(number().prop_map(|n| n >> 4), 1..12),
        fee_bps in rate(),
        incentive_bps in rate(),
    ) {
        let whole = settle(parts.iter().sum(), fee_bps, incentive_bps).unwrap();
        let apart: u64 = parts.iter().map(|&p| settle(p, fee_bps, incentive_bps).unwrap().fee()).sum();
        prop_assert!(apart >= whole.fee());
        // Nor does it raise the fee by more than one unit a part.
        prop_assert!(apart - whole.fee() < parts.len() as u64);
    }

    #[test]
    fn a_dearer_job_never_pays_less_to_anybody(
        a in number(), b in number(), fee_bps in rate(), incentive_bps in rate(),
    ) {
        let [low, high] = [a.min(b), a.max(b)].map(|p| settle(p, fee_bps, incentive_bps).unwrap());
        prop_assert!(low.fee() <= high.fee());
        prop_assert!(low.incentives <= high.incentives);
        prop_assert!(low.supplier <= high.supplier);
    }

    #[test]
    fn rates_over_one_are_refused(price in number(), over in 10_001u16.., rate in rate()) {
        prop_assert_eq!(settle(price, over, rate), Err(Overflow));
        prop_assert_eq!(settle(price, rate, over), Err(Overflow));
    }
}

#[test]
fn a_fee_of_all_or_nothing_is_exact_for_the_largest_price() {
    let free = settle(u64::MAX, 0, 10_000).unwrap();
    assert_eq!((free.supplier, free.fee()), (u64::MAX, 0));
    let all = settle(u64::MAX, 10_000, 10_000).unwrap();
    assert_eq!((all.supplier, all.retired, all.incentives), (0, 0, u64::MAX));
}

#[test]
fn the_smallest_job_pays_a_whole_unit_of_fee() {
    let s = settle(1, 1, 5_000).unwrap();
    assert_eq!((s.supplier, s.retired, s.incentives), (0, 1, 0));
}
