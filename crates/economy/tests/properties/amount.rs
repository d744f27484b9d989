use crate::exact::{config, number};
use economy::amount::{Decimal, io, iosd, parse, split};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Exact value of `whole.fraction` with `decimals`, if it is a whole number of base units that fits.
fn exact(whole: &str, fraction: &str, decimals: u8) -> Option<u64> {
    let zeros = usize::from(decimals).checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(zeros));
    u64::try_from(digits.parse::<BigUint>().ok()?).ok()
}

fn digits(lengths: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::char::range('0', '9'), lengths).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn decimal_text_is_read_exactly_or_refused(whole in digits(1..24), fraction in digits(1..24), decimals in 0u8..=19) {
        prop_assert_eq!(parse(&format!("{whole}.{fraction}"), decimals), exact(&whole, &fraction, decimals));
        prop_assert_eq!(parse(&whole, decimals), exact(&whole, "", decimals));
    }

    #[test]
    fn printed_amounts_are_read_back(amount in number(), decimals in 1u8..=19) {
        let text = Decimal { amount, decimals }.to_string();
        prop_assert_eq!(parse(&text, decimals), Some(amount), "{}", text);
        let short = text.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(parse(short, decimals), Some(amount), "{}", short);
    }

    #[test]
    fn the_parts_of_an_amount_are_exact(amount in number(), decimals in 0u8..=19) {
        let (whole, fraction) = split(amount, decimals).unwrap();
        let unit = BigUint::from(10u32).pow(decimals.into());
        prop_assert!(BigUint::from(fraction) < unit);
        prop_assert_eq!(BigUint::from(whole) * unit + fraction, BigUint::from(amount));
    }

    #[test]
    fn whole_units_are_read_back_without_a_point(amount in number()) {
        prop_assert_eq!(split(amount, 0), Ok((amount, 0)));
        let text = Decimal { amount, decimals: 0 }.to_string();
        prop_assert_eq!(&text, &amount.to_string());
        prop_assert_eq!(parse(&text, 0), Some(amount));
    }

    #[test]
    fn arbitrary_text_is_refused_unless_it_is_a_plain_decimal(text in any::<String>(), decimals in any::<u8>()) {
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let plain = [whole, fraction].iter().all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()));
        prop_assert!(parse(&text, decimals).is_none() || plain);
    }

    #[test]
    fn one_wrong_character_anywhere_is_refused(
        amount in number(), at in any::<proptest::sample::Index>(), junk in "[+\\-_, eExX\u{0660}\u{ff11}/:]",
    ) {
        let (whole, fraction) = split(amount, 6).unwrap();
        let mut text = format!("{whole}.{fraction:06}");
        let at = at.index(text.len() + 1);
        text.insert_str(at, &junk);
        prop_assert_eq!(parse(&text, 9), None, "{}", text);
    }
}

#[test]
fn amounts_are_printed_with_all_their_decimals() {
    assert_eq!(io(5).to_string(), "0.00000005");
    assert_eq!(iosd(500_000).to_string(), "0.500000");
    assert_eq!(iosd(u64::MAX).to_string(), "18446744073709.551615");
    assert_eq!(Decimal { amount: 7, decimals: 20 }.to_string(), "7");
}

#[test]
fn junk_is_refused() {
    for text in ["", ".", "1.", ".5", "1..2", "1.2.3", "-1", "+1", "1e3", " 1", "1 ", "1_000", "1,5", "0x1", "١", "NaN"]
    {
        assert_eq!(parse(text, 8), None, "{text:?}");
    }
}

#[test]
fn digits_past_the_last_decimal_are_refused_even_when_zero() {
    assert_eq!(parse("1.123456", 6), Some(1_123_456));
    assert_eq!(parse("1.1234560", 6), None);
    assert_eq!(parse("1.0", 0), None);
}

#[test]
fn the_largest_amount_fits_and_one_unit_more_does_not() {
    assert_eq!(parse("184467440737.09551615", 8), Some(u64::MAX));
    assert_eq!(parse("184467440737.09551616", 8), None);
    assert_eq!(parse("184467440738", 8), None);
}

#[test]
fn decimals_that_64_bits_cannot_hold_are_refused() {
    assert_eq!(split(u64::MAX, 19), Ok((1, 8_446_744_073_709_551_615)));
    assert!(split(1, 20).is_err());
    assert_eq!(parse("0", 20), None);
}
