//! Median, limits and average of the coin's price.
use crate::exact::{config, number, positive};
use economy::price::{AVERAGE_SECONDS, MAX_SUBMITTERS, median, next_average};
use economy::{Price, PriceError, PriceLimits, Submission};
use num_bigint::BigInt;
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;
const OPEN: PriceLimits = PriceLimits { max_age_s: 60, max_spread_bps: u16::MAX };

fn fresh(price: u64) -> Submission {
    Submission { price, time: NOW }
}

fn at(prices: &[u64], time: i64) -> Vec<Submission> {
    prices.iter().map(|&price| Submission { price, time }).collect()
}

fn submission() -> impl Strategy<Value = Submission> {
    let price = prop_oneof![1 => Just(0), 4 => 990u64..1_010, 1 => number()];
    let time = prop_oneof![6 => (NOW - 70)..(NOW + 5), 1 => any::<i64>()];
    (price, time).prop_map(|(price, time)| Submission { price, time })
}

/// The definition, on sorted exact integers.
fn exact(submissions: &[Submission], now: i64, limits: PriceLimits) -> Result<(u64, u64), PriceError> {
    let young = |s: &&Submission| (0..=i128::from(limits.max_age_s)).contains(&(i128::from(now) - i128::from(s.time)));
    let mut prices: Vec<BigInt> =
        submissions.iter().filter(|s| s.price > 0).filter(young).map(|s| s.price.into()).collect();
    if prices.len() * 2 <= submissions.len() {
        return Err(PriceError::Stale);
    }
    prices.sort();
    let n = prices.len();
    let spot: BigInt = (&prices[(n - 1) / 2] + &prices[n / 2]) / 2;
    let confidence = (&spot - &prices[0]).max(&prices[n - 1] - &spot);
    if &confidence * 10_000 > &spot * limits.max_spread_bps {
        return Err(PriceError::Wide);
    }
    Ok((spot.try_into().unwrap(), confidence.try_into().unwrap()))
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn the_median_is_exact(
        submissions in proptest::collection::vec(submission(), 0..=MAX_SUBMITTERS),
        now in prop_oneof![8 => Just(NOW), 1 => any::<i64>()],
        max_age_s in prop_oneof![Just(60u32), any::<u32>()],
        max_spread_bps in prop_oneof![Just(50u16), any::<u16>()],
    ) {
        let limits = PriceLimits { max_age_s, max_spread_bps };
        prop_assert_eq!(median(&submissions, now, limits), exact(&submissions, now, limits));
    }

    #[test]
    fn the_order_of_submissions_does_not_matter(
        (ordered, shuffled) in proptest::collection::vec(submission(), 1..=MAX_SUBMITTERS)
            .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
    ) {
        prop_assert_eq!(median(&ordered, NOW, OPEN), median(&shuffled, NOW, OPEN));
    }

    #[test]
    fn a_minority_cannot_move_the_median_outside_the_honest_range(
        honest in proptest::collection::vec(900u64..1_100, 1..=MAX_SUBMITTERS),
        lies in proptest::collection::vec(positive(), 0..MAX_SUBMITTERS),
        limits in any::<u16>().prop_map(|max_spread_bps| PriceLimits { max_age_s: 60, max_spread_bps }),
    ) {
        let room = (honest.len() - 1).min(MAX_SUBMITTERS - honest.len());
        let lies = &lies[..lies.len().min(room)];
        let submissions = [at(&honest, NOW), at(lies, NOW)].concat();
        if let Ok((spot, _)) = median(&submissions, NOW, limits) {
            prop_assert!(honest.iter().min().unwrap() <= &spot && &spot <= honest.iter().max().unwrap());
        }
    }

    #[test]
    fn every_fresh_submission_lies_within_the_confidence(
        prices in proptest::collection::vec(positive(), 1..=MAX_SUBMITTERS),
    ) {
        if let Ok((spot, confidence)) = median(&at(&prices, NOW), NOW, OPEN) {
            prop_assert!(prices.iter().all(|p| p.abs_diff(spot) <= confidence));
            prop_assert!(prices.iter().any(|p| p.abs_diff(spot) == confidence));
        }
    }

    #[test]
    fn the_average_is_exact_rounded_towards_the_old_one(
        average in positive(), spot in number(), elapsed in 0..u64::MAX - AVERAGE_SECONDS,
    ) {
        let distance = BigInt::from(spot) - average;
        // Division of big integers truncates towards zero, which here is towards the old average.
        let exact = BigInt::from(average) + distance * elapsed / (BigInt::from(elapsed) + AVERAGE_SECONDS);
        prop_assert_eq!(BigInt::from(next_average(average, spot, elapsed)), exact);
    }

    #[test]
    fn the_average_stays_between_the_old_one_and_spot(average in positive(), spot in number(), elapsed in number()) {
        let next = next_average(average, spot, elapsed);
        prop_assert!(average.min(spot) <= next && next <= average.max(spot));
    }

    #[test]
    fn the_average_never_moves_back_as_time_passes(
        average in positive(), spot in number(), a in number(), b in number(),
    ) {
        let [early, late] = [a.min(b), a.max(b)].map(|t| next_average(average, spot, t).abs_diff(average));
        prop_assert!(early <= late);
    }

    #[test]
    fn buying_never_pays_more_than_selling(spot in number(), average in number(), confidence in number()) {
        let price = Price { spot, average, confidence };
        let exact = BigInt::from(spot.min(average)) - confidence;
        match price.buying() {
            Ok(buying) => {
                prop_assert_eq!(BigInt::from(buying), exact);
                prop_assert!(buying <= price.paying());
                prop_assert!(buying <= spot && buying <= average);
            }
            Err(error) => {
                prop_assert_eq!(error, PriceError::Zero);
                prop_assert!(exact <= BigInt::from(0));
            }
        }
        prop_assert!(price.paying() >= spot && price.paying() >= average);
        let exact = BigInt::from(spot.max(average)) + confidence;
        prop_assert_eq!(BigInt::from(price.paying()), exact.min(u64::MAX.into()));
    }
}

