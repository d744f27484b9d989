//! The known-answer test that a backend must pass before it works.
use crate::{Backend, ComputeError, Gemm};
use judge::{Hash, Requant, sha256};
use model::{Model, ModelError, ModelLayer};
use std::time::{Duration, Instant};

/// sha256 over all outputs of the self-test, in order. A reference that is wrong in the same way as the kernels cannot
/// give it.
pub const SELF_TEST_DIGEST: Hash = [
    0xb9, 0x07, 0x2f, 0x45, 0x2a, 0x3f, 0xe0, 0xec, 0x40, 0xd8, 0x39, 0x91, 0x6a, 0x75, 0x95, 0x66, 0x2e, 0xd6, 0xc2,
    0xfa, 0x7d, 0xf4, 0x03, 0xe2, 0x02, 0xe7, 0x22, 0xd4, 0xb8, 0xf2, 0x6a, 0xbd,
];

/// A passed self-test.
#[derive(Clone, Copy, Debug)]
pub struct SelfTest {
    /// Products and models run.
    pub cases: usize,
    /// Cells compared.
    pub cells: u64,
    pub elapsed: Duration,
}

/// Deterministic bytes (splitmix64), the same in every build.
pub(crate) struct Bytes(pub u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// A fully connected model over `widths`, with biases and requantisations that use most of the i8 range; the last
    /// layer gives i32 if `raw_end`.
    pub(crate) fn model(&mut self, widths: &[u32], raw_end: bool) -> Result<Model, ModelError> {
        let count = widths.len() - 1;
        let layer = |(i, pair): (usize, &[u32])| {
            let (k, n) = (pair[0], pair[1]);
            let weights: Vec<i8> = self.take((k * n) as usize).into_iter().map(|b| b as i8).collect();
            let bias: Vec<i32> = (0..n).map(|_| self.next() as i32 >> 16).collect();
            // Sums of k products spread over about 5,400 * sqrt(k). Even layers bring that to about 64 and clamp it
            // below zero, like ReLU; odd ones keep three more bits, so that the 16-bit clamp in between is met too.
            let shift1 = (k.ilog2() / 2) as u8;
            let mul = 19_661 + i as u16;
            let requant = if i % 2 == 0 {
                Requant { shift1, mul, shift2: 21, zero_point: 0, lo: 0, hi: 127 }
            } else {
                Requant { shift1: shift1.saturating_sub(3), mul, shift2: 23, zero_point: -3, lo: -128, hi: 70 }
            };
            ModelLayer::new(i, k, n, (i + 1 < count || !raw_end).then_some(requant), &weights, &bias)
        };
        let layers = widths.windows(2).enumerate().map(layer).collect::<Result<_, _>>()?;
        Model::new("self-test", (-128, 127), layers)
    }
}

/// Products `(m, n, k)`: one cell, odd sizes, more than one tile in each direction, single rows and columns, and the
/// longest sums, for batches on both sides of the GPU's choice of kernel.
const SHAPES: [(usize, usize, usize); 11] = [
    (1, 1, 1),
    (3, 5, 7),
    (1, 70, 33),
    (70, 1, 66),
    (17, 33, 65),
    (64, 64, 64),
    (67, 130, 129),
    (13, 31, 255),
    (9, 16, 2048),
    (2, 3, 65_536),
    (34, 3, 65_536),
];

/// Models: rows, widths, and whether the last layer gives i32.
const MODELS: [(usize, &[u32], bool); 4] =
    [(1, &[1, 1], false), (5, &[7, 66, 3, 9], false), (66, &[130, 65, 64, 10], true), (19, &[300, 257], true)];

/// What fills the operands of a product.
#[derive(Clone, Copy, Debug)]
enum Fill {
    Random,
    LeastByLeast,
    LeastByMost,
}

/// Runs every case and compares it with the judge's definition, and all of it with [`SELF_TEST_DIGEST`].
///
/// # Errors
/// [`ComputeError::SelfTest`] at the first difference, or whatever the backend fails with.
pub fn self_test(backend: &mut dyn Backend) -> Result<SelfTest, ComputeError> {
    let start = Instant::now();
    let mut random = Bytes(1);
    let mut digests: Vec<Hash> = Vec::new();
    let mut cells = 0;
    let name = backend.describe().to_string();
    let fail = |case: &str, reason: String| ComputeError::SelfTest { backend: name.clone(), case: case.into(), reason };

    for (m, n, k) in SHAPES {
        for fill in [Fill::Random, Fill::LeastByLeast, Fill::LeastByMost] {
            let (a, b) = match fill {
                Fill::Random => (random.take(m * k), random.take(n * k)),
                Fill::LeastByLeast => (vec![0x80; m * k], vec![0x80; n * k]),
                Fill::LeastByMost => (vec![0x80; m * k], vec![0x7f; n * k]),
            };
            let case = format!("product {m}x{n}x{k} {fill:?}");
            let found = backend.gemm(Gemm { m, n, k }, &a, &b)?;
            let rows = a.chunks_exact(k);
            let expected: Vec<i32> =
                rows.flat_map(|row| b.chunks_exact(k).map(|column| judge::dot::dot(row, column))).collect();
            compare(&expected, &found).map_err(|reason| fail(&case, reason))?;
            let bytes: Vec<u8> = found.iter().flat_map(|cell| cell.to_le_bytes()).collect();
            digests.push(sha256(&[&bytes]));
            cells += found.len() as u64;
        }
    }
    for (rows, widths, raw_end) in MODELS {
        let case = format!("model {widths:?} on {rows} rows");
        let model = random.model(widths, raw_end)?;
        let input = random.take(rows * widths[0] as usize);
        let found = backend.execute(&model, &input)?;
        let expected = model.run_reference(&input)?;
        for (i, (expected, found)) in expected.iter().zip(&found.activations).enumerate() {
            compare(expected, found).map_err(|reason| fail(&format!("{case}, activations {i}"), reason))?;
            digests.push(sha256(&[found]));
            cells += found.len() as u64;
        }
        for (i, (layer, accumulators)) in model.layers.iter().zip(&found.accumulators).enumerate() {
            let sums = layer.reference_accumulators(&model::sources(&layer.spec, &expected), rows);
            compare(&sums, accumulators).map_err(|reason| fail(&format!("{case}, accumulators {i}"), reason))?;
            cells += sums.len() as u64;
        }
    }
    let parts: Vec<&[u8]> = digests.iter().map(|digest| digest.as_slice()).collect();
    let digest = sha256(&parts);
    if digest != SELF_TEST_DIGEST {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        return Err(fail("the digest over all outputs", format!("the definition itself gives other numbers: {hex}")));
    }
    Ok(SelfTest { cases: 3 * SHAPES.len() + MODELS.len(), cells, elapsed: start.elapsed() })
}

fn compare<T: PartialEq + std::fmt::Debug>(expected: &[T], found: &[T]) -> Result<(), String> {
    if expected.len() != found.len() {
        return Err(format!("{} values instead of {}", found.len(), expected.len()));
    }
    match expected.iter().zip(found).position(|(expected, found)| expected != found) {
        None => Ok(()),
        Some(at) => Err(format!("value {at} is {:?} instead of {:?}", found[at], expected[at])),
    }
}
