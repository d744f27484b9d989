//! Paying requests: the whole, each one's part, and what is carried.
use crate::exact::{big, ceil, config, floor, number, positive};
use economy::Overflow;
use economy::redemption::{pay, share};
use proptest::prelude::*;

const SCALE: u64 = 10_000_000_000;

/// Requests, and a payment of their sum at some price that may or may not suffice.
fn epoch() -> impl Strategy<Value = (Vec<u64>, u64, u64)> {
    let amount = prop_oneof![1 => 0u64..20, 4 => 0u64..1 << 44];
    (proptest::collection::vec(amount, 1..40), number(), prop_oneof![3 => 1u64..1 << 45, 1 => positive()])
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn no_payment_is_more_than_was_asked_or_than_there_is(requested in number(), payable in number(), price in number()) {
        let (paid, io) = pay(requested, payable, price);
        prop_assert!(paid <= requested);
        prop_assert!(io <= payable);
        prop_assert!(big(io) * price <= big(paid) * SCALE, "paid IO is worth more than was charged");
    }

    #[test]
    fn enough_pays_everything_rounded_down_and_too_little_is_used_up_rounded_up(
        requested in number(), payable in number(), price in positive(),
    ) {
        let (paid, io) = pay(requested, payable, price);
        let worth = big(requested) * SCALE / price;
        if worth <= big(payable) {
            prop_assert_eq!(big(io), worth);
            prop_assert_eq!(paid, if io == 0 { 0 } else { requested });
        } else {
            prop_assert_eq!(io, payable);
            prop_assert_eq!(Ok(paid), ceil(big(payable) * price, SCALE));
        }
    }

    #[test]
    fn a_price_of_zero_pays_nothing(requested in number(), payable in number()) {
        prop_assert_eq!(pay(requested, payable, 0), (0, 0));
    }

    #[test]
    fn a_share_is_exact_io_down_and_charge_up(amount in number(), requested in number(), paid in number(), io in number()) {
        let expected = if amount > requested || paid > requested || requested == 0 {
            Err(Overflow)
        } else {
            floor(big(amount) * io, requested).and_then(|mine| {
                Ok((if mine == 0 { 0 } else { ceil(big(amount) * paid, requested)? }, mine))
            })
        };
        prop_assert_eq!(share(amount, requested, paid, io), expected);
    }

    #[test]
    fn shares_never_sum_to_more_than_the_whole((amounts, payable, price) in epoch()) {
        let requested = amounts.iter().sum();
        let (paid, io) = pay(requested, payable, price);
        prop_assume!(requested > 0);
        let (mut charged, mut given) = (0u64, 0u64);
        for &amount in &amounts {
            let (charge, mine) = share(amount, requested, paid, io).unwrap();
            prop_assert!(charge <= amount);
            prop_assert!(big(mine) * price <= big(charge) * SCALE, "a request gained by rounding");
            charged += charge;
            given += mine;
        }
        prop_assert!(given <= io);
        prop_assert!(io - given < amounts.len() as u64, "more was lost than rounding explains");
        prop_assert!(charged <= paid + amounts.len() as u64);
    }

    #[test]
    fn all_requests_of_an_epoch_are_paid_in_the_same_proportion((amounts, payable, price) in epoch()) {
        let requested: u64 = amounts.iter().sum();
        let (paid, io) = pay(requested, payable, price);
        prop_assume!(requested > 0);
        for &amount in &amounts {
            let (charge, mine) = share(amount, requested, paid, io).unwrap();
            // Within one unit of `amount / requested` of each.
            prop_assert!(big(mine) * requested <= big(amount) * io);
            prop_assert!(big(mine + 1) * requested > big(amount) * io);
            if mine > 0 {
                prop_assert!(big(charge) * requested >= big(amount) * paid);
                prop_assert!(big(charge - 1) * requested < big(amount) * paid);
            }
        }
    }

    #[test]
    fn splitting_a_request_gains_nothing(
        parts in proptest::collection::vec(0u64..1 << 40, 1..20), others in 0u64..1 << 44, payable in number(), price in 1u64..1 << 45,
    ) {
        let whole: u64 = parts.iter().sum();
        let requested = whole + others;
        prop_assume!(requested > 0);
        let (paid, io) = pay(requested, payable, price);
        let at_once = share(whole, requested, paid, io).unwrap();
        let mut apart = 0;
        for &part in &parts {
            let (charge, mine) = share(part, requested, paid, io).unwrap();
            // No part is paid at a better rate than the whole epoch.
            prop_assert!(big(charge) * io >= big(mine) * paid);
            apart += mine;
        }
        prop_assert!(apart <= at_once.1);
    }

    #[test]
    fn requests_carried_over_many_epochs_are_paid_once_and_never_more_than_the_reserve(
        first in proptest::collection::vec(prop_oneof![0u64..50, 0u64..1 << 40], 1..12),
        epochs in proptest::collection::vec((0u64..1 << 44, 1u64..1 << 40, 0u64..1 << 36), 1..30),
    ) {
        let (mut asked, mut open, mut charged) = (big(first.iter().sum()), first, big(0));
        for (payable, price, new) in epochs {
            open[0] += new;
            asked += new;
            // What an epoch left unpaid is asked for again in the next one.
            let requested = open.iter().sum();
            let (paid, io) = pay(requested, payable, price);
            let mut given = 0;
            for amount in open.iter_mut().filter(|amount| **amount > 0) {
                let (charge, mine) = share(*amount, requested, paid, io).unwrap();
                *amount -= charge;
                charged += charge;
                given += mine;
                prop_assert!(big(mine) * price <= big(charge) * SCALE);
            }
            prop_assert!(given <= io && io <= payable);
            prop_assert_eq!(&charged + open.iter().sum::<u64>(), asked.clone());
        }
    }
}

#[test]
fn a_request_too_small_for_one_unit_is_neither_paid_nor_charged() {
    // 10 IOSD units at 10^11 a unit: less than one unit of IO.
    assert_eq!(pay(5, 1_000, SCALE * 10), (0, 0));
    assert_eq!(share(1, 1_000, 1_000, 10), Ok((0, 0)));
    assert_eq!(share(100, 1_000, 1_000, 10), Ok((100, 1)));
}

#[test]
fn nothing_requested_has_no_shares() {
    assert_eq!(pay(0, u64::MAX, 1), (0, 0));
    assert_eq!(share(0, 0, 0, 0), Err(Overflow));
    assert_eq!(share(2, 1, 0, 0), Err(Overflow));
    assert_eq!(share(0, 1, 2, 0), Err(Overflow));
}