#[test]
fn exactly_half_of_the_submitters_is_no_majority() {
    for n in 1..=MAX_SUBMITTERS {
        for speaking in 0..=n {
            let mut submissions = at(&vec![0; n], NOW);
            submissions[..speaking].fill(fresh(1_000));
            let expected = if speaking * 2 > n { Ok((1_000, 0)) } else { Err(PriceError::Stale) };
            assert_eq!(median(&submissions, NOW, OPEN), expected, "{speaking} of {n}");
        }
    }
    assert_eq!(median(&[], NOW, OPEN), Err(PriceError::Stale));
}

#[test]
fn a_submission_counts_up_to_its_age_limit_and_not_from_the_future() {
    let speak = |time| median(&at(&[7], time), NOW, OPEN);
    assert_eq!(speak(NOW - 60), Ok((7, 0)));
    assert_eq!(speak(NOW - 61), Err(PriceError::Stale));
    assert_eq!(speak(NOW + 1), Err(PriceError::Stale));
    for time in [i64::MIN, i64::MAX] {
        assert_eq!(speak(time), Err(PriceError::Stale));
    }
    assert_eq!(median(&at(&[7], i64::MAX), i64::MIN, OPEN), Err(PriceError::Stale));
}

#[test]
fn the_spread_limit_itself_is_allowed() {
    let limits = PriceLimits { max_age_s: 60, max_spread_bps: 200 };
    let around = |off: u64| median(&at(&[10_000 - off, 10_000, 10_000], NOW), NOW, limits);
    assert_eq!(around(200), Ok((10_000, 200)));
    assert_eq!(around(201), Err(PriceError::Wide));
    let above = |off: u64| median(&at(&[10_000, 10_000, 10_000 + off], NOW), NOW, limits);
    assert_eq!(above(200), Ok((10_000, 200)));
    assert_eq!(above(201), Err(PriceError::Wide));
}

#[test]
fn extreme_prices_do_not_overflow() {
    let tops = at(&[u64::MAX, u64::MAX, u64::MAX - 1], NOW);
    assert_eq!(median(&tops, NOW, OPEN), Ok((u64::MAX, 1)));
    assert_eq!(median(&at(&[1, u64::MAX], NOW), NOW, OPEN), Ok((1 << 63, (1 << 63) - 1)));
}

#[test]
fn more_submitters_than_a_feed_can_have_are_refused() {
    assert_eq!(median(&[fresh(5); MAX_SUBMITTERS], NOW, OPEN), Ok((5, 0)));
    assert_eq!(median(&[fresh(5); MAX_SUBMITTERS + 1], NOW, OPEN), Err(PriceError::Stale));
}

#[test]
fn the_average_starts_at_the_first_spot_and_goes_halfway_in_an_hour() {
    assert_eq!(next_average(0, 123, 0), 123);
    assert_eq!(next_average(1_000, 2_000, AVERAGE_SECONDS), 1_500);
    assert_eq!(next_average(2_000, 1_000, AVERAGE_SECONDS), 1_500);
    assert_eq!(next_average(1_000, 2_000, 0), 1_000);
    assert_eq!(next_average(1, u64::MAX, u64::MAX), u64::MAX);
}
