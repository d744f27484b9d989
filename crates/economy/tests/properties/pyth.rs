//! Pyth price updates: accounts built by hand, and every way in which they must be refused.
use crate::exact::{config, number};
use economy::pyth::decode;
use economy::{Price, PriceError, PriceLimits};
use num_bigint::BigInt;
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;
const FEED: [u8; 32] = [0xe6; 32];
const LIMITS: PriceLimits = PriceLimits { max_age_s: 60, max_spread_bps: 200 };

/// The fields of a price update in the order in which they are stored.
#[derive(Clone, Debug)]
struct Update {
    price: i64,
    confidence: u64,
    exponent: i32,
    publish_time: i64,
    average: i64,
}

const GOOD: Update =
    Update { price: 250_000_000, confidence: 100_000, exponent: -8, publish_time: NOW - 5, average: 251_000_000 };

impl Update {
    fn account(&self, verification: &[u8]) -> Vec<u8> {
        let mut data = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
        data.extend([7; 32]); // write authority
        data.extend(verification);
        data.extend(FEED);
        data.extend(self.price.to_le_bytes());
        data.extend(self.confidence.to_le_bytes());
        data.extend(self.exponent.to_le_bytes());
        data.extend(self.publish_time.to_le_bytes());
        data.extend((self.publish_time.wrapping_sub(1)).to_le_bytes()); // the update before
        data.extend(self.average.to_le_bytes());
        data.extend(123u64.to_le_bytes()); // the average's confidence
        data.extend(456u64.to_le_bytes()); // posted slot
        data.resize(134, 0);
        data
    }

    fn full(&self) -> Vec<u8> {
        self.account(&[1])
    }

    fn decode(&self) -> Result<Price, PriceError> {
        decode(&self.full(), &FEED, NOW, LIMITS)
    }
}

/// `value * 10^(exponent + 8)`, rounded down or up, exactly.
fn exact(value: BigInt, exponent: i32, up: bool) -> BigInt {
    let shift = i64::from(exponent) + 8;
    let power = BigInt::from(10u32).pow(u32::try_from(shift.abs()).unwrap());
    match (shift >= 0, up) {
        (true, _) => value * power,
        (false, false) => value / power,
        (false, true) => (value + &power - 1) / power,
    }
}

