//! New IO: the schedule, the smoothed burn, and the closing of epochs.
use crate::exact::{big, config, floor, number, positive};
use economy::emission::{
    Closed, Closing, INITIAL_SUPPLY, MONTH_S, Split, close, monthly, scheduled, smoothed_burn, split,
};
use economy::{BPS, IO_CAP, Overflow};
use num_bigint::BigUint;
use proptest::prelude::*;

const SCALE: u64 = 10_000_000_000;
const DAY: u32 = 86_400;

/// Numerator and denominator of `initial * 8 % / 12 * 0.9898^month`.
fn exact_month(month: u32) -> (BigUint, BigUint) {
    let numerator = big(INITIAL_SUPPLY) * 800u32 * big(9_898).pow(month);
    (numerator, big(12 * BPS) * big(BPS).pow(month))
}

fn shares() -> impl Strategy<Value = Split> {
    (0u16..=10_000)
        .prop_flat_map(|idle_bps| (0..=10_000 - idle_bps).prop_map(move |stakers_bps| Split { idle_bps, stakers_bps }))
}

fn price() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![1 => Just(None), 4 => (1u64..1 << 45).prop_map(Some), 1 => positive().prop_map(Some)]
}

fn closing() -> impl Strategy<Value = Closing> {
    let books = (number(), number(), price(), number(), number());
    let state = (number(), number(), number(), shares());
    (0u64..100_000, 1u32..=DAY, books, state).prop_map(
        |(
            index,
            epoch_s,
            (burned, requested, paying_price, smoothed_burn, reserve),
            (supply, outstanding, redemption_cap, split),
        )| {
            Closing {
                index,
                epoch_s,
                burned,
                requested,
                paying_price,
                smoothed_burn,
                reserve,
                supply,
                outstanding,
                redemption_cap,
                split,
            }
        },
    )
}

/// One epoch of a made-up network: `burn` and `mint` are shares of what there is, out of 2^16.
#[derive(Clone, Debug)]
struct Step {
    burn: u16,
    mint: u16,
    asked: u64,
    price: Option<u64>,
    skipped: u64,
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u16>(), any::<u16>(), 0u64..1 << 50, price(), prop_oneof![9 => Just(0u64), 1 => 0u64..10_000])
        .prop_map(|(burn, mint, asked, price, skipped)| Step { burn, mint, asked, price, skipped })
}

