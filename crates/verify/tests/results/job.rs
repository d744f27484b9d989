//! Jobs with honest results to check, and to tamper with.
use compute::sample::Bytes;
use compute::{Backend, Cpu, Execution, Left};
use judge::{Claim, Hash, Requant, cell};
use model::{Model, ModelLayer, ResultFile};
use proptest::prelude::ProptestConfig;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use verify::{Case, accumulators_to_serve};

pub const JOB: Hash = [7; 32];

/// A job, its honest result and what the worker commits to.
pub struct Job {
    pub model: Model,
    pub rows: u32,
    pub input: Vec<u8>,
    pub input_root: Hash,
    pub commitment: Hash,
    pub result: ResultFile,
    /// All accumulators, also those not served.
    pub accumulators: Vec<Vec<i32>>,
}

impl Job {
    /// A fully connected model over `widths` with random weights; the last layer gives i32 if `raw_end`.
    pub fn new(seed: u64, rows: u32, widths: &[u32], raw_end: bool) -> Job {
        let mut random = StdRng::seed_from_u64(seed);
        let count = widths.len() - 1;
        let layers = widths.windows(2).enumerate().map(|(i, pair)| {
            let (k, n) = (pair[0], pair[1]);
            let mut weights = vec![0u8; (k * n) as usize];
            random.fill_bytes(&mut weights);
            let weights: Vec<i8> = weights.into_iter().map(|w| w as i8).collect();
            let bias: Vec<i32> = (0..n).map(|_| random.random_range(-40_000..40_000)).collect();
            let shift1 = (k.ilog2() / 2) as u8;
            let requant = Requant { shift1, mul: 20_000, shift2: 21, zero_point: -2, lo: -120, hi: 125 };
            ModelLayer::new(i, k, n, (i + 1 < count || !raw_end).then_some(requant), &weights, &bias).unwrap()
        });
        let layers = layers.collect();
        Job::of(Model::new("job", (-128, 127), layers).unwrap(), rows, &mut random)
    }

    /// A graph of layers of every kind.
    pub fn graph(seed: u64, rows: u32) -> Job {
        Job::of(Bytes(seed).graph().unwrap(), rows, &mut StdRng::seed_from_u64(seed))
    }

    /// A random batch for a model, run honestly.
    pub fn of(model: Model, rows: u32, random: &mut StdRng) -> Job {
        let width = model.input_width();
        let mut input = vec![0; (rows * width) as usize];
        random.fill_bytes(&mut input);

        let Execution { mut activations, accumulators } = Cpu::new().execute(&model, &input).unwrap();
        activations.remove(0);
        let served = accumulators_to_serve(&model, rows, accumulators.clone());
        let input_root = cell::input_root(&JOB, rows, width, &input).unwrap();
        let result = ResultFile::new(activations, served);
        let mut job = Job { model, rows, input, input_root, commitment: [0; 32], result, accumulators };
        job.commit();
        job
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            model: &self.model,
            job: &JOB,
            rows: self.rows,
            input: &self.input,
            input_root: &self.input_root,
            commitment: &self.commitment,
        }
    }

    /// Commits to the outputs as they are now.
    pub fn commit(&mut self) {
        let layers = self.model.specs();
        let claim = Claim {
            job: &JOB,
            layers: &layers,
            rows: self.rows,
            input_root: &self.input_root,
            commitment: &self.commitment,
        };
        let activations: Vec<Vec<u8>> =
            std::iter::once(self.input.clone()).chain(self.result.outputs.clone()).collect();
        self.commitment = cell::commit(&claim, &activations).unwrap();
    }

    /// What the first layer multiplies.
    pub fn left(&self) -> Left<'_> {
        Left::of(&self.model.layers[0].spec, &self.input).unwrap()
    }

    /// A committed value.
    pub fn cell(&self, layer: usize, row: usize, column: usize) -> i32 {
        let spec = &self.model.layers[layer].spec;
        let at = (row * spec.cells() as usize + column) * spec.out_size();
        let bytes = &self.result.outputs[layer][at..][..spec.out_size()];
        <[u8; 4]>::try_from(bytes).map_or_else(|_| i32::from(bytes[0] as i8), i32::from_le_bytes)
    }

    /// Adds `delta` (wrapping at the cell's size) to an output without committing again.
    pub fn tamper(&mut self, layer: usize, row: usize, column: usize, delta: i32) {
        let spec = self.model.layers[layer].spec;
        let at = (row * spec.cells() as usize + column) * spec.out_size();
        let value = self.cell(layer, row, column).wrapping_add(delta).to_le_bytes();
        self.result.outputs[layer][at..][..spec.out_size()].copy_from_slice(&value[..spec.out_size()]);
    }
}

/// How many cases to run: `IO_FUZZ_CASES`, or `default`.
pub fn cases(default: u32) -> u32 {
    std::env::var("IO_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

pub fn config(default: u32) -> ProptestConfig {
    ProptestConfig { cases: cases(default), failure_persistence: None, ..ProptestConfig::default() }
}
