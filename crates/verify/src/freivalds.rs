//! Freivalds' test: whether `C = A W + bias`, in the time of three products of a matrix by a vector.
//!
//! With a vector `r` drawn after `C` was fixed, `C r` is compared with `A (W r) + bias r`, row by row and modulo
//! 2^61 - 1. A row of `C` with any wrong accumulator passes with probability 2^-61. The test is about integers: an
//! accumulator that has wrapped at 32 bits counts as wrong, which cannot happen in a model that was loaded.
use crate::field::{P, add, from_i64, mul};
use compute::Left;
use model::ModelLayer;

/// Elements that pay for a thread: about 0.3 ms.
const ELEMENTS_PER_THREAD: usize = 1 << 20;
/// Accumulators summed before reduction: 2^31 * 2^21 * 2^10 stays below 2^63.
const CHUNK: usize = 1 << 10;

/// A random vector over the field from the operating system, or `None` if it gives no randomness.
pub fn draw(len: usize) -> Option<Vec<u64>> {
    let mut bytes = [0u8; 512];
    let mut vector = Vec::with_capacity(len + bytes.len() / 8);
    while vector.len() < len {
        getrandom::fill(&mut bytes).ok()?;
        let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word) & P);
        // 61 random bits are an element except for P itself, which would be a second zero.
        vector.extend(words.filter(|&word| word != P));
    }
    vector.truncate(len);
    Some(vector)
}

/// A vector in limbs of `BITS` bits, so that products with small integers can be summed in i64.
struct Limbs<const COUNT: usize, const BITS: u32>([Vec<i32>; COUNT]);

impl<const COUNT: usize, const BITS: u32> Limbs<COUNT, BITS> {
    fn new(vector: &[u64]) -> Self {
        let limb = |l: usize| {
            let cut = |x: &u64| ((x >> (BITS as usize * l)) & ((1 << BITS) - 1)) as i32;
            vector.iter().map(cut).collect()
        };
        Limbs(std::array::from_fn(limb))
    }

    /// The element that sums of products with each limb stand for.
    fn join(sums: [i64; COUNT]) -> u64 {
        sums.into_iter().rev().fold(0, |high, sum| add(mul(high, 1 << BITS), from_i64(sum)))
    }
}

/// For factors of 8 bits: 2^7 * 2^31 * k stays below 2^63 for k up to 2^25.
type Wide = Limbs<2, 31>;
/// For factors of 32 bits.
type Narrow = Limbs<3, 21>;

/// The rows of `accumulators` (`[rows, n]`) that are not `left` (`[rows, k]`) times the layer's weights plus its biases.
/// `vector` has `n` elements and must have been drawn after the accumulators were fixed.
///
/// # Panics
/// If a length does not fit the layer.
pub fn wrong_rows(layer: &ModelLayer, left: Left, accumulators: &[i32], vector: &[u64]) -> Vec<usize> {
    let (k, n, rows) = (layer.spec.k() as usize, layer.spec.n() as usize, left.rows());
    assert!(accumulators.len() == rows * n && vector.len() == n, "shapes");
    let weights = Wide::new(&weights_by(layer, vector));
    let biases = (0..n).fold(0, |sum, j| add(sum, mul(from_i64(layer.bias(j).into()), vector[j])));
    let vector = Narrow::new(vector);

    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    let threads = threads.min(rows * (k + n) / ELEMENTS_PER_THREAD).max(1);
    let band = rows.div_ceil(threads);
    let mut passed = vec![false; rows];
    std::thread::scope(|scope| {
        let bands = accumulators.chunks(band * n).zip(passed.chunks_mut(band)).enumerate();
        for (index, (accumulators, passed)) in bands {
            let (weights, vector) = (&weights, &vector);
            let run = move || {
                let mut scratch = Vec::new();
                for (i, (accumulators, passed)) in accumulators.chunks_exact(n).zip(passed).enumerate() {
                    let row = index * band + i;
                    let product = add(input_by(left.block(row, row + 1, &mut scratch), weights), biases);
                    *passed = product == accumulators_by(accumulators, vector);
                }
            };
            if threads == 1 { run() } else { drop(scope.spawn(run)) }
        }
    });
    (0..rows).filter(|&row| !passed[row]).collect()
}

/// Compiles a loop twice, plainly and with AVX2, and calls the one that the processor can run. The loops are plain Rust:
/// AVX2 gives the compiler the 32 x 32 to 64-bit multiplication on four lanes.
macro_rules! vectorised {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        fn $name($($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            fn plain($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($arg: $type),*) $(-> $out)? {
                plain($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                return unsafe { avx2($($arg),*) };
            }
            plain($($arg),*)
        }
    };
}

/// `sum + x * y`. Overflow is excluded by the limbs' sizes; a check for it would keep the loops from being vectorised.
#[inline(always)]
fn add_product(sum: i64, x: i64, y: i64) -> i64 {
    sum.wrapping_add(x.wrapping_mul(y))
}

vectorised! {
    /// `W r`: one element to each row of the weight matrix.
    fn weights_by(layer: &ModelLayer, vector: &[u64]) -> Vec<u64> {
        let k = layer.spec.k() as usize;
        let Limbs([low, high]) = Wide::new(vector);
        let (mut sums_low, mut sums_high) = (vec![0i64; k], vec![0i64; k]);
        for j in 0..vector.len() {
            let (low, high) = (i64::from(low[j]), i64::from(high[j]));
            for ((sum_low, sum_high), &weight) in sums_low.iter_mut().zip(&mut sums_high).zip(layer.column(j)) {
                let weight = i64::from(weight as i8);
                *sum_low = add_product(*sum_low, weight, low);
                *sum_high = add_product(*sum_high, weight, high);
            }
        }
        sums_low.into_iter().zip(sums_high).map(|(low, high)| Wide::join([low, high])).collect()
    }
}

vectorised! {
    /// A row of i8 by a vector.
    fn input_by(row: &[u8], limbs: &Wide) -> u64 {
        let [low, high] = &limbs.0;
        let mut sums = [0i64; 2];
        for ((&x, &low), &high) in row.iter().zip(low).zip(high) {
            let x = i64::from(x as i8);
            sums[0] = add_product(sums[0], x, low.into());
            sums[1] = add_product(sums[1], x, high.into());
        }
        Wide::join(sums)
    }
}

vectorised! {
    /// A row of i32 by a vector.
    fn accumulators_by(row: &[i32], limbs: &Narrow) -> u64 {
        let [low, middle, high] = &limbs.0;
        let chunks = row.chunks(CHUNK).zip(low.chunks(CHUNK)).zip(middle.chunks(CHUNK)).zip(high.chunks(CHUNK));
        let mut total = 0;
        for (((row, low), middle), high) in chunks {
            let mut sums = [0i64; 3];
            for (((&x, &low), &middle), &high) in row.iter().zip(low).zip(middle).zip(high) {
                let x = i64::from(x);
                sums[0] = add_product(sums[0], x, low.into());
                sums[1] = add_product(sums[1], x, middle.into());
                sums[2] = add_product(sums[2], x, high.into());
            }
            total = add(total, Narrow::join(sums));
        }
        total
    }
}
