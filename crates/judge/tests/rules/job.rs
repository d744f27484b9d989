//! A job with a random model and input, done by the reference.
use crate::reference;
use judge::cell::{self, Witness, prove_cell};
use judge::{CellProof, Claim, Hash, JudgeError, Layer, Requant, Verdict, judge_cell, matrix_root};
use proptest::prelude::*;

/// Numbers that follow from a seed (splitmix64), so that a failing case is only its shape and seed.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| (self.next() >> 56) as u8).collect()
    }

    pub fn hash(&mut self) -> Hash {
        self.bytes(32).try_into().unwrap()
    }

    /// Weights with a bias of a size with the products; one in eight has any bias at all.
    fn columns(&mut self, k: u32, n: u32) -> Vec<u8> {
        let mut columns = Vec::new();
        for _ in 0..n {
            columns.extend(self.bytes(k as usize));
            let bias = self.next() as i32;
            columns.extend(if self.below(8) == 0 { bias } else { bias >> 16 }.to_le_bytes());
        }
        columns
    }

    /// One that spreads accumulators of width `k` over all of i8, mostly.
    pub fn requant(&mut self, k: u32) -> Requant {
        let bits = (k.ilog2() / 2) as u8;
        let (a, b) = (self.next() as i8, self.next() as i8);
        let (lo, hi) = if self.below(2) == 0 { (-128, 127) } else { (a.min(b), a.max(b)) };
        let mul = 16_384 + self.below(16_384) as u16;
        Requant { shift1: bits, mul, shift2: 19 + self.below(4) as u8, zero_point: (self.next() as i8) / 8, lo, hi }
    }
}

/// What a job looks like: widths from the input to the last output.
#[derive(Clone, Debug)]
pub struct Shape {
    pub widths: Vec<u32>,
    /// Whether the last layer gives its i32 accumulators.
    pub accumulators: bool,
    pub rows: u32,
    pub seed: u64,
}

/// Small shapes, with widths around one and several segments of 256 bytes now and then.
pub fn shapes() -> impl Strategy<Value = Shape> {
    let width = prop_oneof![8 => 1u32..24, 1 => 60u32..70, 1 => 254u32..260];
    (proptest::collection::vec(width, 2..6), any::<bool>(), 1u32..9, any::<u64>())
        .prop_map(|(widths, accumulators, rows, seed)| Shape { widths, accumulators, rows, seed })
}

pub struct Job {
    pub id: Hash,
    pub layers: Vec<Layer>,
    pub columns: Vec<Vec<u8>>,
    pub rows: u32,
    pub activations: Vec<Vec<u8>>,
    pub input_root: Hash,
    pub commitment: Hash,
}

impl Job {
    /// An honest one.
    pub fn new(shape: &Shape) -> Job {
        let mut numbers = Numbers(shape.seed);
        let count = shape.widths.len() - 1;
        let mut job = Job {
            id: numbers.hash(),
            layers: Vec::new(),
            columns: Vec::new(),
            rows: shape.rows,
            activations: vec![numbers.bytes(shape.widths[0] as usize * shape.rows as usize)],
            input_root: [0; 32],
            commitment: [0; 32],
        };
        for (index, pair) in shape.widths.windows(2).enumerate() {
            let (k, n) = (pair[0], pair[1]);
            let requant = (!shape.accumulators || index + 1 < count).then(|| numbers.requant(k));
            let mut layer = Layer { k, n, requant, weight_root: [0; 32] };
            let columns = numbers.columns(k, n);
            layer.weight_root = matrix_root(&cell::weights(index as u32, &layer), &columns).unwrap();
            let output = run(&layer, &job.activations[index], &columns);
            job.layers.push(layer);
            job.columns.push(columns);
            job.activations.push(output);
        }
        assert_eq!(judge::check_layers(&job.layers), Ok(()));
        job.input_root = cell::input_root(&job.id, job.rows, shape.widths[0], &job.activations[0]).unwrap();
        job.commit();
        job
    }

    /// Commits to the activations as they are now.
    pub fn commit(&mut self) {
        self.commitment = cell::commit(&self.claim(), &self.activations).unwrap();
    }

    pub fn claim(&self) -> Claim<'_> {
        Claim {
            job: &self.id,
            layers: &self.layers,
            rows: self.rows,
            input_root: &self.input_root,
            commitment: &self.commitment,
        }
    }

    pub fn cells(&self) -> Vec<(u32, u32, u32)> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(l, layer)| (0..self.rows).flat_map(move |r| (0..layer.n).map(move |c| (l as u32, r, c))))
            .collect()
    }

    pub fn any_cell(&self, numbers: &mut Numbers) -> (u32, u32, u32) {
        let layer = numbers.below(self.layers.len());
        let column = numbers.below(self.layers[layer].n as usize);
        (layer as u32, numbers.below(self.rows as usize) as u32, column as u32)
    }

    pub fn prove(&self, (layer, row, column): (u32, u32, u32)) -> Vec<u8> {
        let witness = Witness { activations: &self.activations, columns: &self.columns };
        prove_cell(&self.claim(), &witness, layer, row, column).unwrap()
    }

    pub fn judge(&self, (layer, row, column): (u32, u32, u32), evidence: &[u8]) -> Result<Verdict, JudgeError> {
        judge_cell(&self.claim(), &CellProof { layer, row, column, evidence })
    }

    /// What the model gives for the committed input of the cell.
    pub fn expected(&self, (layer, row, column): (u32, u32, u32)) -> i32 {
        let spec = &self.layers[layer as usize];
        let row = part(&self.activations[layer as usize], row, spec.k);
        reference::cell(spec, row, part(&self.columns[layer as usize], column, spec.k + 4))
    }

    /// What is committed.
    pub fn committed(&self, (layer, row, column): (u32, u32, u32)) -> i32 {
        let spec = &self.layers[layer as usize];
        let output = part(&self.activations[layer as usize + 1], row, spec.out_row_bytes());
        match spec.requant {
            Some(_) => i32::from(output[column as usize] as i8),
            None => i32::from_le_bytes(part(output, column, 4).try_into().unwrap()),
        }
    }
}

fn part(bytes: &[u8], index: u32, width: u32) -> &[u8] {
    &bytes[(index * width) as usize..][..width as usize]
}

fn run(layer: &Layer, input: &[u8], columns: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    for row in input.chunks(layer.k as usize) {
        for column in columns.chunks(layer.k as usize + 4) {
            let value = reference::cell(layer, row, column).to_le_bytes();
            output.extend(&value[..layer.out_size()]);
        }
    }
    output
}
