//! Models, batches, honest and tampered results, and evidence about them.
use anchor_lang::prelude::Pubkey;
use judge::cell::{Witness, commit, input_root, prove_cell};
use judge::{CellProof, Claim, Hash, JudgeError, Layer, Requant, Verdict, judge_cell};
use model::{Model, ModelLayer};
use std::path::Path;

/// A cell: layer, row and column.
pub type Cell = (u32, u32, u32);

pub(crate) const REQUANT: Requant = Requant { shift1: 0, mul: 16_000, shift2: 17, zero_point: 0, lo: -128, hi: 127 };

/// Weights or inputs that look random and are the same in every run.
pub(crate) fn bytes(seed: u8, count: usize) -> Vec<i8> {
    let mut state = u32::from(seed) + 1;
    let step = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as i8
    };
    std::iter::repeat_with(step).take(count).collect()
}

/// A model with these widths: int8 between its layers, i32 at the end.
///
/// # Panics
/// If the widths do not make a model.
pub fn model(name: &str, widths: &[u32]) -> Model {
    let layers = widths.windows(2).enumerate().map(|(i, pair)| {
        let (k, n) = (pair[0], pair[1]);
        let requant = (i + 2 < widths.len()).then_some(REQUANT);
        let bias: Vec<i32> = (0..n as i32).map(|j| 100 * j - 50).collect();
        ModelLayer::new(i, k, n, requant, &bytes(i as u8, (k * n) as usize), &bias)
    });
    let layers = layers.collect::<Result<_, _>>().expect("the widths fit");
    Model::new(name, (-128, 127), layers).expect("the layers chain")
}

/// Three inputs, four int8 cells, two i32 cells.
pub fn tiny() -> Model {
    model("tiny", &[3, 4, 2])
}

/// First layer of exactly 256 products per cell.
pub fn wide() -> Model {
    model("wide", &[256, 8, 3])
}

/// The digits model of this repository.
///
/// # Panics
/// If it cannot be read or imported.
pub fn digits() -> Model {
    imported("digits-mlp-int8.onnx")
}

/// The convolutional digits model of this repository.
///
/// # Panics
/// If it cannot be read or imported.
pub fn digits_cnn() -> Model {
    imported("digits-cnn-int8.onnx")
}

fn imported(file: &str) -> Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/digits").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    model::onnx::import("digits", &bytes).expect("the model is importable")
}

/// A job's batch and a result for it.
#[derive(Clone)]
pub struct Work {
    pub model: Model,
    /// The job's address; commitments are bound to it.
    pub job: Pubkey,
    pub rows: u32,
    /// Input, then the output of every layer.
    pub activations: Vec<Vec<u8>>,
}

impl Work {
    /// The model's own result for a batch of `rows`.
    ///
    /// # Panics
    /// If `rows` is zero.
    pub fn honest(model: &Model, job: Pubkey, rows: u32) -> Self {
        let (lo, hi) = model.input_range;
        let input = bytes(77, (rows * model.input_width()) as usize);
        let input: Vec<u8> = input.into_iter().map(|v| v.clamp(lo, hi) as u8).collect();
        let activations = model.run_reference(&input).expect("the batch fits the model");
        Work { model: model.clone(), job, rows, activations }
    }

    /// The same with one bit of `cell` flipped. What later layers make of it is computed honestly: `cell` is the only
    /// wrong one.
    pub fn tampered(&self, (layer, row, column): Cell) -> Self {
        let mut work = self.clone();
        let (layer, row, column) = (layer as usize, row as usize, column as usize);
        let spec = work.model.layers[layer].spec;
        let at = row * spec.out_row_bytes() as usize + column * spec.out_size();
        work.activations[layer + 1][at] ^= 1;
        for (next, layer) in self.model.layers.iter().enumerate().skip(layer + 1) {
            let inputs = model::sources(&layer.spec, &work.activations);
            work.activations[next + 1] = layer.run_reference(&inputs, work.rows as usize);
        }
        work
    }

    pub fn input(&self) -> &[u8] {
        &self.activations[0]
    }

    pub fn input_root(&self) -> Hash {
        let job = self.job.to_bytes();
        input_root(&job, self.rows, self.model.input_width(), self.input()).expect("the batch fits the model")
    }

    pub fn commitment(&self) -> Hash {
        self.with_claim(|claim| commit(claim, &self.activations).expect("the matrices fit the model"))
    }

    /// The value of `cell` in this result.
    pub fn cell(&self, (layer, row, column): Cell) -> i32 {
        let spec = self.model.layers[layer as usize].spec;
        let at = (row * spec.out_row_bytes()) as usize + column as usize * spec.out_size();
        let bytes = &self.activations[layer as usize + 1][at..][..spec.out_size()];
        match *bytes {
            [value] => i32::from(value as i8),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
            _ => unreachable!("a cell has one or four bytes"),
        }
    }

    /// Evidence about `cell` from this result.
    ///
    /// # Panics
    /// If the cell is outside the job.
    pub fn evidence(&self, (layer, row, column): Cell) -> Vec<u8> {
        let witness = Witness { activations: &self.activations, columns: &self.model.columns() };
        self.with_claim(|claim| prove_cell(claim, &witness, layer, row, column).expect("the cell is in the job"))
    }

    /// The answer to a demand for `item` from this result; `None` if it has no such data.
    pub fn answer(&self, item: jobs::Item) -> Option<Vec<u8>> {
        self.with_claim(|claim| {
            let held = judge::demand::Holder::new(claim, &self.activations).expect("the matrices fit the model");
            held.answer(&item.into()).ok()
        })
    }

    /// The judgement off chain.
    ///
    /// # Errors
    /// As [`judge::judge_cell`].
    pub fn judge(&self, (layer, row, column): Cell, evidence: &[u8]) -> Result<Verdict, JudgeError> {
        let (input_root, commitment) = (self.input_root(), self.commitment());
        self.with_claim(|claim| {
            let claim = Claim { input_root: &input_root, commitment: &commitment, ..*claim };
            judge_cell(&claim, &CellProof { layer, row, column, evidence })
        })
    }

    fn with_claim<T>(&self, f: impl FnOnce(&Claim) -> T) -> T {
        let (job, layers): (_, Vec<Layer>) = (self.job.to_bytes(), self.model.specs());
        let none = &[0; 32];
        f(&Claim { job: &job, layers: &layers, rows: self.rows, input_root: none, commitment: none })
    }
}
