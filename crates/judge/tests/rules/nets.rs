//! Random layer tables of all kinds, wired as graphs.
use crate::job::Numbers;
use judge::{Layer, Op, Requant, Shape, Window};

/// A window that fits an image of this shape.
pub fn window(numbers: &mut Numbers, shape: Shape) -> Window {
    let kernel = [shape.height, shape.width].map(|size| 1 + numbers.below(usize::from(size).min(4)) as u8);
    let stride = [1 + numbers.below(3) as u8, 1 + numbers.below(2) as u8];
    let [height, width] = kernel.map(usize::from);
    let padding = [height, width, height, width].map(|limit| numbers.below(limit) as u8);
    let fill = if numbers.below(2) == 0 { 0 } else { numbers.next() as i8 };
    Window { kernel, stride, padding, fill }
}

/// Layers of any kind from an image of a random shape.
pub fn table(numbers: &mut Numbers, accumulators: bool) -> Vec<Layer> {
    let side = |numbers: &mut Numbers| 1 + numbers.below(6) as u16;
    let channels = if numbers.below(4) == 0 { 30 + numbers.below(40) } else { 1 + numbers.below(4) };
    let shape = Shape { height: side(numbers), width: side(numbers), channels: channels as u16 };
    let mut net = Net { layers: Vec::new(), shapes: vec![shape] };
    for _ in 0..1 + numbers.below(4) {
        net.grow(numbers);
    }
    let k = net.last().elements() as u16;
    net.push(Op::Gemm { n: 1 + numbers.below(6) as u16 }, Shape::flat(k), numbers);
    if accumulators && let Some(last) = net.layers.last_mut() {
        last.requant = None;
    }
    net.layers
}

struct Net {
    layers: Vec<Layer>,
    /// Of every source.
    shapes: Vec<Shape>,
}

impl Net {
    fn last(&self) -> Shape {
        self.shapes[self.layers.len()]
    }

    fn push(&mut self, op: Op, input: Shape, numbers: &mut Numbers) {
        self.push_from(self.layers.len(), op, input, numbers);
    }

    fn push_from(&mut self, from: usize, op: Op, input: Shape, numbers: &mut Numbers) {
        let mut layer = Layer { op, from: from as u8, input, requant: None, weight_root: [0; 32] };
        layer.requant = match op {
            Op::MaxPool { .. } | Op::Lookup => None,
            Op::AveragePool { window } => Some(numbers.requant(window.area() as u32)),
            Op::Add { .. } => Some(Requant { shift1: 14, ..numbers.requant(1) }),
            Op::Gemm { .. } | Op::Conv { .. } => Some(numbers.requant(layer.k())),
        };
        self.shapes.push(layer.output());
        self.layers.push(layer);
    }

    fn add(&mut self, with: usize, numbers: &mut Numbers) {
        let multipliers = [numbers.next() as i16, numbers.next() as i16];
        let op = Op::Add { with: with as u8, multipliers, bias: (numbers.next() as i32) >> 9 };
        self.push(op, self.last(), numbers);
    }

    fn grow(&mut self, numbers: &mut Numbers) {
        let (source, shape) = (self.layers.len(), self.last());
        let window = window(numbers, shape);
        match numbers.below(6) {
            0 => self.push(Op::MaxPool { window }, shape, numbers),
            1 => self.push(Op::AveragePool { window }, shape, numbers),
            2 => self.push(Op::Lookup, shape, numbers),
            3 => {
                let alike = |i: &usize| self.shapes[*i].elements() == shape.elements();
                let with: Vec<usize> = (0..=source).filter(alike).collect();
                self.add(with[numbers.below(with.len())], numbers);
            }
            4 => {
                // Two branches that meet again.
                let window = Window { kernel: [1, 1], stride: [1, 1], padding: [0; 4], fill: 0 };
                self.push_from(source, Op::Conv { window, n: shape.channels }, shape, numbers);
                self.push_from(source, Op::Lookup, shape, numbers);
                self.add(source + 1, numbers);
            }
            _ => self.push(Op::Conv { window, n: 1 + numbers.below(5) as u16 }, shape, numbers),
        }
    }
}
