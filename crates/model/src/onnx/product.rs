//! Products: `MatMulInteger` and `ConvInteger`.
use super::attributes;
use super::constant::{Constant, Element};
use super::error::{ImportError, NodeId};
use super::formula::{Formula, Interval};
use super::graph::Operand;
use super::proto::NodeProto;
use super::value::{Activations, Body, Product, Sums, View};
use judge::{Layer, Op, Shape};

/// What any column can be, with its bias.
pub fn range_of(products: &[Interval], bias: &[i128]) -> Interval {
    let ends = products.iter().zip(bias).map(|(p, b)| (p.low + b, p.high + b));
    let (low, high) = ends.fold((i128::MAX, i128::MIN), |(low, high), (l, h)| (low.min(l), high.max(h)));
    Interval { low, high }
}

/// Constant weights less their zero point.
struct Weights<'a> {
    dims: &'a [usize],
    values: Vec<i8>,
}

/// The weights of a product whose activations have no zero point.
fn weights<'a>(id: &NodeId, operands: &'a [Operand], element: Element) -> Result<Weights<'a>, ImportError> {
    let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
    let (weights, zero_points): (&Constant, _) = match operands {
        [Operand::Value(_), Operand::Constant(weights), zero_points @ ..] if zero_points.len() <= 2 => {
            (weights, zero_points)
        }
        _ => return Err(refuse("it needs the activations, constant weights and at most two zero points".into())),
    };
    let zero_point = |at: usize, of: Element| match zero_points.get(at) {
        None | Some(Operand::Absent) => Ok(0),
        Some(Operand::Constant(c)) if c.element == of => {
            c.scalar(2).ok_or_else(|| refuse("a zero point is not a scalar".into()))
        }
        Some(_) => Err(refuse(format!("a zero point is not a constant {of}"))),
    };
    if zero_point(0, element)? != 0 {
        return Err(refuse("its activations have a zero point: shift them so that it is 0".into()));
    }
    if weights.element == Element::I32 {
        return Err(refuse("its weights are INT32, not INT8 or UINT8".into()));
    }
    let zero = zero_point(1, weights.element)?;
    let values: Result<Vec<i8>, _> = weights.values.iter().map(|w| i8::try_from(w - zero)).collect();
    let values = values.map_err(|_| refuse(format!("a weight less its zero point {zero} is not INT8")))?;
    Ok(Weights { dims: &weights.dims, values })
}

fn sums(id: &NodeId, spec: Layer, weights: Vec<i8>, range: Interval, view: View) -> Result<Sums, ImportError> {
    let products: Vec<Interval> = weights
        .chunks_exact(spec.k() as usize)
        .map(|column| {
            let ends = column.iter().map(|&w| (i128::from(w) * range.low, i128::from(w) * range.high));
            ends.fold(Interval { low: 0, high: 0 }, |sum, (a, b)| Interval {
                low: sum.low + a.min(b),
                high: sum.high + a.max(b),
            })
        })
        .collect();
    let bias = vec![0; products.len()];
    let formula =
        Formula::new(range_of(&products, &bias)).map_err(|reason| ImportError::Inexact { node: id.clone(), reason })?;
    Ok(Sums { node: id.clone(), body: Body::Product(Product { spec, weights, products, bias }), view, formula })
}

pub fn matmul(id: &NodeId, operands: &[Operand], x: &Activations) -> Result<Sums, ImportError> {
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let Weights { dims, values } = weights(id, operands, x.element)?;
    let &[k, n] = dims else {
        return Err(shape(format!("its weights have shape {dims:?}, not [inputs, outputs]")));
    };
    let &[width] = &x.view.dims[..] else {
        return Err(shape(format!("its input is {:?} to a row of the batch: Flatten it first", x.view.dims)));
    };
    if k != width {
        return Err(shape(format!("its weights are [{k}, {n}], but its input has {width} columns")));
    }
    let widest = judge::layer::MAX_WIDTH as usize;
    if n == 0 || k > widest || n > widest {
        return Err(shape(format!("its weights are [{k}, {n}]: widths are 1 to {widest}")));
    }
    // ONNX keeps [k, n] row-major; a layer keeps each column together, in the order of its input's row.
    let mut columns = vec![0i8; k * n];
    for (i, row) in values.chunks_exact(n).enumerate() {
        for (j, &w) in row.iter().enumerate() {
            columns[j * k + x.view.order[i] as usize] = w;
        }
    }
    let spec = Layer::gemm(x.source, k as u16, n as u16, None);
    sums(id, spec, columns, x.range, View::image(Shape::flat(n as u16)).flattened())
}

pub fn conv(node: &NodeProto, id: &NodeId, operands: &[Operand], x: &Activations) -> Result<Sums, ImportError> {
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let Weights { dims, values } = weights(id, operands, x.element)?;
    let &[n, channels, height, width] = dims else {
        return Err(shape(format!("its weights have shape {dims:?}, not [outputs, inputs, height, width]")));
    };
    let input = image(id, x)?;
    if usize::from(input.channels) != channels {
        return Err(shape(format!("its weights are for {channels} channels, but its input has {}", input.channels)));
    }
    let window = attributes::window(node, id, Some([height, width]), 0)?;
    let columns = u16::try_from(n).map_err(|_| shape(format!("it has {n} outputs")))?;
    let spec = Layer { op: Op::Conv { window, n: columns }, input, ..Layer::gemm(x.source, 1, 1, None) };
    spec.check(true).map_err(|source| ImportError::Layer { node: id.clone(), source: source.into() })?;
    // From [n, channels, height, width] to columns of pixels.
    let mut pixels = vec![0i8; values.len()];
    let area = height * width;
    for (at, &w) in values.iter().enumerate() {
        let (column, rest) = (at / (channels * area), at % (channels * area));
        pixels[column * channels * area + rest % area * channels + rest / area] = w;
    }
    // Padding is zero, whatever the activations are.
    let range = if window.padding == [0; 4] {
        x.range
    } else {
        Interval { low: x.range.low.min(0), high: x.range.high.max(0) }
    };
    sums(id, spec, pixels, range, View::image(spec.output()))
}

/// The image that activations are.
pub fn image(id: &NodeId, x: &Activations) -> Result<Shape, ImportError> {
    x.view.shape().ok_or_else(|| {
        let reason = format!(
            "its input is {:?} to a row of the batch; it must be [channels, height, width] of an image that lies pixel by \
             pixel (a batch of several channels: declare it [batch, height, width, channels] and Transpose it)",
            x.view.dims
        );
        ImportError::Shape { node: id.clone(), reason }
    })
}
