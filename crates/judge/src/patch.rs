//! Which bytes of its input row a cell depends on, as stretches that lie together.
use crate::commitment::SEGMENT;
use crate::evidence::MAX_SEGMENTS;
use crate::layer::{Layer, Op, Shape, Window};
use alloc::vec::Vec;

/// Bytes of an input row that lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where they start in the row.
    pub at: usize,
    pub len: usize,
    /// Which weight meets the first of them (in a pool: its place in the window). Weights between runs meet padding.
    pub weight: usize,
}

/// The runs of one cell, in ascending order.
#[derive(Clone, Debug)]
pub struct Runs {
    first: Run,
    /// Per direction: how many, bytes from one to the next, weights from one to the next.
    down: [usize; 3],
    right: [usize; 3],
    y: usize,
    x: usize,
}

impl Runs {
    fn one(at: usize, len: usize) -> Self {
        Runs { first: Run { at, len, weight: 0 }, down: [1, 0, 0], right: [1, 0, 0], y: 0, x: 0 }
    }
}

impl Iterator for Runs {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        if self.x == self.right[0] {
            (self.x, self.y) = (0, self.y + 1);
        }
        if self.y >= self.down[0] {
            return None;
        }
        let along = |i: usize| self.y * self.down[i] + self.x * self.right[i];
        let run = Run { at: self.first.at + along(1), len: self.first.len, weight: self.first.weight + along(2) };
        self.x += 1;
        Some(run)
    }
}

/// The part of a window that lies over `size` pixels when it starts `padding` before them and has moved by `offset`:
/// its first and last pixel plus one, and where the first one is in the image.
fn clip(offset: usize, padding: u8, kernel: u8, size: u16) -> (usize, usize, usize) {
    let (padding, kernel) = (usize::from(padding), usize::from(kernel));
    let first = padding.saturating_sub(offset);
    let last = (usize::from(size) + padding).saturating_sub(offset).min(kernel);
    (first, last, offset + first - padding)
}

impl Layer {
    /// What a cell depends on. The layer must have passed [`crate::check_layers`], and `column` must be below
    /// [`Layer::cells`].
    pub fn runs(&self, column: u32) -> Runs {
        let column = column as usize;
        match &self.op {
            Op::Gemm { .. } => Runs::one(0, self.input.elements()),
            Op::Add { .. } | Op::Lookup => Runs::one(column, 1),
            Op::Conv { window, n } => self.window_runs(window, column / usize::from(*n), None),
            Op::MaxPool { window } | Op::AveragePool { window } => {
                let channels = usize::from(self.input.channels);
                self.window_runs(window, column / channels, Some(column % channels))
            }
        }
    }

    /// The runs of a window at its `place`-th place: whole pixels beside each other, or one channel of each pixel.
    pub fn window_runs(&self, window: &Window, place: usize, channel: Option<usize>) -> Runs {
        let Shape { height, width, channels } = self.input;
        let (across, depth) = (usize::from(self.output().width), usize::from(channels));
        let (down, right) =
            (place / across * usize::from(window.stride[0]), place % across * usize::from(window.stride[1]));
        let (top, bottom, y) = clip(down, window.padding[0], window.kernel[0], height);
        let (left, end, x) = clip(right, window.padding[1], window.kernel[1], width);
        let (rows, columns) = (bottom.saturating_sub(top), end.saturating_sub(left));
        let (pixel, kernel_width) = (y * usize::from(width) + x, usize::from(window.kernel[1]));
        let first = top * kernel_width + left;
        let line = usize::from(width) * depth;
        let (first, down, right) = match channel {
            None => (
                Run { at: pixel * depth, len: columns * depth, weight: first * depth },
                [rows, line, kernel_width * depth],
                [1, 0, 0],
            ),
            Some(channel) => (
                Run { at: pixel * depth + channel, len: 1, weight: first },
                [rows, line, kernel_width],
                [columns, depth, 1],
            ),
        };
        Runs { first, down, right, y: 0, x: 0 }
    }

    /// The segments of an input row that a cell depends on, ascending.
    pub fn segments(&self, column: u32) -> Vec<u32> {
        // Room for all at once: what a program's heap has given away while growing, it does not take back.
        let mut segments = Vec::with_capacity(self.input.elements().div_ceil(SEGMENT).min(MAX_SEGMENTS));
        for run in self.runs(column) {
            for segment in run.at / SEGMENT..=(run.at + run.len - 1) / SEGMENT {
                if segments.last().is_none_or(|&last: &u32| (last as usize) < segment) {
                    segments.push(segment as u32);
                }
            }
        }
        segments
    }
}
