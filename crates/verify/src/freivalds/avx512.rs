//! The test's products with AVX-512 VNNI.
//!
//! An element is eight bytes: `x * r` for an i8 `x` is the sum of `x * r_l * 2^(8 l)`, and `vpdpbusd` sums four such
//! products of i8 by u8 in an instruction, as in the product that is tested, but for eight columns instead of `n`.
//! Accumulators are 32 bits wide; they meet three limbs of 21 bits with `vpmuldq`, as in the plain version.
#![allow(clippy::needless_range_loop, reason = "registers are told apart by row and byte")]

use super::{CHUNK, Narrow};
use crate::field::{add, from_i64, mul};
use compute::threads::share;
use model::ModelLayer;
use std::arch::x86_64::*;

/// Longest sum of products of i8 by u8 that fits an i32: 65,536 * 128 * 255 is below 2^31.
pub(super) const LONGEST: usize = 1 << 16;
/// Bytes of an element.
const BYTES: usize = 8;
/// Columns of weights taken together, so that partial sums are loaded and stored once for all of them.
const COLUMNS: usize = 64;
/// Rows of weights that a thread sums at once.
const DEPTH: usize = 512;
/// Accumulators of a row summed before reduction: a lane takes two products from 16 columns.
const WIDTH: usize = 8 * CHUNK;

/// `W r` and `r`, as the loops want them.
pub(super) struct Vectors {
    k: usize,
    n: usize,
    /// Byte `l` of `W r` for all `k`, then byte `l + 1`; each padded with zeros to whole registers.
    bytes: [Vec<u8>; BYTES],
    /// `r`, padded with zeros to whole registers.
    limbs: Narrow,
}

/// The element that sums of products with each byte stand for.
fn join(sums: [i32; BYTES]) -> u64 {
    let half = |sums: &[i32]| sums.iter().rev().fold(0i64, |high, &sum| (high << 8) + i64::from(sum));
    let (low, high) = sums.split_at(BYTES / 2);
    add(mul(from_i64(half(high)), 1 << 32), from_i64(half(low)))
}

/// The lanes that are left, of a register of 64.
fn mask(left: usize) -> u64 {
    if left >= 64 { u64::MAX } else { (1 << left) - 1 }
}

impl Vectors {
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn new(layer: &ModelLayer, vector: &[u64], threads: usize) -> Self {
        let (k, n) = (layer.spec.k() as usize, vector.len());
        // Four elements at a time: byte l of each in one word.
        let word = |four: &[u64], l: usize| {
            four.iter().rev().fold(0, |word, element| word << 8 | u32::from(element.to_le_bytes()[l]))
        };
        let groups: Vec<[u32; BYTES]> = vector.chunks(4).map(|four| std::array::from_fn(|l| word(four, l))).collect();
        // Past the last column the vector is zero: any column will do.
        let columns: Vec<&[u8]> = (0..n.next_multiple_of(4)).map(|j| layer.column(j.min(n - 1))).collect();
        let mut product = vec![0u64; k];
        share(threads, product.chunks_mut(DEPTH).enumerate(), |sums: &mut Vec<i32>, (index, product)| {
            weights_by(&columns, &groups, index * DEPTH, product, sums)
        });
        let bytes = std::array::from_fn(|l| {
            let mut bytes: Vec<u8> = product.iter().map(|element| element.to_le_bytes()[l]).collect();
            bytes.resize(k.next_multiple_of(64), 0);
            bytes
        });
        let mut limbs = Narrow::new(vector);
        limbs.0.iter_mut().for_each(|limb| limb.resize(n.next_multiple_of(16), 0));
        Vectors { k, n, bytes, limbs }
    }

