//! AVX2: `vpmaddwd` on i16 pairs. `vpmaddubsw` would be denser, but it saturates at 16 bits: -128 * -128 * 2 does not
//! fit, so it gives wrong results on full-range i8.
use super::Kernel;
use crate::columns::Columns;
use std::arch::x86_64::*;

/// Columns in a panel: two registers of 8 lanes.
const PANEL: usize = 16;
/// Rows in the largest tile: 6 x 2 accumulators leave 4 of the 16 registers for operands.
const TILE: usize = 6;

/// Two consecutive weights of each of the panel's columns; the columns past the last are zero.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
struct Line([u8; 2 * PANEL]);

pub(super) struct Weights {
    n: usize,
    /// Lines to a panel: k / 2, rounded up.
    pairs: usize,
    lines: Vec<Line>,
    /// Per panel, its biases.
    start: Vec<[i32; PANEL]>,
}

impl Weights {
    pub(super) fn new(columns: Columns) -> Self {
        let pairs = columns.k.div_ceil(2);
        let panels = columns.n.div_ceil(PANEL);
        let mut lines = vec![Line([0; 2 * PANEL]); panels * pairs];
        let mut start = vec![[0; PANEL]; panels];
        for (j, (column, bias)) in columns.iter().enumerate() {
            let (panel, lane) = (j / PANEL, j % PANEL);
            for (line, pair) in lines[panel * pairs..].iter_mut().zip(column.chunks(2)) {
                line.0[2 * lane..][..pair.len()].copy_from_slice(pair);
            }
            start[panel][lane] = bias;
        }
        Weights { n: columns.n, pairs, lines, start }
    }

    /// `c = bias + input x weights` for the whole rows in `input`, each `k` long.
    pub(super) fn multiply(&self, k: usize, input: &[u8], c: &mut [i32]) {
        assert!(Kernel::Avx2.is_available());
        // SAFETY: the assertion above has found the feature that `multiply_pairs` is compiled for.
        unsafe { self.multiply_pairs(&widen(k, self.pairs, input), c) }
    }

    #[target_feature(enable = "avx2")]
    fn multiply_pairs(&self, input: &[i32], c: &mut [i32]) {
        let rows = input.len() / self.pairs;
        for panel in 0..self.start.len() {
            let mut row = 0;
            while row < rows {
                let (input, c) = (&input[row * self.pairs..], &mut c[row * self.n..]);
                row += match rows - row {
                    TILE.. => self.tile::<TILE>(panel, input, c),
                    2.. => self.tile::<2>(panel, input, c),
                    _ => self.tile::<1>(panel, input, c),
                };
            }
        }
    }

    /// The first `ROWS` rows of `input` by one panel. Returns `ROWS`.
    #[target_feature(enable = "avx2")]
    fn tile<const ROWS: usize>(&self, panel: usize, input: &[i32], c: &mut [i32]) -> usize {
        let load = |cells: &[i32]| {
            // SAFETY: both callers' slices hold at least 8 cells.
            unsafe { _mm256_loadu_si256(cells.as_ptr().cast()) }
        };
        let rows: [&[i32]; ROWS] = std::array::from_fn(|r| &input[r * self.pairs..][..self.pairs]);
        let bias = &self.start[panel];
        let mut sums = [(load(&bias[..8]), load(&bias[8..])); ROWS];
        for (p, line) in self.lines[panel * self.pairs..][..self.pairs].iter().enumerate() {
            // SAFETY: a line is 32 bytes, aligned to 32.
            let (low, high) =
                unsafe { (_mm_load_si128(line.0.as_ptr().cast()), _mm_load_si128(line.0[16..].as_ptr().cast())) };
            let (low, high) = (_mm256_cvtepi8_epi16(low), _mm256_cvtepi8_epi16(high));
            for (sum, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: `p` is below `self.pairs`, the length of every row.
                let x = _mm256_set1_epi32(unsafe { *row.get_unchecked(p) });
                sum.0 = _mm256_add_epi32(sum.0, _mm256_madd_epi16(x, low));
                sum.1 = _mm256_add_epi32(sum.1, _mm256_madd_epi16(x, high));
            }
        }
        let column = panel * PANEL;
        let width = PANEL.min(self.n - column);
        for (r, sum) in sums.iter().enumerate() {
            let mut cells = [0i32; PANEL];
            // SAFETY: the two stores fill the 16 cells exactly.
            unsafe {
                _mm256_storeu_si256(cells.as_mut_ptr().cast(), sum.0);
                _mm256_storeu_si256(cells[8..].as_mut_ptr().cast(), sum.1);
            }
            c[r * self.n + column..][..width].copy_from_slice(&cells[..width]);
        }
        ROWS
    }
}

/// Rows of i8 as pairs of i16, the first in the low half; the padding meets zero weights.
fn widen(k: usize, pairs: usize, input: &[u8]) -> Vec<i32> {
    let pair = |low: u8, high: u8| i32::from(low as i8) & 0xffff | i32::from(high as i8) << 16;
    let mut out = Vec::with_capacity(input.len() / k * pairs);
    for row in input.chunks_exact(k) {
        let (whole, rest) = row.as_chunks::<2>();
        out.extend(whole.iter().map(|&[low, high]| pair(low, high)));
        out.extend(rest.iter().map(|&low| pair(low, 0)));
    }
    out
}
