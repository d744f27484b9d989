//! The chain's dot product and the portable one are one function.
use crate::job::Numbers;
use crate::reference::{accumulator, config};
use judge::dot::{dot, dot_by_lanes, dot_in_order};
use proptest::prelude::*;

fn exact(a: &[u8], b: &[u8]) -> i32 {
    let signed = |bytes: &[u8]| bytes.iter().map(|&b| b as i8).collect::<Vec<_>>();
    accumulator(&signed(a), &signed(b), 0)
}

#[track_caller]
fn agree(a: &[u8], b: &[u8]) {
    let expected = exact(a, b);
    assert_eq!(dot_in_order(a, b), expected, "in order, lengths {} and {}", a.len(), b.len());
    assert_eq!(dot_by_lanes(a, b), expected, "by lanes, lengths {} and {}", a.len(), b.len());
    assert_eq!(dot(a, b), expected);
}

const LENGTHS: [usize; 12] = [127, 128, 129, 1023, 1024, 2047, 2048, 4095, 4096, 16_384, 65_535, 65_536];

#[test]
fn both_agree_on_random_bytes_of_every_length() {
    let mut numbers = Numbers(7);
    for len in (0..=80).chain(LENGTHS) {
        let (a, b) = (numbers.bytes(len), numbers.bytes(len));
        agree(&a, &b);
    }
}

#[test]
fn both_agree_on_the_extremes_of_i8_at_every_length() {
    let extremes = [i8::MIN, -127, -1, 0, 1, i8::MAX].map(|v| v as u8);
    for len in (0..=40).chain(LENGTHS) {
        for a in extremes {
            for b in extremes {
                agree(&vec![a; len], &vec![b; len]);
            }
        }
    }
    assert_eq!(dot_by_lanes(&[0x80; 4096], &[0x80; 4096]), 4096 * 128 * 128);
}

#[test]
fn one_extreme_lane_does_not_leak_into_its_neighbours() {
    for at in 0..16 {
        let (mut a, mut b) = (vec![0; 16], vec![0; 16]);
        (a[at], b[at]) = (0x80, 0x7f);
        for other in 0..16 {
            b[other] |= 1;
            agree(&a, &b);
        }
    }
}

#[test]
fn both_wrap_at_32_bits() {
    // 2^17 products of 2^14.
    let long = vec![0x80; 1 << 17];
    agree(&long, &long);
    assert_eq!(dot_by_lanes(&long, &long), i32::MIN);
    // Bytes of 127 give the largest sums of what is not wanted, over more than one block.
    let long = vec![0x7f; (1 << 18) + 13];
    agree(&long, &long);
    agree(&long, &vec![0x80; 1 << 18]);
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn both_stop_at_the_shorter_one(
        a in proptest::collection::vec(any::<u8>(), 0..300), b in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        agree(&a, &b);
    }
}
