//! AVX-512 VNNI: `vpdpbusd` adds four products of u8 by i8 to an i32 lane without saturating.
//!
//! The instruction wants one unsigned operand, so 128 is added to each input (one XOR) and `128 * sum(column)` is taken
//! off the bias beforehand. Both wrap at 32 bits, so the result is exact modulo 2^32.
use super::Kernel;
use crate::columns::Columns;
use std::arch::x86_64::*;

/// Columns in a panel: two registers of 16 lanes.
const PANEL: usize = 32;
/// Rows in the largest tile: 12 x 2 accumulators leave 8 of the 32 registers for operands.
const TILE: usize = 12;
const FLIP: u32 = 0x8080_8080;

/// Four consecutive weights of each of the panel's columns; the columns past the last are zero.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; PANEL]);

pub(super) struct Weights {
    n: usize,
    /// Lines to a panel: k / 4, rounded up.
    words: usize,
    lines: Vec<Line>,
    /// Per panel, what its accumulators start with.
    start: Vec<Line>,
}

impl Weights {
    pub(super) fn new(columns: Columns) -> Self {
        let words = columns.k.div_ceil(4);
        let panels = columns.n.div_ceil(PANEL);
        let mut lines = vec![Line([0; PANEL]); panels * words];
        let mut start = vec![Line([0; PANEL]); panels];
        for (j, (column, bias)) in columns.iter().enumerate() {
            let (panel, lane) = (j / PANEL, j % PANEL);
            for (line, part) in lines[panel * words..].iter_mut().zip(column.chunks(4)) {
                let mut word = [0u8; 4];
                word[..part.len()].copy_from_slice(part);
                line.0[lane] = u32::from_le_bytes(word);
            }
            let sum = column.iter().fold(0i32, |sum, &w| sum.wrapping_add(i32::from(w as i8)));
            start[panel].0[lane] = bias.wrapping_sub(sum.wrapping_mul(128)) as u32;
        }
        Weights { n: columns.n, words, lines, start }
    }

    /// `c = bias + input x weights` for the whole rows in `input`, each `k` long.
    pub(super) fn multiply(&self, k: usize, input: &[u8], c: &mut [i32]) {
        assert!(Kernel::Vnni.is_available());
        // SAFETY: the assertion above has found every feature that `multiply_words` is compiled for.
        unsafe { self.multiply_words(&flip(k, self.words, input), c) }
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn multiply_words(&self, input: &[u32], c: &mut [i32]) {
        let rows = input.len() / self.words;
        for panel in 0..self.start.len() {
            let mut row = 0;
            while row < rows {
                let (input, c) = (&input[row * self.words..], &mut c[row * self.n..]);
                row += match rows - row {
                    TILE.. => self.tile::<TILE>(panel, input, c),
                    4.. => self.tile::<4>(panel, input, c),
                    _ => self.tile::<1>(panel, input, c),
                };
            }
        }
    }

    /// The first `ROWS` rows of `input` by one panel. Returns `ROWS`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn tile<const ROWS: usize>(&self, panel: usize, input: &[u32], c: &mut [i32]) -> usize {
        let load = |line: &Line| {
            // SAFETY: a line is 128 bytes, aligned to 64.
            unsafe { (_mm512_load_si512(line.0.as_ptr().cast()), _mm512_load_si512(line.0[16..].as_ptr().cast())) }
        };
        let rows: [&[u32]; ROWS] = std::array::from_fn(|r| &input[r * self.words..][..self.words]);
        let mut sums = [load(&self.start[panel]); ROWS];
        for (w, line) in self.lines[panel * self.words..][..self.words].iter().enumerate() {
            let (low, high) = load(line);
            for (sum, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: `w` is below `self.words`, the length of every row.
                let x = _mm512_set1_epi32(unsafe { *row.get_unchecked(w) } as i32);
                *sum = (_mm512_dpbusd_epi32(sum.0, x, low), _mm512_dpbusd_epi32(sum.1, x, high));
            }
        }
        let column = panel * PANEL;
        let width = PANEL.min(self.n - column);
        for (r, sum) in sums.iter().enumerate() {
            let mut cells = [0i32; PANEL];
            // SAFETY: the two stores fill the 32 cells exactly.
            unsafe {
                _mm512_storeu_si512(cells.as_mut_ptr().cast(), sum.0);
                _mm512_storeu_si512(cells[16..].as_mut_ptr().cast(), sum.1);
            }
            c[r * self.n + column..][..width].copy_from_slice(&cells[..width]);
        }
        ROWS
    }
}

/// Rows of i8 as words of four u8, each 128 more; the padding meets zero weights.
fn flip(k: usize, words: usize, input: &[u8]) -> Vec<u32> {
    let mut out = Vec::with_capacity(input.len() / k * words);
    for row in input.chunks_exact(k) {
        let (whole, rest) = row.as_chunks::<4>();
        out.extend(whole.iter().map(|word| u32::from_le_bytes(*word) ^ FLIP));
        if !rest.is_empty() {
            let mut word = [0u8; 4];
            word[..rest.len()].copy_from_slice(rest);
            out.push(u32::from_le_bytes(word) ^ FLIP);
        }
    }
    out
}
