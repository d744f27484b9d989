//! What the file computes, as ONNX defines it: exact sums, then one rounding half to even in FLOAT.
use super::value::{Affine, quantise};
use judge::{Layer, Op};

/// One layer of a rewritten model as the file has it.
#[derive(Clone, Debug)]
pub struct FileLayer {
    pub(super) spec: Layer,
    pub(super) rule: FileRule,
}

#[derive(Clone, Debug)]
pub(super) enum FileRule {
    /// The layer's own bits: a maximum or a lookup.
    Same(Vec<u8>),
    Product {
        input: i32,
        columns: Vec<i16>,
        bias: Vec<i64>,
        multipliers: Vec<f32>,
        output: Option<(i32, i8, i8)>,
    },
    Sum {
        inputs: [Affine; 2],
        output: Affine,
        lo: i8,
        hi: i8,
    },
    /// Of what is inside the image and the padding, which is zero.
    Average {
        input: Affine,
        output: Affine,
        lo: i8,
        hi: i8,
    },
}

impl FileLayer {
    /// The layer whose input it reads.
    pub fn spec(&self) -> &Layer {
        &self.spec
    }

    /// The layer's output over `rows` rows: i8, or the accumulators' i32 where it gives those.
    pub fn run(&self, inputs: &[&[u8]; 2], rows: usize) -> Vec<i32> {
        let (width, cells) = (self.spec.in_row_bytes() as usize, self.spec.cells());
        let row = |matrix: &'_ [u8], r: usize| matrix[r * width..][..width].to_vec();
        let mut out = Vec::with_capacity(rows * cells as usize);
        for r in 0..rows {
            let rows = [row(inputs[0], r), row(inputs[1], r)];
            out.extend((0..cells).map(|column| self.cell(&rows, column)));
        }
        out
    }

    fn cell(&self, rows: &[Vec<u8>; 2], cell: u32) -> i32 {
        let at = |row: &[u8], at: usize| i32::from(row[at] as i8);
        match &self.rule {
            FileRule::Same(table) if self.spec.op == Op::Lookup => {
                i32::from(table[usize::from(rows[0][cell as usize])] as i8)
            }
            FileRule::Same(_) => self.spec.cell([judge::Row::whole(&rows[0]); 2], &[], cell),
            FileRule::Product { input, columns, bias, multipliers, output } => {
                let (k, j) = (self.spec.k() as usize, self.spec.weight_row(cell) as usize);
                let column = &columns[j * k..][..k];
                // Padding is the zero point, which weighs nothing.
                let sum: i64 = self
                    .spec
                    .runs(cell)
                    .map(|run| {
                        let pairs = rows[0][run.at..][..run.len].iter().zip(&column[run.weight..]);
                        pairs.map(|(&x, &w)| i64::from(i32::from(x as i8) - input) * i64::from(w)).sum::<i64>()
                    })
                    .sum();
                let acc = sum.saturating_add(bias[j]);
                match *output {
                    None => acc.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
                    Some((zero, lo, hi)) => {
                        let scaled = (acc as f32 * multipliers[j % multipliers.len()]).round_ties_even();
                        (scaled as i64).saturating_add(zero.into()).clamp(lo.into(), hi.into()) as i32
                    }
                }
            }
            FileRule::Sum { inputs, output, lo, hi } => {
                let real = |i: usize| (at(&rows[i], cell as usize) - inputs[i].zero) as f32 * inputs[i].scale;
                quantise(real(0) + real(1), output.scale, output.zero).clamp(*lo, *hi).into()
            }
            FileRule::Average { input, output, lo, hi } => {
                let sum: i32 = self.spec.runs(cell).map(|run| at(&rows[0], run.at) - input.zero).sum();
                let area = self.spec.window().map_or(1, judge::Window::area);
                quantise(sum as f32 * input.scale / area as f32, output.scale, output.zero).clamp(*lo, *hi).into()
            }
        }
    }
}
