//! Points and rebates: trading with oneself must cost money.
use crate::exact::{big, ceil, config, floor, number};
use economy::loyalty::{cost, multiplier_bps, points, rebate};
use economy::{BPS, settle};
use proptest::prelude::*;

const MONTH: u64 = 30 * 86_400;

/// What one user does: spend a price, or redeem a share (out of 2^16) of the points.
#[derive(Clone, Debug)]
enum Deed {
    Spend(u64, u64),
    Redeem(u16),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0u64..1 << 44, 0u64..MONTH).prop_map(|(price, wait)| Deed::Spend(price, wait)),
        any::<u16>().prop_map(Deed::Redeem)
    ]
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn points_are_exact_rounded_down(price in number(), tenure in number()) {
        prop_assert_eq!(points(price, tenure), floor(big(price) * multiplier_bps(tenure), BPS));
    }

    #[test]
    fn tenure_never_lowers_points_and_at_most_doubles_them(a in number(), b in number()) {
        let (short, long) = (multiplier_bps(a.min(b)), multiplier_bps(a.max(b)));
        prop_assert!((BPS..=2 * BPS).contains(&short));
        prop_assert!(short <= long && long <= 2 * BPS);
    }

    #[test]
    fn tenure_adds_a_twentieth_a_month(months in 0u64..20, within in 0..MONTH) {
        prop_assert_eq!(multiplier_bps(months * MONTH + within), BPS + 500 * months);
    }

    #[test]
    fn a_rebate_is_its_points_worth_rounded_down_or_what_is_left_of_the_incentives(
        points in number(), rate_bps in any::<u16>(), paid in number(), rebated in number(),
    ) {
        match floor(big(points) * rate_bps, BPS) {
            Ok(worth) => {
                let left = paid.saturating_sub(rebated);
                prop_assert_eq!(rebate(points, rate_bps, paid, rebated), Ok(worth.min(left)));
            }
            Err(error) => prop_assert_eq!(rebate(points, rate_bps, paid, rebated), Err(error)),
        }
    }

    #[test]
    fn redeeming_points_in_pieces_gains_nothing(
        pieces in proptest::collection::vec(0u64..1 << 50, 1..20), rate_bps in any::<u16>(), paid in number(),
    ) {
        let at_once = rebate(pieces.iter().sum(), rate_bps, paid, 0).unwrap();
        let apart = pieces.iter().fold(0, |rebated, &piece| rebated + rebate(piece, rate_bps, paid, rebated).unwrap());
        prop_assert!(apart <= at_once);
    }

    #[test]
    fn a_rebate_takes_points_worth_at_least_as_much_and_no_more_than_were_there(
        points in number(), rate_bps in 1u16.., paid in number(), rebated in number(),
    ) {
        if let Ok(rebate) = rebate(points, rate_bps, paid, rebated) {
            let taken = cost(rebate, rate_bps).unwrap();
            prop_assert_eq!(Ok(taken), ceil(big(rebate) * BPS, u64::from(rate_bps)));
            prop_assert!(taken <= points);
            prop_assert!(big(taken) * rate_bps >= big(rebate) * BPS);
        }
    }

    #[test]
    fn lifetime_rebates_never_pass_the_incentives_of_the_fees_paid_whatever_the_rate_and_order(
        deeds in proptest::collection::vec(deed(), 1..60),
        fee_bps in 0u16..=10_000, incentive_bps in 0u16..=10_000, rate_bps in any::<u16>(),
    ) {
        let (mut held, mut tenure, mut incentives, mut rebated, mut fees) = (0u64, 0, 0, 0, 0);
        for deed in deeds {
            match deed {
                Deed::Spend(price, wait) => {
                    let settled = settle(price, fee_bps, incentive_bps).unwrap();
                    tenure += wait;
                    held += points(price, tenure).unwrap();
                    incentives += settled.incentives;
                    fees += settled.fee();
                }
                Deed::Redeem(part) => {
                    let used = ((u128::from(held) * u128::from(part)) >> 16) as u64;
                    held -= used;
                    rebated += rebate(used, rate_bps, incentives, rebated).unwrap();
                }
            }
            prop_assert!(rebated <= incentives && incentives <= fees);
        }
    }
}

#[test]
fn a_user_that_also_supplies_loses_the_retired_part_of_the_fee() {
    let settled = settle(1_000_000, 500, 5_000).unwrap();
    let back = rebate(points(1_000_000, 100 * MONTH).unwrap(), u16::MAX, settled.incentives, 0).unwrap();
    assert_eq!(settled.supplier + back, 1_000_000 - settled.retired);
}
