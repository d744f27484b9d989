//! Products cut in blocks that stay in caches, for any vector kernel.
//!
//! The weights are packed once, in panels of a few columns: for each step of a few `k`, what one vector load wants. The
//! left rows are packed block by block in tiles of a few rows, so that the kernel reads two streams and nothing else.
use crate::columns::Columns;
use crate::threads::share;
use std::marker::PhantomData;

/// Left rows packed at once. With [`DEPTH`] their tiles take 384 KiB: they stay in the second-level cache, and a weight
/// that is fetched from further away is used this often.
pub(super) const BLOCK_ROWS: usize = 192;
/// Bytes of `k` worked on at once: a panel of 32 columns takes 64 KiB, and is used for every tile of a block.
const DEPTH: usize = 2048;
/// Bytes of weights that pay for another thread while packing.
const PACK_BYTES_PER_THREAD: usize = 1 << 20;

/// The innermost loop: one instruction set.
pub(super) trait Micro {
    /// One step of `k` for every column of a panel. Columns and `k` past the last are zero.
    type Line: Copy + Send + Sync;
    const EMPTY: Self::Line;
    /// `k` in a step.
    const STEP: usize;
    /// Columns in a panel.
    const PANEL: usize;
    /// Rows in the largest tile.
    const TILE: usize;

    /// Writes a column's weights for one step, at most [`Micro::STEP`] of them.
    fn put(line: &mut Self::Line, lane: usize, weights: &[u8]);

    /// A row's input for one step, as the kernel wants it. What is past the row's end meets zero weights.
    fn word(input: &[u8]) -> u32;

    /// What a column's accumulators start with.
    fn start(bias: i32, weights: &[u8]) -> i32;

    /// `c = base + a x b` for one tile of rows and one panel, wrapping at 32 bits.
    ///
    /// # Safety
    /// The processor has the instructions; `a` and `b` are as long; `base` and `c` are [`Micro::PANEL`] cells in each of
    /// `ROWS` rows.
    unsafe fn tile<const ROWS: usize>(a: &[[u32; ROWS]], b: &[Self::Line], base: From, c: Into);
}

/// Where a tile's first column is read. Rows are `stride` cells apart.
#[derive(Clone, Copy)]
pub(super) struct From {
    pub at: *const i32,
    pub stride: usize,
}

/// Where it is written.
#[derive(Clone, Copy)]
pub(super) struct Into {
    pub at: *mut i32,
    pub stride: usize,
}

/// A weight matrix packed for a kernel, with its biases.
pub(super) struct Weights<M: Micro> {
    k: usize,
    n: usize,
    /// Lines to a panel.
    steps: usize,
    lines: Vec<M::Line>,
    /// What accumulators start with; panels are whole.
    start: Vec<i32>,
    kernel: PhantomData<M>,
}

/// The left rows of a block, packed.
#[derive(Default)]
pub(super) struct Scratch {
    words: Vec<u32>,
    /// A tile at the right edge, where there are fewer columns than the kernel writes.
    edge: Vec<i32>,
}

impl<M: Micro> Weights<M> {
    pub(super) fn new(columns: Columns, threads: usize) -> Self {
        let (k, n, steps) = (columns.k, columns.n, columns.k.div_ceil(M::STEP));
        let mut lines = vec![M::EMPTY; n.div_ceil(M::PANEL) * steps];
        let mut start = vec![0; n.next_multiple_of(M::PANEL)];
        let threads = threads.min(n * k / PACK_BYTES_PER_THREAD);
        let panels = lines.chunks_mut(steps).zip(start.chunks_mut(M::PANEL)).enumerate();
        share(threads, panels, |_: &mut (), (panel, (lines, start))| {
            let first = panel * M::PANEL;
            let columns: Vec<(&[u8], i32)> = (first..n.min(first + M::PANEL)).map(|j| columns.get(j)).collect();
            for (start, (weights, bias)) in start.iter_mut().zip(&columns) {
                *start = M::start(*bias, weights);
            }
            // A few steps at a time: what a column has there is one cache line, and so few lines stay in the cache while
            // they are filled column by column.
            for (some, lines) in lines.chunks_mut(64 / M::STEP).enumerate() {
                for (lane, (weights, _)) in columns.iter().enumerate() {
                    let weights = &weights[some * 64..];
                    if let Some(whole) = weights.first_chunk::<64>() {
                        // Lengths that the compiler knows.
                        for (line, step) in lines.iter_mut().zip(0..64 / M::STEP) {
                            M::put(line, lane, &whole[step * M::STEP..][..M::STEP]);
                        }
                    } else {
                        for (line, weights) in lines.iter_mut().zip(weights.chunks(M::STEP)) {
                            M::put(line, lane, weights);
                        }
                    }
                }
            }
        });
        Weights { k, n, steps, lines, start, kernel: PhantomData }
    }