    /// As [`super::Test::rows`], which has checked the lengths.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn rows(&self, left: &[u8], sums: &[i32], biases: u64, right: &mut [bool]) {
        let mut row = 0;
        while row < right.len() {
            let (left, sums, right) = (&left[row * self.k..], &sums[row * self.n..], &mut right[row..]);
            row += if right.len() >= 3 {
                self.some_rows::<3>(left, sums, biases, right)
            } else {
                self.some_rows::<1>(left, sums, biases, right)
            };
        }
    }

    /// The first `ROWS` rows. Returns `ROWS`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn some_rows<const ROWS: usize>(&self, left: &[u8], sums: &[i32], biases: u64, right: &mut [bool]) -> usize {
        let products = self.inputs_by::<ROWS>(std::array::from_fn(|r| &left[r * self.k..][..self.k]));
        let sums = self.accumulators_by::<ROWS>(std::array::from_fn(|r| &sums[r * self.n..][..self.n]));
        for r in 0..ROWS {
            right[r] = add(products[r], biases) == sums[r];
        }
        ROWS
    }

    /// Rows of i8 by `W r`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn inputs_by<const ROWS: usize>(&self, rows: [&[u8]; ROWS]) -> [u64; ROWS] {
        let mut sums = [[_mm512_setzero_si512(); BYTES]; ROWS];
        for at in (0..self.k).step_by(64) {
            let mask = mask(self.k - at);
            let mut inputs = [_mm512_setzero_si512(); ROWS];
            for (input, row) in inputs.iter_mut().zip(&rows) {
                // SAFETY: the mask keeps the load inside the row.
                *input = unsafe { _mm512_maskz_loadu_epi8(mask, row.as_ptr().add(at).cast()) };
            }
            for l in 0..BYTES {
                // SAFETY: the vector's bytes are padded to whole registers.
                let bytes = unsafe { _mm512_loadu_si512(self.bytes[l].as_ptr().add(at).cast()) };
                for r in 0..ROWS {
                    sums[r][l] = _mm512_dpbusd_epi32(sums[r][l], bytes, inputs[r]);
                }
            }
        }
        let mut products = [0; ROWS];
        for (product, sums) in products.iter_mut().zip(&sums) {
            let mut cells = [0; BYTES];
            for (cell, sum) in cells.iter_mut().zip(sums) {
                *cell = _mm512_reduce_add_epi32(*sum);
            }
            *product = join(cells);
        }
        products
    }

    /// Rows of i32 by `r`.
    #[target_feature(enable = "avx512f")]
    fn accumulators_by<const ROWS: usize>(&self, rows: [&[i32]; ROWS]) -> [u64; ROWS] {
        let mut totals = [0; ROWS];
        for from in (0..self.n).step_by(WIDTH) {
            let to = (from + WIDTH).min(self.n);
            let mut sums = [[_mm512_setzero_si512(); 3]; ROWS];
            for at in (from..to).step_by(16) {
                let mask = mask(to - at) as u16;
                let mut cells = [_mm512_setzero_si512(); ROWS];
                for (cells, row) in cells.iter_mut().zip(&rows) {
                    // SAFETY: the mask keeps the load inside the row.
                    *cells = unsafe { _mm512_maskz_loadu_epi32(mask, row.as_ptr().add(at)) };
                }
                for l in 0..3 {
                    // SAFETY: the vector's limbs are padded to whole registers.
                    let limbs = unsafe { _mm512_loadu_si512(self.limbs.0[l].as_ptr().add(at).cast()) };
                    // `vpmuldq` takes the even cells; the shift brings the odd ones there.
                    let odd = _mm512_srli_epi64::<32>(limbs);
                    for r in 0..ROWS {
                        let even_products = _mm512_mul_epi32(cells[r], limbs);
                        let odd_products = _mm512_mul_epi32(_mm512_srli_epi64::<32>(cells[r]), odd);
                        sums[r][l] = _mm512_add_epi64(sums[r][l], _mm512_add_epi64(even_products, odd_products));
                    }
                }
            }
            for (total, sums) in totals.iter_mut().zip(sums) {
                let mut cells = [[0i64; 8]; 3];
                for (cells, lanes) in cells.iter_mut().zip(sums) {
                    // SAFETY: a register is 8 cells.
                    unsafe { _mm512_storeu_si512(cells.as_mut_ptr().cast(), lanes) };
                }
                // Lanes hold up to 63 bits: each is reduced by itself.
                let lanes = (0..8).map(|i| Narrow::join(cells.map(|cells| cells[i])));
                *total = lanes.fold(*total, add);
            }
        }
        totals
    }
}

/// `W r` for the rows of weights from `from` on, as many as `product` takes. `sums` is scratch space.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn weights_by(columns: &[&[u8]], groups: &[[u32; BYTES]], from: usize, product: &mut [u64], sums: &mut Vec<i32>) {
    let part = 64 * BYTES;
    sums.clear();
    sums.resize(product.len().div_ceil(64) * part, 0);
    for (columns, groups) in columns.chunks(COLUMNS).zip(groups.chunks(COLUMNS / 4)) {
        for (block, sums) in sums.chunks_exact_mut(part).enumerate() {
            let at = from + 64 * block;
            let mask = mask(product.len() - 64 * block);
            for (half, sums) in sums.chunks_exact_mut(part / 2).enumerate() {
                // The half's 16 registers: two of weights by eight bytes.
                let registers = sums.as_chunks_mut::<16>().0;
                let mut lanes = [[_mm512_setzero_si512(); BYTES]; 2];
                for (lane, cells) in lanes.as_flattened_mut().iter_mut().zip(registers.iter()) {
                    // SAFETY: 16 cells are a register.
                    *lane = unsafe { _mm512_loadu_si512(cells.as_ptr().cast()) };
                }
                for ([a, b, c, d], group) in columns.as_chunks::<4>().0.iter().zip(groups) {
                    let (a, b, c, d) = (&a[at..], &b[at..], &c[at..], &d[at..]);
                    if half == 0 {
                        // Each column is a stream of its own, too many for the processor to see.
                        for column in [a, b, c, d] {
                            _mm_prefetch::<_MM_HINT_T0>(column.as_ptr().wrapping_add(192).cast());
                        }
                    }
                    // SAFETY: the mask keeps the loads inside the columns.
                    let (a, b, c, d) = unsafe {
                        (
                            _mm512_maskz_loadu_epi8(mask, a.as_ptr().cast()),
                            _mm512_maskz_loadu_epi8(mask, b.as_ptr().cast()),
                            _mm512_maskz_loadu_epi8(mask, c.as_ptr().cast()),
                            _mm512_maskz_loadu_epi8(mask, d.as_ptr().cast()),
                        )
                    };
                    let (ab, cd) = if half == 0 {
                        (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d))
                    } else {
                        (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d))
                    };
                    // Four columns' weights side by side, for 16 rows in each register.
                    let weights = [_mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd)];
                    for l in 0..BYTES {
                        let bytes = _mm512_set1_epi32(group[l] as i32);
                        for q in 0..2 {
                            lanes[q][l] = _mm512_dpbusd_epi32(lanes[q][l], bytes, weights[q]);
                        }
                    }
                }
                for (lane, cells) in lanes.as_flattened().iter().zip(registers) {
                    // SAFETY: 16 cells are a register.
                    unsafe { _mm512_storeu_si512(cells.as_mut_ptr().cast(), *lane) };
                }
            }
        }
    }
    for (i, product) in product.iter_mut().enumerate() {
        // Unpacking works within 16 rows: four of them to each of the four registers.
        let (part, i) = (&sums[i / 64 * part..][..part], i % 64);
        let (register, lane) = (i % 16 / 4, i / 16 * 4 + i % 4);
        *product = join(std::array::from_fn(|l| part[(register * BYTES + l) * 16 + lane]));
    }
}
