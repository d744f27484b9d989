//! How long the evidence about a cell can get, before anything is known but the layer table.
use crate::commitment::SEGMENT;
use crate::layer::{Layer, Op, Window};

/// Longest evidence, bytes: the input row and the weight column of the widest product, with every path that they can need.
pub const MAX_EVIDENCE: usize = 140_000;
/// Most segments of one source's row that a cell may depend on: those of the widest product. The chain keeps a list
/// of them in its heap.
pub const MAX_SEGMENTS: usize = 256;
/// Most rows in a batch of any model.
pub const MAX_ROWS: u32 = 1 << 20;

/// The largest batch, a power of two up to [`MAX_ROWS`], for which no cell's evidence can pass [`MAX_EVIDENCE`]. Zero if
/// even one row is too much.
pub fn max_rows(layers: &[Layer]) -> u32 {
    let depth = layers.iter().map(|layer| {
        let (fixed, paths) = layer.evidence_bound(layers.len())?;
        Some(MAX_EVIDENCE.checked_sub(fixed)? / (32 * paths))
    });
    let least = depth.min().flatten();
    least.map_or(0, |depth| 1 << depth.min(MAX_ROWS.ilog2() as usize))
}

/// Longest evidence about any cell of a batch of so many rows, bytes.
pub fn longest_evidence(layers: &[Layer], rows: u32) -> usize {
    let depth = depth(rows as usize);
    let of = |layer: &Layer| match layer.evidence_bound(layers.len()) {
        Some((fixed, paths)) => fixed + 32 * paths * depth,
        None => MAX_EVIDENCE,
    };
    layers.iter().map(of).max().unwrap_or(0)
}

/// Longest path to one of `count` leaves.
fn depth(count: usize) -> usize {
    count.next_power_of_two().ilog2() as usize
}

/// Most segments that `len` bytes can touch if they start at a multiple of `unit`, a power of two up to a segment's size,
/// and are a multiple of it.
fn touched(len: usize, unit: usize) -> usize {
    let (len, segment) = (len / unit, SEGMENT / unit);
    (len + 2 * segment - 2) / segment
}

impl Layer {
    /// An upper bound of the evidence without paths of rows, in bytes, and how many of those there are. `None` if a cell may
    /// depend on more than [`MAX_SEGMENTS`].
    pub(crate) fn evidence_bound(&self, layers: usize) -> Option<(usize, usize)> {
        let sources = self.sources().count();
        let row = self.input.elements();
        let (bytes, siblings) = match &self.op {
            Op::Gemm { .. } => (row, 0),
            Op::Add { .. } | Op::Lookup => (row.min(SEGMENT), depth(row.div_ceil(SEGMENT))),
            Op::Conv { window, .. } => self.window_bound(window, false),
            Op::MaxPool { window } | Op::AveragePool { window } => self.window_bound(window, true),
        };
        if bytes > MAX_SEGMENTS * SEGMENT {
            return None;
        }
        let layer_path = 32 * depth(layers);
        let input = sources * (bytes + 32 * siblings + layer_path);
        let weights = self.column_bytes() as usize + 32 * depth(self.weight_rows() as usize);
        let output = self.out_row_bytes() as usize;
        let output = output.min(SEGMENT) + 32 * depth(output.div_ceil(SEGMENT)) + layer_path;
        Some((input + weights + output, sources + 1))
    }

    /// Most bytes of segments and most siblings in the row's tree for any place of a window.
    fn window_bound(&self, window: &Window, one_channel: bool) -> (usize, usize) {
        let [height, width] = window.kernel.map(usize::from);
        let channels = usize::from(self.input.channels);
        let row = self.input.elements();
        let all = row.div_ceil(SEGMENT);
        // Bytes from the first to the last of one line of the window, and of the whole window.
        let (line, unit) = if one_channel {
            ((width - 1) * channels + 1, 1)
        } else {
            (width * channels, 1 << channels.trailing_zeros().min(SEGMENT.ilog2()))
        };
        let span = (height - 1) * usize::from(self.input.width) * channels + line;
        let (mut per_line, mut groups) = (touched(line, unit), height);
        if one_channel && width < per_line {
            per_line = width;
        }
        if one_channel && channels > SEGMENT {
            groups = height * width;
        }
        let span = touched(span, unit).min(all);
        let segments = (height * per_line).min(span);
        // At each level, every group of known nodes lacks at most a sibling on either side.
        let mut siblings = 0;
        for level in 0..depth(all) {
            let nodes = all.div_ceil(1 << level);
            let span = ((span >> level) + 2).min(nodes);
            siblings += (2 * groups.min(span.div_ceil(2))).min(nodes - 1);
        }
        if segments == all {
            siblings = siblings.min(all - 1);
        }
        ((segments * SEGMENT).min(row), siblings)
    }
}
