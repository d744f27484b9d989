use crate::exact::{big, ceil, config, floor, number};
use economy::{Overflow, mul_div_ceil, mul_div_floor};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn floor_is_exact_or_an_error_exactly_when_it_does_not_fit(a in number(), b in number(), c in number()) {
        prop_assert_eq!(mul_div_floor(a, b, c), floor(big(a) * b, c));
    }

    #[test]
    fn ceil_is_exact_or_an_error_exactly_when_it_does_not_fit(a in number(), b in number(), c in number()) {
        prop_assert_eq!(mul_div_ceil(a, b, c), ceil(big(a) * b, c));
    }

    #[test]
    fn results_next_to_the_limit_are_exact(x in 1u64.., y in 1u64.., below in 0u64..3) {
        let (b, c) = (x.max(y), x.min(y));
        let a = ceil(big(u64::MAX - below) * c, b).unwrap();
        prop_assert_eq!(mul_div_floor(a, b, c), floor(big(a) * b, c));
        prop_assert_eq!(mul_div_ceil(a, b, c), ceil(big(a) * b, c));
    }

    #[test]
    fn ceil_is_floor_or_one_more(a in number(), b in number(), c in number()) {
        if let (Ok(down), Ok(up)) = (mul_div_floor(a, b, c), mul_div_ceil(a, b, c)) {
            prop_assert_eq!(up - down, u64::from((big(a) * b) % c != big(0)));
        }
    }
}

#[test]
fn the_largest_result_fits_and_one_more_does_not() {
    assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
    assert_eq!(mul_div_ceil(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
    assert_eq!(mul_div_floor(1 << 63, 2, 1), Err(Overflow));
    assert_eq!(mul_div_ceil(1 << 63, 2, 1), Err(Overflow));
}

#[test]
fn rounding_up_past_the_limit_is_an_error_though_rounding_down_fits() {
    // (2^64 - 1) + 1/2, as (2^65 - 1) / 2 with 2^65 - 1 = 31 * (2^65 - 1) / 31.
    let a = ((1u128 << 65) - 1) / 31;
    assert_eq!(a * 31, (1u128 << 65) - 1);
    let a = u64::try_from(a).unwrap();
    assert_eq!(mul_div_floor(a, 31, 2), Ok(u64::MAX));
    assert_eq!(mul_div_ceil(a, 31, 2), Err(Overflow));
}

#[test]
fn dividing_by_zero_is_an_error() {
    assert_eq!(mul_div_floor(0, 0, 0), Err(Overflow));
    assert_eq!(mul_div_ceil(0, 0, 0), Err(Overflow));
}
