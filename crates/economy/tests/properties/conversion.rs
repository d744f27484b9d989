//! Between IO and IOSD at a price: `iosd = io * price / 10^10`.
use crate::exact::{big, ceil, config, floor, number, positive};
use economy::price::{io_for_iosd, io_payout, iosd_for_io};
use economy::{IO_CAP, Overflow, Price};
use proptest::prelude::*;

const SCALE: u64 = 10_000_000_000;

/// Buying price and a paying price that is not lower, as every [`Price`] gives.
fn sides() -> impl Strategy<Value = (u64, u64)> {
    (positive(), positive()).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn minted_iosd_is_exact_rounded_down_or_an_error_when_it_does_not_fit(io in number(), price in number()) {
        prop_assert_eq!(iosd_for_io(io, price), floor(big(io) * price, SCALE));
    }

    #[test]
    fn io_to_burn_is_exact_rounded_up_or_an_error_when_it_does_not_fit(iosd in number(), price in number()) {
        prop_assert_eq!(io_for_iosd(iosd, price), ceil(big(iosd) * SCALE, price));
    }

    #[test]
    fn io_paid_out_is_exact_rounded_down_or_an_error_when_it_does_not_fit(iosd in number(), price in number()) {
        prop_assert_eq!(io_payout(iosd, price), floor(big(iosd) * SCALE, price));
    }

    #[test]
    fn minted_iosd_is_never_worth_more_than_the_io_burned(io in number(), price in positive()) {
        if let Ok(iosd) = iosd_for_io(io, price) {
            prop_assert!(big(iosd) * SCALE <= big(io) * price);
        }
    }

    #[test]
    fn an_exact_order_never_costs_less_than_what_it_mints(iosd in number(), price in positive()) {
        if let Ok(io) = io_for_iosd(iosd, price) {
            prop_assert!(big(iosd) * SCALE <= big(io) * price);
            // One unit of IO less would not have been enough.
            prop_assert!(io == 0 || big(io - 1) * price < big(iosd) * SCALE);
        }
    }

    #[test]
    fn both_ways_to_order_agree(io in number(), price in positive()) {
        if let Ok(iosd) = iosd_for_io(io, price) {
            let cost = io_for_iosd(iosd, price).unwrap();
            prop_assert!(cost <= io);
            prop_assert_eq!(iosd_for_io(cost, price), Ok(iosd));
        }
    }

    #[test]
    fn burning_io_and_being_paid_it_back_never_profits(io in number(), (buying, paying) in sides()) {
        if let Ok(iosd) = iosd_for_io(io, buying) {
            prop_assert!(io_payout(iosd, paying).unwrap() <= io);
        }
    }

    #[test]
    fn an_exact_order_paid_back_never_profits(iosd in number(), (buying, paying) in sides()) {
        if let Ok(io) = io_for_iosd(iosd, buying) {
            prop_assert!(io_payout(iosd, paying).unwrap() <= io);
        }
    }

    #[test]
    fn a_payout_buys_back_no_more_than_was_owed(iosd in number(), (buying, paying) in sides()) {
        if let Ok(io) = io_payout(iosd, paying) {
            prop_assert!(iosd_for_io(io, buying).unwrap() <= iosd);
        }
    }

    #[test]
    fn many_trips_in_pieces_never_profit(
        pieces in proptest::collection::vec(0u64..1 << 48, 1..20),
        spot in 1u64..1 << 40,
        average in 1u64..1 << 40,
        confidence in 0u64..1 << 20,
    ) {
        let price = Price { spot, average, confidence };
        let Ok(buying) = price.buying() else { return Ok(()) };
        let burned: u64 = pieces.iter().sum();
        let minted: Result<Vec<u64>, Overflow> = pieces.iter().map(|&io| iosd_for_io(io, buying)).collect();
        let Some(owed) = minted.ok().and_then(|m| m.into_iter().try_fold(0u64, u64::checked_add)) else {
            return Ok(());
        };
        prop_assert!(io_payout(owed, price.paying()).unwrap() <= burned);
    }

    #[test]
    fn a_dearer_coin_buys_more_credits_and_is_paid_out_in_fewer_coins(amount in number(), (low, high) in sides()) {
        if let Ok(more) = iosd_for_io(amount, high) {
            prop_assert!(iosd_for_io(amount, low).unwrap() <= more);
        }
        if let Ok(more) = io_payout(amount, low) {
            prop_assert!(io_payout(amount, high).unwrap() <= more);
        }
    }
}

#[test]
fn one_io_at_two_dollars_is_two_iosd() {
    let (io, price) = (100_000_000, 200_000_000);
    assert_eq!(iosd_for_io(io, price), Ok(2_000_000));
    assert_eq!(io_for_iosd(2_000_000, price), Ok(io));
    assert_eq!(io_payout(2_000_000, price), Ok(io));
}

#[test]
fn a_price_of_zero_buys_nothing_and_pays_nothing() {
    assert_eq!(iosd_for_io(u64::MAX, 0), Ok(0));
    assert_eq!(io_for_iosd(1, 0), Err(Overflow));
    assert_eq!(io_payout(1, 0), Err(Overflow));
}

#[test]
fn the_whole_supply_converts_at_any_price_up_to_a_thousand_dollars() {
    assert_eq!(iosd_for_io(IO_CAP, 1_000 * 100_000_000), Ok(800_000_000_000 * 1_000_000));
}
