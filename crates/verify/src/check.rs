//! Checking a served result against a commitment.
use crate::freivalds::{self, Block, Test};
use crate::method::{Method, method};
use compute::{ComputeError, Cpu, Left, roots};
use judge::{Claim, Hash, Layer};
use model::{Model, ModelLayer, ResultFile};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A job and what its worker has committed to.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub model: &'a Model,
    /// The job's address.
    pub job: &'a Hash,
    /// Rows in the batch.
    pub rows: u32,
    /// The batch, `[rows, k]` of i8.
    pub input: &'a [u8],
    /// The input's root as posted.
    pub input_root: &'a Hash,
    /// The root that the worker has committed to.
    pub commitment: &'a Hash,
}

impl<'a> Case<'a> {
    /// What the chain knows, over the model's layer table.
    pub(crate) fn claim(&self, layers: &'a [Layer]) -> Claim<'a> {
        Claim { job: self.job, layers, rows: self.rows, input_root: self.input_root, commitment: self.commitment }
    }
}

/// Why a result is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The client's own batch is not `rows * k` bytes. It says nothing about the worker.
    #[error("the input is {found} bytes, {expected} were posted")]
    Input { expected: usize, found: usize },
    /// The client's own batch is not what was posted. It says nothing about the worker.
    #[error("the input's root is {found}, the job was posted with {expected}", expected = Hex(expected), found = Hex(found))]
    InputRoot { expected: Hash, found: Hash },
    /// Outputs for another number of layers than the model has.
    #[error("the result has {found} layers, the model {expected}")]
    Layers { expected: usize, found: usize },
    /// An output matrix of the wrong size.
    #[error("layer {layer}: the output is {found} bytes, its shape needs {expected}")]
    Shape { layer: u32, expected: usize, found: usize },
    /// The served outputs are not those committed to: the committed ones have not been served.
    #[error(
        "the served outputs have the root {served}, the worker committed to {expected}",
        expected = Hex(expected), served = Hex(served)
    )]
    Commitment { expected: Hash, served: Hash },
    /// A committed cell is wrong, given the committed outputs before it. [`crate::evidence`] proves it.
    #[error("layer {layer}, row {row}, column {column}: the result says {committed}, the model gives {expected}")]
    Cell { layer: u32, row: u32, column: u32, expected: i32, committed: i32 },
    /// This machine could not check. It says nothing about the worker.
    #[error("the check itself failed: {0}")]
    Compute(#[from] ComputeError),
}

/// The first 8 bytes of a hash: enough to tell roots apart.
struct Hex<'a>(&'a Hash);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How one layer was checked.
#[derive(Clone, Copy, Debug)]
pub struct LayerReport {
    /// The method that decided: recomputation also where usable accumulators were missing.
    pub method: Method,
    pub seconds: f64,
    /// Multiply-accumulates that the layer stands for, whatever the method.
    pub macs: u64,
}

/// A result that is right.
#[derive(Clone, Debug)]
pub struct Report {
    pub layers: Vec<LayerReport>,
    /// Time for the roots of the input and the outputs.
    pub hashing_seconds: f64,
}

impl Report {
    /// Time for everything.
    pub fn seconds(&self) -> f64 {
        self.hashing_seconds + self.layers.iter().map(|layer| layer.seconds).sum::<f64>()
    }
}

/// Checks every cell of a result.
///
/// # Errors
/// The first reason not to accept it: sizes and roots first, then the first wrong cell of the first wrong layer.
pub fn check(case: &Case, result: &ResultFile) -> Result<Report, Rejection> {
    check_shapes(case, &result.outputs)?;
    let start = Instant::now();
    check_input(case)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut report = check_outputs(case, result)?;
    report.hashing_seconds += seconds;
    Ok(report)
}

/// [`check`] for who knows that the batch is the posted one, having posted it or compared its root before: it is hashed
/// only if a cell is wrong, to tell whether the worker is at fault or the batch has changed since. A result that passes is
/// the model's for this batch; whether this is the job's batch is not looked at.
///
/// # Errors
/// As [`check`].
pub fn check_known(case: &Case, result: &ResultFile) -> Result<Report, Rejection> {
    check_shapes(case, &result.outputs)?;
    check_outputs(case, result).map_err(|rejection| match rejection {
        Rejection::Cell { .. } => check_input(case).err().unwrap_or(rejection),
        other => other,
    })
}

