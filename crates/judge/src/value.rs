//! The one definition of every layer's cells. The reference, the client's check and the chain's judge all call it.
use crate::commitment::SEGMENT;
use crate::dot::dot;
use crate::layer::{Layer, Op, Window};
use crate::patch::Runs;

/// An input row, or those of its segments that a cell depends on.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    bytes: &'a [u8],
    /// Which segments `bytes` holds, ascending; all if `None`.
    segments: Option<&'a [u32]>,
}

impl<'a> Row<'a> {
    pub fn whole(bytes: &'a [u8]) -> Self {
        Row { bytes, segments: None }
    }

    /// `bytes` are these segments one after another. All but the row's last have [`SEGMENT`] bytes.
    pub fn part(bytes: &'a [u8], segments: &'a [u32]) -> Self {
        Row { bytes, segments: Some(segments) }
    }

    /// Bytes that lie together in the row. Their segments then follow each other, and so do their bytes here.
    fn run(&self, at: usize, len: usize) -> &'a [u8] {
        let start = match self.segments {
            None => at,
            Some(segments) => {
                let before = segments.partition_point(|&known| (known as usize) < at / SEGMENT);
                before * SEGMENT + at % SEGMENT
            }
        };
        &self.bytes[start..start + len]
    }

    fn element(&self, at: usize) -> i32 {
        i32::from(self.run(at, 1)[0] as i8)
    }
}

impl Layer {
    /// The committed value of a cell: an i8, or an i32 where the layer gives its accumulators. `rows` are the input and,
    /// for an addition, the row that is added; `weights` is the committed row of weights or the lookup table.
    ///
    /// # Panics
    /// If the layer is not allowed in a table, or a row or the weights are not those that the cell needs.
    pub fn cell(&self, rows: [Row; 2], weights: &[u8], column: u32) -> i32 {
        match &self.op {
            Op::MaxPool { window } => self.greatest(window, rows[0], column),
            Op::Lookup => {
                let index = rows[0].run(column as usize, 1)[0];
                i32::from(weights[usize::from(index)] as i8)
            }
            _ => {
                let acc = self.accumulator(rows, weights, column);
                self.requant.map_or(acc, |requant| i32::from(requant.apply(acc)))
            }
        }
    }

    /// The cell before requantisation, with bias; zero for a layer without accumulators. As [`Layer::cell`].
    ///
    /// # Panics
    /// As [`Layer::cell`].
    pub fn accumulator(&self, rows: [Row; 2], weights: &[u8], column: u32) -> i32 {
        match &self.op {
            Op::Gemm { .. } => product(self.runs(column), 0, rows[0], weights),
            Op::Conv { window, .. } => product(self.runs(column), window.fill, rows[0], weights),
            Op::AveragePool { window } => self.sum(window, rows[0], column),
            Op::Add { multipliers, bias, .. } => {
                let [x, y] = rows.map(|row| row.element(column as usize));
                // Two products of at most 2^22: tables whose bias could make this overflow are refused.
                x * i32::from(multipliers[0]) + y * i32::from(multipliers[1]) + bias
            }
            Op::MaxPool { .. } | Op::Lookup => 0,
        }
    }

    fn sum(&self, window: &Window, row: Row, column: u32) -> i32 {
        let (mut sum, mut inside) = (0, 0);
        for run in self.runs(column) {
            sum += row.element(run.at);
            inside += 1;
        }
        sum + (window.area() - inside) as i32 * i32::from(window.fill)
    }

    fn greatest(&self, window: &Window, row: Row, column: u32) -> i32 {
        let (mut greatest, mut inside) = (i32::from(i8::MIN), 0);
        for run in self.runs(column) {
            greatest = greatest.max(row.element(run.at));
            inside += 1;
        }
        if inside < window.area() { greatest.max(window.fill.into()) } else { greatest }
    }
}

/// A column's product with what `runs` name, and with `fill` wherever they leave a gap, plus its bias.
fn product(runs: Runs, fill: i8, row: Row, column: &[u8]) -> i32 {
    let (weights, bias) = column.split_at(column.len() - 4);
    let mut sum = i32::from_le_bytes([bias[0], bias[1], bias[2], bias[3]]);
    let mut next = 0;
    for run in runs {
        sum = sum.wrapping_add(padding(fill, &weights[next..run.weight]));
        next = run.weight + run.len;
        sum = sum.wrapping_add(dot(row.run(run.at, run.len), &weights[run.weight..next]));
    }
    sum.wrapping_add(padding(fill, &weights[next..]))
}

fn padding(fill: i8, weights: &[u8]) -> i32 {
    if fill == 0 {
        return 0;
    }
    let sum = weights.iter().fold(0i32, |sum, &w| sum.wrapping_add(i32::from(w as i8)));
    sum.wrapping_mul(fill.into())
}
