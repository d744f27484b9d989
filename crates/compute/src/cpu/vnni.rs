//! AVX-512 VNNI: `vpdpbusd` adds four products of u8 by i8 to an i32 lane without saturating.
//!
//! The instruction wants one unsigned operand, so 128 is added to each input (one XOR) and `128 * sum(column)` is taken
//! off the bias beforehand. Both wrap at 32 bits, so the result is exact modulo 2^32.
use super::blocked::{From, Into, Micro};
use std::arch::x86_64::*;

const FLIP: u32 = 0x8080_8080;

/// Four consecutive weights of each of 32 columns: two registers of 16 lanes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line([u32; 32]);

pub(super) struct Vnni;

impl Micro for Vnni {
    type Line = Line;
    const EMPTY: Line = Line([0; 32]);
    const STEP: usize = 4;
    const PANEL: usize = 32;
    /// 12 x 2 accumulators leave 8 of the 32 registers for operands.
    const TILE: usize = 12;

    #[inline(always)]
    fn put(line: &mut Line, lane: usize, weights: &[u8]) {
        line.0[lane] = word(weights);
    }

    #[inline(always)]
    fn word(input: &[u8]) -> u32 {
        word(input) ^ FLIP
    }

    fn start(bias: i32, weights: &[u8]) -> i32 {
        let sum = weights.iter().fold(0i32, |sum, &w| sum.wrapping_add(i32::from(w as i8)));
        bias.wrapping_sub(sum.wrapping_mul(128))
    }

    #[inline]
    unsafe fn tile<const ROWS: usize>(a: &[[u32; ROWS]], b: &[Line], base: From, c: Into) {
        // SAFETY: as promised by the caller.
        unsafe { tile(a, b, base, c) }
    }
}

#[inline(always)]
fn word(bytes: &[u8]) -> u32 {
    match bytes.first_chunk::<4>() {
        Some(word) => u32::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)),
    }
}

/// # Safety
/// As [`Micro::tile`].
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn tile<const ROWS: usize>(a: &[[u32; ROWS]], b: &[Line], base: From, c: Into) {
    for r in 0..ROWS {
        // SAFETY: 32 cells from here on are inside the matrix. They are wanted at the end.
        unsafe {
            let row = base.at.add(r * base.stride).cast();
            _mm_prefetch::<_MM_HINT_T0>(row);
            _mm_prefetch::<_MM_HINT_T0>(row.add(64));
        }
    }
    let mut sums = [(_mm512_setzero_si512(), _mm512_setzero_si512()); ROWS];
    for (inputs, line) in a.iter().zip(b) {
        // SAFETY: a line is 128 bytes, aligned to 64.
        let (low, high) =
            unsafe { (_mm512_load_si512(line.0.as_ptr().cast()), _mm512_load_si512(line.0.as_ptr().add(16).cast())) };
        for (sum, &input) in sums.iter_mut().zip(inputs) {
            let x = _mm512_set1_epi32(input as i32);
            *sum = (_mm512_dpbusd_epi32(sum.0, x, low), _mm512_dpbusd_epi32(sum.1, x, high));
        }
    }
    for (r, sum) in sums.iter().enumerate() {
        // SAFETY: as above.
        unsafe {
            let (base, c) = (base.at.add(r * base.stride), c.at.add(r * c.stride));
            let (low, high) = (_mm512_loadu_si512(base.cast()), _mm512_loadu_si512(base.add(16).cast()));
            _mm512_storeu_si512(c.cast(), _mm512_add_epi32(low, sum.0));
            _mm512_storeu_si512(c.add(16).cast(), _mm512_add_epi32(high, sum.1));
        }
    }
}
