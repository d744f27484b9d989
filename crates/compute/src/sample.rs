//! Models for known-answer tests and measurements, the same in every build.
use judge::layer::MAX_WIDTH;
use judge::{Layer, Op, Requant, Shape, Window};
use model::{Model, ModelError, ModelLayer};

/// Deterministic bytes (splitmix64), the same in every build.
pub struct Bytes(pub u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// A fully connected model over `widths`, with biases and requantisations that use most of the i8 range; the last
    /// layer gives i32 if `raw_end`.
    ///
    /// # Errors
    /// If a width is out of range.
    pub fn model(&mut self, widths: &[u32], raw_end: bool) -> Result<Model, ModelError> {
        let count = widths.len() - 1;
        let layer = |(i, pair): (usize, &[u32])| {
            let (k, n) = (pair[0], pair[1]);
            let weights: Vec<i8> = self.take((k * n) as usize).into_iter().map(|b| b as i8).collect();
            let bias: Vec<i32> = (0..n).map(|_| self.next() as i32 >> 16).collect();
            // Sums of k products spread over about 5,400 * sqrt(k). Even layers bring that to about 64 and clamp it
            // below zero, like ReLU; odd ones keep three more bits, so that the 16-bit clamp in between is met too.
            let shift1 = (k.ilog2() / 2) as u8;
            let mul = 19_661 + i as u16;
            let requant = if i % 2 == 0 {
                Requant { shift1, mul, shift2: 21, zero_point: 0, lo: 0, hi: 127 }
            } else {
                Requant { shift1: shift1.saturating_sub(3), mul, shift2: 23, zero_point: -3, lo: -128, hi: 70 }
            };
            ModelLayer::new(i, k, n, (i + 1 < count || !raw_end).then_some(requant), &weights, &bias)
        };
        let layers = widths.windows(2).enumerate().map(layer).collect::<Result<_, _>>()?;
        Model::new("self-test", (-128, 127), layers)
    }

    /// A graph of layers of every kind on an image of a random shape, with extreme weights now and then. It ends with a
    /// fully connected layer.
    ///
    /// # Errors
    /// None: the shapes fit.
    pub fn graph(&mut self) -> Result<Model, ModelError> {
        let side = |random: &mut Self| 1 + random.below(9) as u16;
        let channels = if self.below(4) == 0 { 20 + self.below(30) } else { 1 + self.below(9) };
        let shape = Shape { height: side(self), width: side(self), channels: channels as u16 };
        let mut graph = Graph { layers: Vec::new(), shapes: vec![shape] };
        for _ in 0..2 + self.below(5) {
            graph.grow(self)?;
        }
        let k = graph.last().elements();
        if k <= MAX_WIDTH as usize {
            let n = 1 + self.below(9) as u16;
            graph.push(self, Op::Gemm { n }, graph.layers.len(), Shape::flat(k as u16))?;
        }
        let raw = self.below(2) == 0;
        if let Some(last) = graph.layers.last_mut().filter(|last| raw && last.spec.is_product()) {
            last.spec.requant = None;
        }
        Model::new("self-test", (-128, 127), graph.layers)
    }

    /// A window that fits an image of this shape.
    fn window(&mut self, shape: Shape) -> Window {
        let kernel = [shape.height, shape.width].map(|size| 1 + self.below(usize::from(size).min(4)) as u8);
        let stride = [1 + self.below(3) as u8, 1 + self.below(2) as u8];
        let [height, width] = kernel.map(usize::from);
        let padding = [height, width, height, width].map(|limit| self.below(limit) as u8);
        let fill = [0, self.next() as i8, i8::MIN, i8::MAX][self.below(4)];
        Window { kernel, stride, padding, fill }
    }

    fn requant(&mut self, k: u32) -> Requant {
        let shift1 = (k.max(1).ilog2() / 2) as u8;
        let (a, b) = (self.next() as i8, self.next() as i8);
        let (lo, hi) = if self.below(2) == 0 { (-128, 127) } else { (a.min(b), a.max(b)) };
        let mul = 16_384 + self.below(16_384) as u16;
        Requant { shift1, mul, shift2: 19 + self.below(4) as u8, zero_point: self.next() as i8 / 8, lo, hi }
    }
}

/// A graph under construction.
struct Graph {
    layers: Vec<ModelLayer>,
    /// Of every source.
    shapes: Vec<Shape>,
}

impl Graph {
    fn last(&self) -> Shape {
        self.shapes[self.layers.len()]
    }

    fn push(&mut self, random: &mut Bytes, op: Op, from: usize, input: Shape) -> Result<(), ModelError> {
        let mut spec = Layer { op, from: from as u8, input, requant: None, weight_root: [0; 32] };
        spec.requant = match op {
            Op::MaxPool { .. } | Op::Lookup => None,
            // Sums of few i8 are small.
            Op::AveragePool { .. } => Some(Requant { shift2: 16, ..random.requant(1) }),
            Op::Add { .. } => Some(Requant { shift1: 7, ..random.requant(1) }),
            Op::Gemm { .. } | Op::Conv { .. } => Some(random.requant(spec.k())),
        };
        let size = spec.column_bytes() as usize;
        let mut columns = random.take(spec.weight_rows() as usize * size);
        if spec.is_product() {
            let extreme = random.below(4) == 0;
            for column in columns.chunks_exact_mut(size) {
                let (weights, bias) = column.split_at_mut(size - 4);
                bias.copy_from_slice(&(random.next() as i32 >> 16).to_le_bytes());
                if extreme {
                    weights.fill(if random.below(2) == 0 { 0x80 } else { 0x7f });
                }
            }
        }
        self.shapes.push(spec.output());
        self.layers.push(ModelLayer::of(self.layers.len(), spec, columns)?);
        Ok(())
    }

    fn grow(&mut self, random: &mut Bytes) -> Result<(), ModelError> {
        let (source, shape) = (self.layers.len(), self.last());
        let window = random.window(shape);
        let add = |random: &mut Bytes, with: usize| Op::Add {
            with: with as u8,
            multipliers: [random.next() as i16, random.next() as i16],
            bias: random.next() as i32 >> 12,
        };
        match random.below(7) {
            0 => self.push(random, Op::MaxPool { window }, source, shape),
            1 => self.push(random, Op::AveragePool { window }, source, shape),
            2 => self.push(random, Op::Lookup, source, shape),
            3 => {
                let alike = |i: &usize| self.shapes[*i].elements() == shape.elements();
                let with: Vec<usize> = (0..=source).filter(alike).collect();
                let with = with[random.below(with.len())];
                let op = add(random, with);
                self.push(random, op, source, shape)
            }
            4 => {
                // Two branches that meet again.
                let window = Window { kernel: [1, 1], stride: [1, 1], padding: [0; 4], fill: 0 };
                self.push(random, Op::Conv { window, n: shape.channels }, source, shape)?;
                self.push(random, Op::Lookup, source, shape)?;
                let op = add(random, source + 1);
                self.push(random, op, source + 2, shape)
            }
            _ => {
                let n = 1 + random.below(11) as u16;
                self.push(random, Op::Conv { window, n }, source, shape)
            }
        }
    }
}
