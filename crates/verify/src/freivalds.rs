//! Freivalds' test: whether `C = A W + bias`, in the time of three products of a matrix by a vector.
//!
//! With a vector `r` drawn after `C` was fixed, `C r` is compared with `A (W r) + bias r`, row by row and modulo
//! 2^61 - 1. A row of `C` with any wrong accumulator passes with probability 2^-61. The test is about integers: an
//! accumulator that has wrapped at 32 bits counts as wrong, which cannot happen in a model that was loaded.
#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::field::{P, add, from_i64, mul};
use compute::Left;
use compute::threads::{available, share};
use model::ModelLayer;
use std::sync::{Mutex, PoisonError};

/// Elements that pay for a thread: about 0.3 ms.
const ELEMENTS_PER_THREAD: usize = 1 << 20;
/// Accumulators summed before reduction: 2^31 * 2^21 * 2^10 stays below 2^63.
const CHUNK: usize = 1 << 10;
/// Rows of the product that a thread tests at once.
const BLOCK_ROWS: usize = 32;

/// How the products with the vector are computed. All give the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// AVX-512 VNNI: elements as eight bytes, so that products with i8 are int8 dot products.
    Vnni,
    /// Plain Rust over limbs, compiled with AVX2 where there is it.
    Limbs,
}

impl Kernel {
    /// Those that this processor can run, fastest first.
    pub fn available() -> Vec<Kernel> {
        [Kernel::Vnni, Kernel::Limbs].into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => compute::Kernel::Vnni.is_available() && is_x86_feature_detected!("avx512bw"),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Vnni => false,
            Kernel::Limbs => true,
        }
    }
}

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

/// A layer's product test with one vector: its weights are already multiplied by it.
pub(crate) struct Test {
    k: usize,
    n: usize,
    /// `bias r`.
    biases: u64,
    by: By,
}

/// The vectors that rows are multiplied by: `W r` for inputs, `r` for accumulators.
enum By {
    #[cfg(target_arch = "x86_64")]
    Vnni(avx512::Vectors),
    Limbs(Wide, Narrow),
}

impl Test {
    /// # Panics
    /// If the vector does not have `n` elements, or the processor lacks the instructions.
    pub(crate) fn new(kernel: Kernel, layer: &ModelLayer, vector: &[u64]) -> Self {
        let (k, n) = (layer.spec.k() as usize, layer.spec.n() as usize);
        assert!(vector.len() == n, "{} elements for {n} columns", vector.len());
        assert!(kernel.is_available(), "{kernel:?} on a processor without it");
        let biases = (0..n).fold(0, |sum, j| add(sum, mul(from_i64(layer.bias(j).into()), vector[j])));
        let by = match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni if k.max(n) <= avx512::LONGEST => {
                let threads = available().min(k * n / ELEMENTS_PER_THREAD);
                // SAFETY: the instructions were found above.
                By::Vnni(unsafe { avx512::Vectors::new(layer, vector, threads) })
            }
            _ => By::Limbs(Wide::new(&weights_by(layer, vector)), Narrow::new(vector)),
        };
        Test { k, n, biases, by }
    }

    /// Whether each row of `sums` is the row of `left` times the weights plus the biases.
    ///
    /// # Panics
    /// If the rows are not as many or not whole.
    pub(crate) fn rows(&self, left: &[u8], sums: &[i32], right: &mut [bool]) {
        assert!(left.len() == right.len() * self.k && sums.len() == right.len() * self.n, "whole rows");
        match &self.by {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` has found the instructions.
            By::Vnni(vectors) => unsafe { vectors.rows(left, sums, self.biases, right) },
            By::Limbs(weights, vector) => {
                let rows = left.chunks_exact(self.k).zip(sums.chunks_exact(self.n));
                for (right, (left, sums)) in right.iter_mut().zip(rows) {
                    *right = add(input_by(left, weights), self.biases) == accumulators_by(sums, vector);
                }
            }
        }
    }
}

/// What [`each_block`] tells about some rows of the product.
pub(crate) struct Block<'a> {
    /// The first row's number.
    pub first: usize,
    pub sums: &'a [i32],
    /// For each row, whether its sums are right.
    pub right: &'a [bool],
}

/// Tests all rows in blocks, on all threads, and calls `seen` with each block while its sums are still in the cache.
pub(crate) fn each_block(test: &Test, left: Left, sums: &[i32], seen: impl Fn(Block) + Sync) {
    let (rows, n) = (left.rows(), test.n);
    assert!(sums.len() == rows * n, "{} accumulators for {rows} rows of {n}", sums.len());
    let threads = available().min(rows * (test.k + n) / ELEMENTS_PER_THREAD);
    share(threads, sums.chunks(BLOCK_ROWS * n).enumerate(), |scratch: &mut Vec<u8>, (index, sums)| {
        let (first, count) = (index * BLOCK_ROWS, sums.len() / n);
        let mut right = [false; BLOCK_ROWS];
        test.rows(left.block(first, first + count, scratch), sums, &mut right[..count]);
        seen(Block { first, sums, right: &right[..count] });
    });
}

/// The rows of `accumulators` (`[rows, n]`) that are not `left` (`[rows, k]`) times the layer's weights plus its biases.
/// `vector` has `n` elements and must have been drawn after the accumulators were fixed.
///
/// # Panics
/// If a length does not fit the layer.
pub fn wrong_rows(layer: &ModelLayer, left: Left, accumulators: &[i32], vector: &[u64]) -> Vec<usize> {
    wrong_rows_by(Kernel::available()[0], layer, left, accumulators, vector)
}

/// [`wrong_rows`] by a given kernel.
///
/// # Panics
/// As [`wrong_rows`], and if the processor lacks the kernel's instructions.
pub fn wrong_rows_by(
    kernel: Kernel,
    layer: &ModelLayer,
    left: Left,
    accumulators: &[i32],
    vector: &[u64],
) -> Vec<usize> {
    let found = Mutex::new(Vec::new());
    each_block(&Test::new(kernel, layer, vector), left, accumulators, |block| {
        let wrong = block.right.iter().enumerate().filter(|(_, right)| !**right).map(|(i, _)| block.first + i);
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(wrong);
    });
    let mut wrong = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    wrong.sort_unstable();
    wrong
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
