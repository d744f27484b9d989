//! Models of every kind of layer.
use crate::work::{REQUANT, bytes};
use judge::{Layer, Op, Requant, Shape, Window};
use model::{Model, ModelLayer};

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

/// The average of every channel over a whole image, `side` pixels wide.
pub fn pool(side: u8, channels: u16) -> Model {
    let input = Shape { height: side.into(), width: side.into(), channels };
    let average = Requant { shift1: 0, mul: 20_000, shift2: 22, ..REQUANT };
    of("pool", &[layer(0, input, Op::AveragePool { window: window(side, 1, 0, 0) }, Some(average))])
}

/// A convolution whose window is as many lines as there can be, each of `channels` products.
pub fn lines(channels: u16) -> Model {
    let input = Shape { height: 64, width: 1, channels };
    let window = Window { kernel: [64, 1], stride: [1; 2], padding: [0; 4], fill: 0 };
    of("lines", &[layer(0, input, Op::Conv { window, n: 5 }, Some(REQUANT))])
}