/// The outputs' root, then every cell.
fn check_outputs(case: &Case, result: &ResultFile) -> Result<Report, Rejection> {
    let start = Instant::now();
    check_commitment(case, &result.outputs)?;
    let mut report = Report { layers: Vec::new(), hashing_seconds: start.elapsed().as_secs_f64() };

    let cpu = Cpu::new();
    let mut sources = vec![case.input];
    sources.extend(result.outputs.iter().map(Vec::as_slice));
    for (i, (layer, output)) in case.model.layers.iter().zip(&result.outputs).enumerate() {
        let start = Instant::now();
        let accumulators = result.accumulators.get(i).and_then(Option::as_deref);
        let inputs = model::sources(&layer.spec, &sources);
        let check = LayerCheck { cpu: &cpu, index: i as u32, layer, rows: case.rows, inputs, output };
        let method = check.run(accumulators)?;
        let seconds = start.elapsed().as_secs_f64();
        report.layers.push(LayerReport { method, seconds, macs: u64::from(case.rows) * layer.spec.macs() });
    }
    Ok(report)
}

fn check_shapes(case: &Case, outputs: &[Vec<u8>]) -> Result<(), Rejection> {
    let rows = case.rows as usize;
    let expected = rows * case.model.input_width() as usize;
    if case.input.len() != expected || rows == 0 {
        return Err(Rejection::Input { expected, found: case.input.len() });
    }
    let layers = &case.model.layers;
    if outputs.len() != layers.len() {
        return Err(Rejection::Layers { expected: layers.len(), found: outputs.len() });
    }
    for (i, (layer, output)) in layers.iter().zip(outputs).enumerate() {
        let expected = rows * layer.spec.out_row_bytes() as usize;
        if output.len() != expected {
            return Err(Rejection::Shape { layer: i as u32, expected, found: output.len() });
        }
    }
    Ok(())
}

fn check_input(case: &Case) -> Result<(), Rejection> {
    // The sizes fit, so the root cannot be missing; if it is, a root of zeros matches nothing.
    let found = roots::input_root(case.job, case.rows, case.model.input_width(), case.input).unwrap_or_default();
    if found == *case.input_root { Ok(()) } else { Err(Rejection::InputRoot { expected: *case.input_root, found }) }
}

fn check_commitment(case: &Case, outputs: &[Vec<u8>]) -> Result<(), Rejection> {
    let layers = case.model.specs();
    // The input is no part of it.
    let mut activations: Vec<&[u8]> = vec![&[]];
    activations.extend(outputs.iter().map(Vec::as_slice));
    let served = roots::commit(&case.claim(&layers), &activations).unwrap_or_default();
    if served == *case.commitment { Ok(()) } else { Err(Rejection::Commitment { expected: *case.commitment, served }) }
}

/// What a product test finds.
#[derive(Default)]
struct Faults {
    /// Rows of the batch with wrong sums.
    sums: Vec<usize>,
    /// The first byte of the output that right sums do not give.
    output: Option<usize>,
}

impl Faults {
    fn join(&mut self, other: Faults) {
        self.sums.extend(other.sums);
        self.output = self.output.into_iter().chain(other.output).min();
    }
}

/// One layer, with the served outputs before and after it.
struct LayerCheck<'a> {
    cpu: &'a Cpu,
    index: u32,
    layer: &'a ModelLayer,
    rows: u32,
    inputs: [&'a [u8]; 2],
    output: &'a [u8],
}