    /// `c = bias + input x weights` for the whole rows in `input`.
    ///
    /// # Safety
    /// The processor has the kernel's instructions.
    pub(super) unsafe fn multiply(&self, input: &[u8], c: &mut [i32], scratch: &mut Scratch) {
        let rows = input.len() / self.k;
        assert!(input.len() == rows * self.k && c.len() == rows * self.n, "whole rows");
        let depth = DEPTH / M::STEP;
        for from in (0..self.steps).step_by(depth) {
            let to = (from + depth).min(self.steps);
            self.pack(input, rows, from..to, &mut scratch.words);
            for column in (0..self.n).step_by(M::PANEL) {
                let panel = &self.lines[column / M::PANEL * self.steps..][from..to];
                let start = (from == 0).then(|| &self.start[column..][..M::PANEL]);
                // SAFETY: as promised by the caller.
                unsafe { self.panel(panel, start, column, rows, c, scratch) };
            }
        }
    }

    /// All rows by one panel, on top of `start` or of what is there.
    ///
    /// # Safety
    /// The processor has the kernel's instructions.
    unsafe fn panel(
        &self,
        panel: &[M::Line],
        start: Option<&[i32]>,
        column: usize,
        rows: usize,
        c: &mut [i32],
        scratch: &mut Scratch,
    ) {
        let width = M::PANEL.min(self.n - column);
        let mut row = 0;
        while row < rows {
            let words = &scratch.words[row * panel.len()..];
            let cells = &mut c[row * self.n + column..];
            let tile = tile_rows(rows - row, M::TILE);
            if width == M::PANEL {
                // SAFETY: as promised by the caller.
                unsafe { run::<M>(tile, words, panel, start, cells, self.n) };
            } else {
                let edge = &mut scratch.edge;
                edge.clear();
                edge.resize(tile * M::PANEL, 0);
                for (edge, cells) in edge.chunks_exact_mut(M::PANEL).zip(cells.chunks(self.n)) {
                    edge[..width].copy_from_slice(&cells[..width]);
                }
                // SAFETY: as promised by the caller.
                unsafe { run::<M>(tile, words, panel, start, edge, M::PANEL) };
                for (edge, cells) in edge.chunks_exact(M::PANEL).zip(cells.chunks_mut(self.n)) {
                    cells[..width].copy_from_slice(&edge[..width]);
                }
            }
            row += tile;
        }
    }

    /// Packs some steps of all rows: tile by tile, step by step, one word for each of the tile's rows.
    fn pack(&self, input: &[u8], rows: usize, steps: std::ops::Range<usize>, words: &mut Vec<u32>) {
        words.clear();
        words.resize(rows * steps.len(), 0);
        let mut row = 0;
        while row < rows {
            let tile = tile_rows(rows - row, M::TILE);
            for r in 0..tile {
                let bytes = &input[(row + r) * self.k..][..self.k];
                let bytes = &bytes[steps.start * M::STEP..(steps.end * M::STEP).min(self.k)];
                let whole = bytes.len() / M::STEP;
                let out = &mut words[row * steps.len()..][..tile * steps.len()];
                for (step, word) in bytes.chunks_exact(M::STEP).zip(out[r..].iter_mut().step_by(tile)) {
                    *word = M::word(step);
                }
                if whole < steps.len() {
                    out[whole * tile + r] = M::word(&bytes[whole * M::STEP..]);
                }
            }
            row += tile;
        }
    }
}

/// Rows in the next tile when `rows` are left.
fn tile_rows(rows: usize, largest: usize) -> usize {
    match rows {
        _ if rows >= largest => largest,
        8.. => 8,
        6.. => 6,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// Runs the kernel that was compiled for this many rows.
///
/// # Safety
/// The processor has the kernel's instructions.
unsafe fn run<M: Micro>(
    rows: usize,
    words: &[u32],
    panel: &[M::Line],
    start: Option<&[i32]>,
    c: &mut [i32],
    stride: usize,
) {
    assert!(c.len() >= (rows - 1) * stride + M::PANEL, "the tile lies inside the matrix");
    let into = Into { at: c.as_mut_ptr(), stride };
    let base = match start {
        Some(start) => {
            assert!(start.len() >= M::PANEL, "the panel lies inside the matrix");
            From { at: start.as_ptr(), stride: 0 }
        }
        None => From { at: into.at, stride },
    };
    macro_rules! rows {
        ($($count:literal),*) => {
            match rows {
                $($count => {
                    let a = &words.as_chunks::<$count>().0[..panel.len()];
                    // SAFETY: the lengths were checked above; the rest is promised by the caller.
                    unsafe { M::tile::<$count>(a, panel, base, into) }
                })*
                _ => unreachable!("no kernel for {rows} rows"),
            }
        };
    }
    rows!(1, 2, 4, 6, 8, 12)
}
