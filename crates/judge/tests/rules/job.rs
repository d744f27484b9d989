//! A job with a random model and input, done by the reference.
use crate::nets;
use crate::reference;
use judge::cell::{self, Witness, prove_cell};
use judge::{CellProof, Claim, Hash, JudgeError, Layer, Op, Requant, Verdict, judge_cell, matrix_root};
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

    /// Weights with a bias of a size with the products; one in eight has any bias at all. Or a lookup table, or nothing.
    pub fn columns(&mut self, layer: &Layer) -> Vec<u8> {
        let (k, n) = (layer.k(), layer.n());
        if layer.op == Op::Lookup {
            return self.bytes(256);
        }
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

/// What a job looks like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Widths of fully connected layers, from the input to the last output. Empty: a graph of layers of any kind.
    pub widths: Vec<u16>,
    /// Whether the last layer gives its i32 accumulators.
    pub accumulators: bool,
    pub rows: u32,
    pub seed: u64,
}

/// Small shapes, with rows of one and of several segments of 256 bytes; half of them graphs.
pub fn shapes() -> impl Strategy<Value = Shape> {
    let width = prop_oneof![8 => 1u16..24, 1 => 60u16..70, 1 => 254u16..260];
    let chain = (proptest::collection::vec(width, 2..6), any::<bool>(), 1u32..9, any::<u64>())
        .prop_map(|(widths, accumulators, rows, seed)| Shape { widths, accumulators, rows, seed });
    prop_oneof![chain, graphs()]
}

/// Graphs of layers of any kind.
pub fn graphs() -> impl Strategy<Value = Shape> {
    (any::<bool>(), 1u32..4, any::<u64>()).prop_map(|(accumulators, rows, seed)| Shape {
        widths: Vec::new(),
        accumulators,
        rows,
        seed,
    })
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
        let id = numbers.hash();
        let layers = if shape.widths.is_empty() {
            nets::table(&mut numbers, shape.accumulators)
        } else {
            let count = shape.widths.len() - 1;
            let pairs = shape.widths.windows(2).enumerate();
            let layer = |(index, pair): (usize, &[u16])| {
                let requant = (!shape.accumulators || index + 1 < count).then(|| numbers.requant(pair[0].into()));
                Layer::gemm(index as u8, pair[0], pair[1], requant)
            };
            pairs.map(layer).collect()
        };
        Job::of(layers, shape.rows, id, &mut numbers)
    }

    /// An honest one with random weights in these layers.
    pub fn of(mut layers: Vec<Layer>, rows: u32, id: Hash, numbers: &mut Numbers) -> Job {
        let width = layers[0].in_row_bytes();
        let (mut columns, mut activations) = (Vec::new(), vec![numbers.bytes(width as usize * rows as usize)]);
        for (index, layer) in layers.iter_mut().enumerate() {
            let bytes = numbers.columns(layer);
            if !bytes.is_empty() {
                layer.weight_root = matrix_root(&cell::weights(index as u32, layer), &bytes).unwrap();
            }
            activations.push(run(layer, &activations, &bytes, rows));
            columns.push(bytes);
        }
        assert_eq!(judge::check_layers(&layers), Ok(()), "{layers:#?}");
        let input_root = cell::input_root(&id, rows, width, &activations[0]).unwrap();
        let mut job = Job { id, layers, columns, rows, activations, input_root, commitment: [0; 32] };
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
            .flat_map(|(l, layer)| (0..self.rows).flat_map(move |r| (0..layer.cells()).map(move |c| (l as u32, r, c))))
            .collect()
    }

    pub fn any_cell(&self, numbers: &mut Numbers) -> (u32, u32, u32) {
        let layer = numbers.below(self.layers.len());
        let column = numbers.below(self.layers[layer].cells() as usize);
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
        let [x, y] = sources(spec, &self.activations).map(|matrix| part(matrix, row, spec.in_row_bytes()));
        reference::cell(spec, x, y, &self.columns[layer as usize], column)
    }

    /// What is committed.
    pub fn committed(&self, (layer, row, column): (u32, u32, u32)) -> i32 {
        let spec = &self.layers[layer as usize];
        let output = part(&self.activations[layer as usize + 1], row, spec.out_row_bytes());
        match spec.out_size() {
            1 => i32::from(output[column as usize] as i8),
            _ => i32::from_le_bytes(part(output, column, 4).try_into().unwrap()),
        }
    }
}

fn part(bytes: &[u8], index: u32, width: u32) -> &[u8] {
    &bytes[(index * width) as usize..][..width as usize]
}

/// The matrices that a layer reads; the second is the first unless it adds.
fn sources<'a>(layer: &Layer, activations: &'a [Vec<u8>]) -> [&'a [u8]; 2] {
    let mut sources = layer.sources().map(|source| activations[usize::from(source)].as_slice());
    let first = sources.next().unwrap();
    [first, sources.next().unwrap_or(first)]
}

fn run(layer: &Layer, activations: &[Vec<u8>], columns: &[u8], rows: u32) -> Vec<u8> {
    let mut output = Vec::new();
    for row in 0..rows {
        let [x, y] = sources(layer, activations).map(|matrix| part(matrix, row, layer.in_row_bytes()));
        for column in 0..layer.cells() {
            let value = reference::cell(layer, x, y, columns, column).to_le_bytes();
            output.extend(&value[..layer.out_size()]);
        }
    }
    output
}