impl LayerCheck<'_> {
    fn run(&self, accumulators: Option<&[i32]>) -> Result<Method, Rejection> {
        if method(&self.layer.spec, self.rows) == Method::Product && self.test(accumulators)? {
            return Ok(Method::Product);
        }
        let (_, expected) = self.cpu.layer(self.layer, &self.inputs)?;
        if let Some(at) = first_difference(&expected, self.output) {
            let (row, column) = self.locate(at);
            return Err(self.wrong_cell(row, column)?);
        }
        Ok(Method::Recompute)
    }

    /// Tests the product. `false`: not possible, recompute instead.
    fn test(&self, served: Option<&[i32]>) -> Result<bool, Rejection> {
        let spec = &self.layer.spec;
        let Some(left) = Left::of(spec, self.inputs[0]) else { return Ok(false) };
        let decoded: Vec<i32>;
        let accumulators = match (spec.requant, served) {
            (None, _) => {
                decoded = self.output.as_chunks::<4>().0.iter().map(|cell| i32::from_le_bytes(*cell)).collect();
                &decoded
            }
            (Some(_), Some(served)) if served.len() == self.rows as usize * spec.cells() as usize => served,
            _ => return Ok(false),
        };
        let Some(vector) = freivalds::draw(spec.n() as usize) else { return Ok(false) };
        let test = Test::new(freivalds::Kernel::available()[0], self.layer, &vector);
        let found = Mutex::new(Faults::default());
        freivalds::each_block(&test, left, accumulators, |block| {
            let faults = self.faults(&block);
            if !faults.sums.is_empty() || faults.output.is_some() {
                found.lock().unwrap_or_else(PoisonError::into_inner).join(faults);
            }
        });
        let Faults { mut sums, output: mut first } = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        sums.sort_unstable();
        sums.dedup();

        // Served accumulators are nobody's commitment: rows where they are wrong are recomputed, and only a wrong
        // output counts.
        if !sums.is_empty() {
            let (k, row_bytes) = (spec.in_row_bytes() as usize, spec.out_row_bytes() as usize);
            let inputs: Vec<u8> = sums.iter().flat_map(|&row| &self.inputs[0][row * k..][..k]).copied().collect();
            let recomputed = self.cpu.layer(self.layer, &[&inputs; 2])?.1;
            let outputs = sums.iter().map(|&row| row * row_bytes).zip(recomputed.chunks_exact(row_bytes));
            let wrong = outputs.filter_map(|(at, expected)| {
                first_difference(expected, &self.output[at..][..row_bytes]).map(|difference| at + difference)
            });
            first = wrong.chain(first).min();
        }
        if let Some(at) = first {
            let (row, column) = self.locate(at);
            return Err(self.wrong_cell(row, column)?);
        }
        Ok(true)
    }

    /// What is wrong with some rows of the product.
    fn faults(&self, block: &Block) -> Faults {
        // Several rows of the product to a row of the batch in a convolution.
        let (n, places) = (self.layer.spec.n() as usize, self.layer.spec.places() as usize);
        let mut faults = Faults::default();
        let mut expected = vec![0u8; n];
        let rows = block.right.iter().zip(block.sums.chunks_exact(n)).zip(block.first..);
        for ((right, sums), row) in rows {
            if !right {
                faults.sums.push(row / places);
            } else if let (Some(requant), None) = (&self.layer.spec.requant, faults.output) {
                compute::requantise(requant, sums, &mut expected);
                faults.output = first_difference(&expected, &self.output[row * n..][..n]).map(|at| row * n + at);
            }
        }
        faults
    }

    /// Row and column of the output's byte `at`.
    fn locate(&self, at: usize) -> (u32, u32) {
        let cell = at / self.layer.spec.out_size();
        let n = self.layer.spec.cells() as usize;
        ((cell / n) as u32, (cell % n) as u32)
    }

    /// The rejection for a cell found wrong, with the value that the judge's own definition gives.
    fn wrong_cell(&self, row: u32, column: u32) -> Result<Rejection, ComputeError> {
        let (spec, inputs) = (&self.layer.spec, self.layer.rows_at(&self.inputs, row as usize));
        let expected = spec.cell(inputs, self.layer.weights_of(column), column);
        let at = row as usize * spec.cells() as usize + column as usize;
        let committed = match spec.out_size() {
            1 => i32::from(self.output[at] as i8),
            _ => self.output[4 * at..].first_chunk().map_or(0, |bytes| i32::from_le_bytes(*bytes)),
        };
        if expected == committed {
            // No accusation on the word of a kernel that contradicts the definition.
            return Err(ComputeError::SelfTest {
                backend: "this machine's CPU".into(),
                case: format!("layer {}, row {row}, column {column}", self.index),
                reason: format!("its kernel does not give {expected}, as the model's definition does"),
            });
        }
        Ok(Rejection::Cell { layer: self.index, row, column, expected, committed })
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    // Whole-slice equality is much faster than a search, and nearly always enough.
    if a == b { None } else { a.iter().zip(b).position(|(a, b)| a != b) }
}