fn update() -> impl Strategy<Value = Update> {
    let price = prop_oneof![3 => number().prop_map(|n| (n >> 1) as i64), 1 => any::<i64>()];
    let average = prop_oneof![3 => number().prop_map(|n| (n >> 1) as i64), 1 => any::<i64>()];
    let exponent = prop_oneof![6 => -20i32..=4, 1 => -60i32..=60];
    (price, number(), exponent, average).prop_map(|(price, confidence, exponent, average)| Update {
        price,
        confidence,
        exponent,
        average,
        publish_time: NOW,
    })
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn an_update_is_read_exactly_or_refused(update in update(), max_spread_bps in any::<u16>()) {
        let limits = PriceLimits { max_age_s: 60, max_spread_bps };
        let spot = exact(update.price.into(), update.exponent, false);
        let average = exact(update.average.into(), update.exponent, false);
        let confidence = exact(update.confidence.into(), update.exponent, true);
        let (least, most) = (BigInt::from(1), BigInt::from(u64::MAX));
        let positive = update.price > 0 && update.average > 0 && spot >= least && average >= least;
        let fits = spot <= most && average <= most && confidence <= most && i64::try_from(update.confidence).is_ok();
        let narrow = &confidence * 10_000u32 <= &spot * max_spread_bps;
        match decode(&update.full(), &FEED, NOW, limits) {
            Ok(price) => {
                prop_assert!(positive && fits && narrow);
                prop_assert_eq!(BigInt::from(price.spot), spot);
                prop_assert_eq!(BigInt::from(price.average), average);
                prop_assert_eq!(BigInt::from(price.confidence), confidence);
            }
            Err(error) => {
                prop_assert!(!(positive && fits && narrow), "{:?}", error);
                prop_assert!(matches!(error, PriceError::Zero | PriceError::Wide));
            }
        }
    }

    #[test]
    fn a_price_that_is_not_positive_is_refused(
        price in i64::MIN..=0, other in 1i64.., exponent in any::<i32>(), which in any::<bool>(),
    ) {
        let (price, average) = if which { (price, other) } else { (other, price) };
        let bad = Update { price, average, exponent, ..GOOD };
        prop_assert!(bad.decode().is_err());
    }

    #[test]
    fn any_exponent_is_exact_or_refused_without_a_panic(exponent in any::<i32>(), update in update()) {
        let update = Update { exponent, ..update };
        let read = update.decode();
        if !(-27..=11).contains(&exponent) {
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn an_update_counts_up_to_its_age_limit_before_and_after_the_clock(time in any::<i64>(), near in -70i64..70) {
        for publish_time in [time, NOW + near] {
            let age = i128::from(NOW) - i128::from(publish_time);
            let expected = if age.abs() <= 60 { None } else { Some(PriceError::Stale) };
            prop_assert_eq!(Update { publish_time, ..GOOD }.decode().err(), expected);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(decode(&data, &FEED, NOW, LIMITS), Err(PriceError::NotAnUpdate));
    }

    #[test]
    fn an_account_of_another_length_is_refused(length in 0usize..300) {
        let mut data = GOOD.full();
        data.resize(length, 0);
        let refused = decode(&data, &FEED, NOW, LIMITS) == Err(PriceError::NotAnUpdate);
        prop_assert_eq!(refused, !(133..=134).contains(&length));
    }

    #[test]
    fn confidence_beyond_the_spread_limit_is_refused(price in 1i64..1 << 50, confidence in 0u64..1 << 50) {
        let read = Update { price, average: price, confidence, ..GOOD }.decode();
        let wide = BigInt::from(confidence) * 10_000u32 > BigInt::from(price) * 200u32;
        prop_assert_eq!(read.err(), wide.then_some(PriceError::Wide));
    }
}

#[test]
fn a_full_update_is_read() {
    let price = GOOD.decode().unwrap();
    assert_eq!(price, Price { spot: 250_000_000, average: 251_000_000, confidence: 100_000 });
    assert_eq!((price.buying(), price.paying()), (Ok(249_900_000), 251_100_000));
}

#[test]
fn every_flipped_bit_of_discriminator_tag_and_feed_is_refused_and_the_authority_does_not_matter() {
    let good = GOOD.full();
    for at in (0..8).chain(40..73) {
        for flip in 1..=u8::MAX {
            let mut data = good.clone();
            data[at] ^= flip;
            assert_eq!(decode(&data, &FEED, NOW, LIMITS), Err(PriceError::NotAnUpdate), "byte {at} ^ {flip}");
        }
    }
    for at in 8..40 {
        let mut data = good.clone();
        data[at] ^= 0xff;
        assert!(decode(&data, &FEED, NOW, LIMITS).is_ok(), "byte {at}");
    }
}

#[test]
fn a_partly_verified_update_is_refused_whatever_its_number_of_signatures() {
    for signatures in 0..=u8::MAX {
        let data = GOOD.account(&[0, signatures]);
        assert_eq!(data.len(), 134);
        assert_eq!(decode(&data, &FEED, NOW, LIMITS), Err(PriceError::NotAnUpdate), "{signatures}");
    }
}

#[test]
fn another_feed_is_refused() {
    assert_eq!(decode(&GOOD.full(), &[0xe7; 32], NOW, LIMITS), Err(PriceError::NotAnUpdate));
}

#[test]
fn price_and_average_are_brought_to_eight_decimals_rounded_down_and_confidence_up() {
    let read = |exponent| Update { price: 19_999, average: 10_001, confidence: 101, exponent, ..GOOD }.decode();
    assert_eq!(read(-10), Ok(Price { spot: 199, average: 100, confidence: 2 }));
    assert_eq!(read(-5), Ok(Price { spot: 19_999_000, average: 10_001_000, confidence: 101_000 }));
    // Rounding up made the confidence wider than the limit: 1 of 19.
    assert_eq!(
        Update { price: 1_999, average: 1_999, confidence: 1, exponent: -10, ..GOOD }.decode(),
        Err(PriceError::Wide)
    );
}

#[test]
fn zero_confidence_is_no_reason_to_refuse() {
    assert_eq!(Update { confidence: 0, ..GOOD }.decode().map(|p| p.confidence), Ok(0));
}
