//! How far a rewritten model is from the file it was rewritten from, measured on data.
use crate::file::sources;
use crate::npy::{Array, Values};
use crate::onnx::Element;
use crate::onnx::rewrite::{Port, Rewritten};

/// A comparison of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    pub rows: usize,
    /// Elements of the output.
    pub cells: usize,
    /// Of those, how many are the same step.
    pub equal: usize,
    /// Largest difference, in steps of the output's scale.
    pub largest: i64,
    /// Rows whose largest output is at the same place.
    pub same_top1: usize,
    /// Rows whose largest output is at their label: in this model, and in what it is compared with.
    pub correct: Option<[usize; 2]>,
}

impl Port {
    /// The bytes of a batch: reals are quantised, integers of the file kept.
    ///
    /// # Errors
    /// In words, if it is no whole number of rows, or a value is out of range.
    pub fn bytes(&self, array: &Array) -> Result<Vec<u8>, String> {
        let width = self.order.len();
        let byte: Vec<u8> = match &array.values {
            values if self.real => {
                let reals = if let Values::Reals(reals) = values { reals.clone() } else { array.reals() };
                reals.iter().map(|&v| self.quantise(v) as u8).collect()
            }
            Values::Integers(values) => {
                let byte = |&v: &i64| i8::try_from(v - i64::from(self.offset())).map(|v| v as u8);
                let bytes: Result<Vec<u8>, _> = values.iter().map(byte).collect();
                bytes.map_err(|_| format!("a value is not {}", self.element))?
            }
            Values::Reals(_) => return Err(format!("its elements are reals, the model's input is {}", self.element)),
        };
        if byte.is_empty() || !byte.len().is_multiple_of(width) {
            return Err(format!("{} elements are not whole rows of {width}", byte.len()));
        }
        let mut out = vec![0; byte.len()];
        for (row, out) in byte.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            row.iter().zip(&self.order).for_each(|(&b, &place)| out[place as usize] = b);
        }
        Ok(out)
    }

    /// A model's output in the file's order: bytes or accumulators.
    pub fn values(&self, output: &[u8]) -> Vec<i32> {
        let in_row: Vec<i32> = match self.element {
            Element::I32 => output.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            _ => output.iter().map(|&b| i32::from(b as i8)).collect(),
        };
        let rows = in_row.chunks_exact(self.order.len());
        rows.flat_map(|row| self.order.iter().map(|&place| row[place as usize])).collect()
    }

    /// Compares the model's output for a batch with reals recorded elsewhere, row-major in the file's order. `labels`: the
    /// right class of every row.
    ///
    /// # Errors
    /// In words, if the sizes differ.
    pub fn compare(&self, ours: &[u8], theirs: &[f32], labels: Option<&[i64]>) -> Result<Accuracy, String> {
        let (port, found) = (self, self.values(ours));
        if theirs.len() != found.len() {
            return Err(format!("{} values are compared with {}", found.len(), theirs.len()));
        }
        let width = port.order.len();
        let rows = found.len() / width;
        if labels.is_some_and(|labels| labels.len() != rows) {
            return Err(format!("{} labels for {rows} rows", labels.map_or(0, <[i64]>::len)));
        }
        let steps = |(&v, &real): (&i32, &f32)| {
            ((f64::from(port.dequantise(v)) - f64::from(real)) / f64::from(port.scale)).round().abs() as i64
        };
        let differences: Vec<i64> = found.iter().zip(theirs).map(steps).collect();
        let classes = |values: &[f32]| values.chunks_exact(width).map(top).collect::<Vec<usize>>();
        let reals: Vec<f32> = found.iter().map(|&v| port.dequantise(v)).collect();
        let (a, b) = (classes(&reals), classes(theirs));
        let right = |found: &[usize], labels: &[i64]| {
            found.iter().zip(labels).filter(|(class, label)| i64::try_from(**class) == Ok(**label)).count()
        };
        Ok(Accuracy {
            rows,
            cells: found.len(),
            equal: differences.iter().filter(|&&d| d == 0).count(),
            largest: differences.iter().copied().max().unwrap_or(0),
            same_top1: a.iter().zip(&b).filter(|(a, b)| a == b).count(),
            correct: labels.map(|labels| [right(&a, labels), right(&b, labels)]),
        })
    }
}

impl Rewritten {
    /// What the file itself computes from a batch of the model's bytes, as ONNX defines its operators, in the terms of the
    /// model's output.
    pub fn run_file(&self, input: &[u8]) -> Vec<u8> {
        let rows = input.len() / self.model.input_width() as usize;
        let mut activations: Vec<Vec<u8>> = vec![input.to_vec()];
        for (layer, built) in self.file.iter().zip(&self.model.layers) {
            let out = layer.run(&sources(layer.spec(), &activations), rows);
            activations.push(match built.spec.out_size() {
                1 => out.iter().map(|&v| v as u8).collect(),
                _ => out.iter().flat_map(|v| v.to_le_bytes()).collect(),
            });
        }
        activations.pop().unwrap_or_default()
    }

    /// Compares the model's output for a batch with reals recorded elsewhere, see [`Port::compare`].
    ///
    /// # Errors
    /// In words, if the sizes differ.
    pub fn compare(&self, ours: &[u8], theirs: &[f32], labels: Option<&[i64]>) -> Result<Accuracy, String> {
        self.output.compare(ours, theirs, labels)
    }

    /// [`Rewritten::compare`] with what the file itself computes.
    ///
    /// # Errors
    /// If the labels are not one to a row.
    pub fn compare_with_file(&self, input: &[u8], ours: &[u8], labels: Option<&[i64]>) -> Result<Accuracy, String> {
        let file: Vec<f32> =
            self.output.values(&self.run_file(input)).iter().map(|&v| self.output.dequantise(v)).collect();
        self.compare(ours, &file, labels)
    }
}

/// Index of the first largest value.
fn top(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (at, v)| if *v > row[best] { at } else { best })
}