fn part(whole: u64, of_65536: u16) -> u64 {
    ((u128::from(whole) * u128::from(of_65536)) >> 16) as u64
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn the_smoothed_burn_is_exact_rounded_down(previous in number(), burned in number()) {
        prop_assert_eq!(Ok(smoothed_burn(previous, burned)), floor(big(previous) * 6u32 + burned, 7));
    }

    #[test]
    fn smoothed_burns_never_sum_to_more_than_was_burned_even_with_what_is_still_to_come(
        burns in proptest::collection::vec(number(), 1..200),
    ) {
        let (mut last, mut sum, mut burned) = (0, big(0), big(0));
        for (epochs, &burn) in (1u64..).zip(&burns) {
            last = smoothed_burn(last, burn);
            sum += last;
            burned += burn;
            let accounted = &sum + big(last) * 6u32;
            prop_assert!(accounted <= burned);
            // Each epoch's rounding loses at most six sevenths of a unit, seven times over.
            prop_assert!(&burned - accounted <= big(6 * epochs));
        }
    }

    #[test]
    fn after_the_last_burn_all_of_it_but_dust_comes_within_a_bounded_time(burned in number()) {
        let (mut last, mut sum, mut epochs) = (smoothed_burn(0, burned), 0u64, 1u64);
        while last > 0 {
            sum += last;
            last = smoothed_burn(last, 0);
            epochs += 1;
        }
        prop_assert!(epochs < 330);
        prop_assert!(sum <= burned && burned - sum <= 6 * epochs);
    }

    #[test]
    fn a_month_is_never_more_than_exact_and_within_a_billionth_and_a_unit(month in 0u32..3_000) {
        let (numerator, denominator) = exact_month(month);
        let month = big(monthly(u64::from(month)));
        prop_assert!(&month * &denominator <= numerator);
        let missing = &numerator - month * &denominator;
        prop_assert!(missing <= denominator + numerator / 1_000_000_000u32);
    }

    #[test]
    fn the_schedule_never_rises(a in number(), b in number()) {
        prop_assert!(monthly(a.max(b)) <= monthly(a.min(b)));
    }

    #[test]
    fn an_epoch_gets_its_share_of_the_month_it_begins_in(index in number(), epoch_s in any::<u32>()) {
        let start = big(index) * epoch_s;
        let expected = match u64::try_from(start) {
            Ok(start) => floor(big(monthly(start / MONTH_S)) * epoch_s, MONTH_S),
            Err(_) => Err(Overflow),
        };
        prop_assert_eq!(scheduled(index, epoch_s), expected);
    }

    #[test]
    fn the_parts_of_the_schedule_sum_to_it_and_shares_round_down(amount in number(), shares in shares()) {
        let parts = split(amount, shares).unwrap();
        prop_assert_eq!(big(parts.idle) + parts.stakers + parts.treasury, big(amount));
        prop_assert_eq!(Ok(parts.idle), floor(big(amount) * shares.idle_bps, BPS));
        prop_assert_eq!(Ok(parts.stakers), floor(big(amount) * shares.stakers_bps, BPS));
    }

    #[test]
    fn shares_over_the_whole_are_refused(amount in number(), idle_bps in any::<u16>(), stakers_bps in any::<u16>()) {
        let refused = split(amount, Split { idle_bps, stakers_bps }).is_err();
        prop_assert_eq!(refused, u32::from(idle_bps) + u32::from(stakers_bps) > 10_000);
    }
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn closing_moves_reserve_to_requests_and_neither_makes_nor_loses_any(c in closing()) {
        let Ok(done) = close(&c) else { return Ok(()) };
        prop_assert_eq!(done.smoothed_burn, smoothed_burn(c.smoothed_burn, c.burned));
        prop_assert_eq!(big(done.reserve) + done.allocated, big(c.reserve) + done.smoothed_burn);
        prop_assert!(done.allocated <= c.redemption_cap);
        prop_assert!(done.paid <= c.requested);
    }

    #[test]
    fn closing_pays_all_that_is_asked_or_all_that_may_be_paid(c in closing()) {
        let (Ok(done), Some(price)) = (close(&c), c.paying_price) else { return Ok(()) };
        let payable = (c.reserve + done.smoothed_burn).min(c.redemption_cap);
        let worth = big(c.requested) * SCALE / price;
        if worth <= big(payable) {
            prop_assert_eq!(big(done.allocated), worth);
            prop_assert_eq!(done.paid, if done.allocated == 0 { 0 } else { c.requested });
        } else {
            prop_assert_eq!(done.allocated, payable);
            // The charge is the worth of what is paid, rounded up.
            prop_assert_eq!(big(done.paid), (big(payable) * price + (SCALE - 1)) / SCALE);
        }
        prop_assert!(big(done.allocated) * price <= big(done.paid) * SCALE);
    }

    #[test]
    fn without_a_good_price_nothing_is_paid_and_the_reserve_grows(mut c in closing(), zero in any::<bool>()) {
        c.paying_price = zero.then_some(0);
        if let Ok(done) = close(&c) {
            prop_assert_eq!((done.paid, done.allocated), (0, 0));
            prop_assert_eq!(done.reserve, c.reserve + done.smoothed_burn);
        }
    }

    #[test]
    fn the_schedule_is_clipped_under_the_cap_and_is_otherwise_whole(c in closing()) {
        let Ok(done) = close(&c) else { return Ok(()) };
        let taken = big(c.supply) + c.reserve + big(done.smoothed_burn) * 7u32 + c.outstanding;
        let room = if taken < big(IO_CAP) { big(IO_CAP) - taken } else { big(0) };
        let whole = big(scheduled(c.index, c.epoch_s).unwrap());
        prop_assert_eq!(big(done.budgets.total()), whole.min(room));
        prop_assert_eq!(split(done.budgets.total(), c.split), Ok(done.budgets));
    }

    #[test]
    fn amounts_that_can_exist_are_never_too_large_to_close(c in closing(), burned in 0..=IO_CAP, supply in 0..=IO_CAP) {
        let c = Closing {
            burned,
            supply,
            smoothed_burn: c.smoothed_burn % IO_CAP,
            reserve: c.reserve % IO_CAP,
            outstanding: c.outstanding % IO_CAP,
            ..c
        };
        prop_assert!(close(&c).is_ok());
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn nothing_that_exists_is_promised_budgeted_or_still_to_join_the_reserve_ever_passes_the_cap(
        supply in prop_oneof![Just(IO_CAP), Just(INITIAL_SUPPLY), 0..=IO_CAP],
        first in 0u64..1_000,
        redemption_cap in number(),
        shares in shares(),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let (mut supply, mut reserve, mut outstanding, mut smoothed, mut requested) = (supply, 0u64, 0u64, 0u64, 0u64);
        let mut index = first;
        for step in steps {
            let burned = part(supply, step.burn);
            supply -= burned;
            let minted = part(outstanding, step.mint);
            outstanding -= minted;
            supply += minted;
            requested += step.asked;
            let done: Closed = close(&Closing {
                index, epoch_s: DAY, burned, requested, paying_price: step.price, smoothed_burn: smoothed,
                reserve, supply, outstanding, redemption_cap, split: shares,
            }).unwrap();
            (smoothed, reserve) = (done.smoothed_burn, done.reserve);
            requested -= done.paid;
            outstanding += done.allocated + done.budgets.total();
            index += 1 + step.skipped;
            prop_assert!(big(supply) + reserve + outstanding + big(smoothed) * 6u32 <= big(IO_CAP));
        }
    }

    #[test]
    fn a_span_of_epochs_is_scheduled_no_more_than_its_time_and_one_epoch(
        epoch_s in 60u32..=DAY, epochs in 1u64..2_000, from in 0u64..100_000,
    ) {
        let sum: u64 = (from..from + epochs).map(|index| scheduled(index, epoch_s).unwrap()).sum();
        // The exact integral of the rate over the same time, times the month's seconds.
        let (mut at, end) = (from * u64::from(epoch_s), (from + epochs) * u64::from(epoch_s));
        let mut integral = big(0);
        while at < end {
            let next = end.min((at / MONTH_S + 1) * MONTH_S);
            integral += big(next - at) * monthly(at / MONTH_S);
            at = next;
        }
        let one = scheduled(from, epoch_s).unwrap() + 1;
        prop_assert!(big(sum) * MONTH_S <= &integral + big(one) * MONTH_S);
        prop_assert!(big(sum + epochs) * MONTH_S >= integral);
    }
}

#[test]
fn the_schedule_ends() {
    let end = (0..).find(|&month| monthly(month) == 0).unwrap();
    assert!((3_000..4_000).contains(&end), "{end}");
    for month in [end, end + 1, 1 << 20, u64::MAX] {
        assert_eq!(monthly(month), 0);
    }
}

#[test]
fn the_whole_schedule_is_a_little_more_than_the_cap_has_room_for_so_clipping_is_needed() {
    let whole: u64 = (0..4_000).map(monthly).sum();
    // Exactly initial * 8 % / 12 / 1.02 %.
    let exact = big(INITIAL_SUPPLY) * 800u32 / (12u32 * 102u32);
    assert!(big(whole) <= exact && exact - whole < big(4_000));
    assert!(whole > IO_CAP - INITIAL_SUPPLY);
    // The first twenty years fit.
    assert!((0..240).map(monthly).sum::<u64>() < IO_CAP - INITIAL_SUPPLY);
}

#[test]
fn the_first_month_is_a_twelfth_of_eight_percent() {
    assert_eq!(monthly(0), INITIAL_SUPPLY * 8 / 100 / 12);
    assert_eq!(scheduled(0, MONTH_S as u32), Ok(monthly(0)));
}

#[test]
fn epochs_in_the_far_future_are_closed_or_refused_without_a_panic() {
    let c = Closing {
        index: u64::MAX,
        epoch_s: 1,
        burned: 7,
        requested: 0,
        paying_price: Some(1),
        smoothed_burn: 0,
        reserve: 0,
        supply: 0,
        outstanding: 0,
        redemption_cap: u64::MAX,
        split: Split { idle_bps: 0, stakers_bps: 0 },
    };
    assert_eq!(close(&c).unwrap().budgets.total(), 0);
    assert_eq!(close(&Closing { epoch_s: DAY, ..c }), Err(Overflow));
    assert_eq!(close(&Closing { index: u64::MAX / u64::from(DAY), epoch_s: DAY, ..c }).unwrap().budgets.total(), 0);
}

#[test]
fn what_was_burned_lately_keeps_its_room_under_the_cap() {
    // All of the cap exists; a part is burned, and the schedule must not take the place of what redemptions will mint.
    let split = Split { idle_bps: 5_000, stakers_bps: 5_000 };
    let burned = 7_000_000_000;
    let (mut reserve, mut smoothed, mut budgeted) = (0, 0, 0);
    for index in 0..400 {
        let c = Closing {
            index,
            epoch_s: DAY,
            burned: if index == 0 { burned } else { 0 },
            requested: 0,
            paying_price: Some(100_000_000),
            smoothed_burn: smoothed,
            reserve,
            supply: IO_CAP - burned,
            outstanding: budgeted,
            redemption_cap: u64::MAX,
            split,
        };
        let done = close(&c).unwrap();
        (reserve, smoothed) = (done.reserve, done.smoothed_burn);
        budgeted += done.budgets.total();
    }
    assert!(reserve + budgeted <= burned);
    // Only the dust of rounding was left for the schedule.
    assert!(budgeted < 6 * 400, "{budgeted}");
}
