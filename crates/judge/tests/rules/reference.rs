//! What the rules are held to: exact integers and recursion by the book.
use judge::{Hash, Layer, Requant};
use proptest::prelude::ProptestConfig;
use sha2::{Digest, Sha256};

/// Requantisation with floor division instead of shifts, in 128 bits.
pub fn requantise(q: &Requant, acc: i32) -> i128 {
    let x = i128::from(acc).div_euclid(1 << q.shift1).clamp(-32768, 32767);
    let y = (x * i128::from(q.mul) + (1 << (q.shift2 - 1))).div_euclid(1 << q.shift2);
    (y + i128::from(q.zero_point)).clamp(q.lo.into(), q.hi.into())
}

/// Dot product and bias in 128 bits, cut to 32 at the very end.
pub fn accumulator(row: &[i8], column: &[i8], bias: i32) -> i32 {
    let sum: i128 = row.iter().zip(column).map(|(&x, &w)| i128::from(x) * i128::from(w)).sum();
    (sum + i128::from(bias)) as i32
}

/// The value of a cell, from bytes as they are committed.
pub fn cell(layer: &Layer, row: &[u8], column: &[u8]) -> i32 {
    let signed = |bytes: &[u8]| bytes.iter().map(|&b| b as i8).collect::<Vec<_>>();
    let (weights, bias) = column.split_at(column.len() - 4);
    let acc = accumulator(&signed(row), &signed(weights), i32::from_le_bytes(bias.try_into().unwrap()));
    layer.requant.map_or(acc, |q| requantise(&q, acc) as i32)
}

pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Root by the definition: level by level, an odd node is promoted.
pub fn tree(mut level: Vec<Hash>) -> Hash {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => sha256(&[b"IOND".as_slice(), left, right].concat()),
                _ => pair[0],
            })
            .collect();
    }
    level[0]
}

/// `IO_FUZZ_CASES`, or `default`.
pub fn config(default: u32) -> ProptestConfig {
    let cases = std::env::var("IO_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
