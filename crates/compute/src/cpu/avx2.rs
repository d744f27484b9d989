//! AVX2: `vpmaddwd` on i16 pairs. `vpmaddubsw` would be denser, but it saturates at 16 bits: -128 * -128 * 2 does not
//! fit, so it gives wrong results on full-range i8.
use super::blocked::{From, Into, Micro};
use std::arch::x86_64::*;

/// Two consecutive weights of each of 16 columns: two registers of 8 lanes, once widened to i16.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Line([u8; 32]);

pub(super) struct Avx2;

impl Micro for Avx2 {
    type Line = Line;
    const EMPTY: Line = Line([0; 32]);
    const STEP: usize = 2;
    const PANEL: usize = 16;
    /// 6 x 2 accumulators leave 4 of the 16 registers for operands.
    const TILE: usize = 6;

    #[inline(always)]
    fn put(line: &mut Line, lane: usize, weights: &[u8]) {
        line.0[2 * lane..][..weights.len()].copy_from_slice(weights);
    }

    /// A pair of i16, the first in the low half.
    #[inline(always)]
    fn word(input: &[u8]) -> u32 {
        let wide = |at: usize| input.get(at).map_or(0, |&x| i32::from(x as i8));
        (wide(0) & 0xffff | wide(1) << 16) as u32
    }

    fn start(bias: i32, _: &[u8]) -> i32 {
        bias
    }

    #[inline]
    unsafe fn tile<const ROWS: usize>(a: &[[u32; ROWS]], b: &[Line], base: From, c: Into) {
        // SAFETY: as promised by the caller.
        unsafe { tile(a, b, base, c) }
    }
}

/// # Safety
/// As [`Micro::tile`].
#[target_feature(enable = "avx2")]
unsafe fn tile<const ROWS: usize>(a: &[[u32; ROWS]], b: &[Line], base: From, c: Into) {
    for r in 0..ROWS {
        // SAFETY: 16 cells from here on are inside the matrix. They are wanted at the end.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(base.at.add(r * base.stride).cast()) };
    }
    let mut sums = [(_mm256_setzero_si256(), _mm256_setzero_si256()); ROWS];
    for (inputs, line) in a.iter().zip(b) {
        // SAFETY: a line is 32 bytes, aligned to 32.
        let (low, high) =
            unsafe { (_mm_load_si128(line.0.as_ptr().cast()), _mm_load_si128(line.0.as_ptr().add(16).cast())) };
        let (low, high) = (_mm256_cvtepi8_epi16(low), _mm256_cvtepi8_epi16(high));
        for (sum, &input) in sums.iter_mut().zip(inputs) {
            let x = _mm256_set1_epi32(input as i32);
            sum.0 = _mm256_add_epi32(sum.0, _mm256_madd_epi16(x, low));
            sum.1 = _mm256_add_epi32(sum.1, _mm256_madd_epi16(x, high));
        }
    }
    for (r, sum) in sums.iter().enumerate() {
        // SAFETY: as above.
        unsafe {
            let (base, c) = (base.at.add(r * base.stride), c.at.add(r * c.stride));
            let (low, high) = (_mm256_loadu_si256(base.cast()), _mm256_loadu_si256(base.add(8).cast()));
            _mm256_storeu_si256(c.cast(), _mm256_add_epi32(low, sum.0));
            _mm256_storeu_si256(c.add(8).cast(), _mm256_add_epi32(high, sum.1));
        }
    }
}
