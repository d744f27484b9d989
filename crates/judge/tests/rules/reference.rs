//! What the rules are held to: exact integers and recursion by the book.
use judge::{Hash, Layer, Op, Requant, Shape, Window};
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

/// The value of a cell, from bytes as they are committed: the input row, the row that is added, and all weights.
pub fn cell(layer: &Layer, x: &[u8], y: &[u8], weights: &[u8], column: u32) -> i32 {
    let signed = |bytes: &[u8]| bytes.iter().map(|&b| b as i8).collect::<Vec<_>>();
    let (x, column) = (signed(x), column as usize);
    let acc = match layer.op {
        Op::Gemm { .. } => weigh(&x, weights, column),
        Op::Conv { window, n } => {
            let n = usize::from(n);
            let patch: Vec<i8> = patch(layer, &window, &x, column / n).concat();
            weigh(&patch, weights, column % n)
        }
        Op::MaxPool { window } => {
            let channels = usize::from(layer.input.channels);
            let patch = patch(layer, &window, &x, column / channels);
            return patch.iter().map(|pixel| i32::from(pixel[column % channels])).max().unwrap();
        }
        Op::AveragePool { window } => {
            let channels = usize::from(layer.input.channels);
            let patch = patch(layer, &window, &x, column / channels);
            patch.iter().map(|pixel| i32::from(pixel[column % channels])).sum()
        }
        Op::Add { multipliers: [a, b], bias, .. } => {
            let (x, y) = (i64::from(x[column]), i64::from(y[column] as i8));
            i32::try_from(x * i64::from(a) + y * i64::from(b) + i64::from(bias)).unwrap()
        }
        Op::Lookup => return i32::from(weights[usize::from(x[column] as u8)] as i8),
    };
    layer.requant.map_or(acc, |q| requantise(&q, acc) as i32)
}

fn weigh(values: &[i8], weights: &[u8], column: usize) -> i32 {
    let column = &weights[column * (values.len() + 4)..][..values.len() + 4];
    let (weights, bias) = column.split_at(values.len());
    let weights: Vec<i8> = weights.iter().map(|&b| b as i8).collect();
    accumulator(values, &weights, i32::from_le_bytes(bias.try_into().unwrap()))
}

/// The pixels in a window, row by row, as the image with its padding has them.
fn patch(layer: &Layer, window: &Window, x: &[i8], place: usize) -> Vec<Vec<i8>> {
    let Shape { height, width, channels } = layer.input;
    let size = |axis: usize, size: u16| {
        let padding = window.padding[axis] as usize + window.padding[axis + 2] as usize;
        (size as usize + padding - window.kernel[axis] as usize) / window.stride[axis] as usize + 1
    };
    let across = size(1, width);
    assert_eq!(layer.output().elements() % (size(0, height) * across), 0);
    let pixel = |down: i64, right: i64| {
        let inside = (0..i64::from(height)).contains(&down) && (0..i64::from(width)).contains(&right);
        let at = (down * i64::from(width) + right) * i64::from(channels);
        if inside { x[at as usize..][..channels as usize].to_vec() } else { vec![window.fill; channels as usize] }
    };
    let mut pixels = Vec::new();
    for i in 0..window.kernel[0] {
        for j in 0..window.kernel[1] {
            let down =
                (place / across * window.stride[0] as usize) as i64 + i64::from(i) - i64::from(window.padding[0]);
            let right =
                (place % across * window.stride[1] as usize) as i64 + i64::from(j) - i64::from(window.padding[1]);
            pixels.push(pixel(down, right));
        }
    }
    pixels
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
