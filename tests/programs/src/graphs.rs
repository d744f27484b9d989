//! Models of every kind of layer.
use crate::work::{REQUANT, bytes};
use judge::{Layer, Op, Requant, Shape, Window};
use model::{Model, ModelLayer};
use rand::Rng;

/// A square window with the same padding on all sides.
pub fn window(size: u8, stride: u8, padding: u8, fill: i8) -> Window {
    Window { kernel: [size; 2], stride: [stride; 2], padding: [padding; 4], fill }
}

/// A model of these layers with weights that look random.
///
/// # Panics
/// If they do not make a model.
pub fn of(name: &str, specs: &[Layer]) -> Model {
    let layer = |(i, spec): (usize, &Layer)| {
        let columns = bytes(i as u8 + 3, spec.weight_rows() as usize * spec.column_bytes() as usize);
        let mut columns: Vec<u8> = columns.into_iter().map(|byte| byte as u8).collect();
        if spec.is_product() {
            for (j, column) in columns.chunks_exact_mut(spec.column_bytes() as usize).enumerate() {
                column[spec.k() as usize..].copy_from_slice(&(100 * j as i32 - 50).to_le_bytes());
            }
        }
        ModelLayer::of(i, *spec, columns).expect("an allowed layer")
    };
    Model::new(name, (-128, 127), specs.iter().enumerate().map(layer).collect()).expect("the layers fit")
}

fn layer(from: u8, input: Shape, op: Op, requant: Option<Requant>) -> Layer {
    Layer { op, from, input, requant, weight_root: [0; 32] }
}

/// Which layer of [`every_kind`] is what.
pub const KINDS: [&str; 7] =
    ["convolution", "padded convolution", "addition", "lookup", "maximum pool", "average pool", "fully connected"];

/// Convolutions with padding, a sum of two earlier outputs, a lookup, both pools and a fully connected layer. Rows of up to
/// three segments.
pub fn every_kind() -> Model {
    let (image, wide) = (Shape { height: 8, width: 8, channels: 4 }, Shape { height: 8, width: 8, channels: 12 });
    let small = Shape { height: 4, width: 4, channels: 12 };
    let product = Some(Requant { shift1: 4, mul: 20_000, shift2: 18, ..REQUANT });
    let sum = Some(Requant { shift1: 0, mul: 20_000, shift2: 21, ..REQUANT });
    of(
        "every kind",
        &[
            layer(0, image, Op::Conv { window: window(1, 1, 0, 0), n: 12 }, product),
            layer(1, wide, Op::Conv { window: window(3, 1, 1, 5), n: 12 }, product),
            layer(2, wide, Op::Add { with: 1, multipliers: [90, -77], bias: 33 }, sum),
            layer(3, wide, Op::Lookup, None),
            layer(4, wide, Op::MaxPool { window: window(2, 2, 0, -128) }, None),
            layer(
                5,
                small,
                Op::AveragePool { window: window(3, 1, 1, -2) },
                Some(Requant { mul: 29_127, shift2: 18, ..REQUANT }),
            ),
            layer(6, Shape::flat(192), Op::Gemm { n: 5 }, None),
        ],
    )
}

/// One fully connected layer with `k` products to a cell.
pub fn gemm(k: u16) -> Model {
    of("gemm", &[Layer::gemm(0, k, 5, Some(REQUANT))])
}

/// One convolution with a window of 4 x 4 and `k` products to a cell.
pub fn conv(k: u16) -> Model {
    let input = Shape { height: 6, width: 6, channels: k / 16 };
    of("conv", &[layer(0, input, Op::Conv { window: window(4, 2, 0, 0), n: 5 }, Some(REQUANT))])
}

/// Two to six layers of random kinds on a random image, and a fully connected one at the end.
pub fn random(rng: &mut impl Rng) -> Model {
    let requant = |rng: &mut dyn rand::RngCore, k: u32| {
        let zero_point = rng.random_range(-20..20);
        Some(Requant {
            shift1: (k.ilog2() / 2) as u8,
            mul: rng.random_range(16_384..32_768),
            shift2: 21,
            zero_point,
            ..REQUANT
        })
    };
    let channels = if rng.random() { rng.random_range(1..5) } else { rng.random_range(30..70) };
    let mut shape = Shape { height: rng.random_range(1..9), width: rng.random_range(1..9), channels };
    let mut specs: Vec<Layer> = Vec::new();
    for _ in 0..rng.random_range(1..6) {
        let from = specs.len() as u8;
        let kernel = [shape.height, shape.width].map(|size| rng.random_range(1..=size.min(4)) as u8);
        let [height, width] = kernel.map(|size| rng.random_range(0..size));
        let padding = [height, width, height, width];
        let stride = [rng.random_range(1..3), rng.random_range(1..3)];
        let window = Window { kernel, stride, padding, fill: rng.random() };
        let (op, requant) = match rng.random_range(0..5) {
            0 => {
                let n = rng.random_range(1..40);
                (Op::Conv { window, n }, requant(rng, (window.area() * usize::from(shape.channels)) as u32))
            }
            1 => (Op::MaxPool { window }, None),
            2 => (Op::AveragePool { window }, requant(rng, window.area() as u32)),
            3 => {
                let alike = |i: &u8| match i.checked_sub(1) {
                    None => specs.first().is_none_or(|first| first.input.elements() == shape.elements()),
                    Some(before) => specs[usize::from(before)].output().elements() == shape.elements(),
                };
                let with: Vec<u8> = (0..=from).filter(alike).collect();
                let with = with[rng.random_range(0..with.len())];
                let multipliers = [rng.random(), rng.random()];
                (Op::Add { with, multipliers, bias: rng.random_range(-99..99) }, requant(rng, 1 << 20))
            }
            _ => (Op::Lookup, None),
        };
        specs.push(layer(from, shape, op, requant));
        shape = specs[usize::from(from)].output();
    }
    let last = requant(rng, shape.elements() as u32).filter(|_| rng.random());
    let n = rng.random_range(1..20);
    specs.push(layer(specs.len() as u8, shape, Op::Gemm { n }, last));
    of("random", &specs)
}
