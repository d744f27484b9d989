//! Products: `MatMulInteger` and `ConvInteger`.
use super::attributes;
use super::constant::{Constant, Element};
use super::error::{ImportError, NodeId};
use super::formula::{Formula, Interval};
use super::graph::Operand;
use super::proto::NodeProto;
use super::value::{Activations, Body, Product, Sums, View};
use judge::{Layer, Op, Shape, Window};

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
    /// What is taken off every activation.
    zero_point: i128,
}

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
    if weights.element == Element::I32 {
        return Err(refuse("its weights are INT32, not INT8 or UINT8".into()));
    }
    let zero = zero_point(1, weights.element)?;
    let values: Result<Vec<i8>, _> = weights.values.iter().map(|w| i8::try_from(w - zero)).collect();
    let values = values.map_err(|_| refuse(format!("a weight less its zero point {zero} is not INT8")))?;
    Ok(Weights { dims: &weights.dims, values, zero_point: zero_point(0, element)?.into() })
}

/// `zero_point` is taken off every activation: the sum of a column's weights times it goes into the bias.
fn sums(
    id: &NodeId,
    spec: Layer,
    weights: Vec<i8>,
    range: Interval,
    zero_point: i128,
    view: View,
) -> Result<Sums, ImportError> {
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
    let columns = weights.chunks_exact(spec.k() as usize);
    let bias: Vec<i128> =
        columns.map(|column| -zero_point * column.iter().map(|&w| i128::from(w)).sum::<i128>()).collect();
    let formula =
        Formula::new(range_of(&products, &bias)).map_err(|reason| ImportError::Inexact { node: id.clone(), reason })?;
    Ok(Sums { node: id.clone(), body: Body::Product(Product { spec, weights, products, bias }), view, formula })
}

pub fn matmul(id: &NodeId, operands: &[Operand], x: &Activations) -> Result<Sums, ImportError> {
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let Weights { dims, values, zero_point } = weights(id, operands, x.element)?;
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
    let columns = gathered(&values, n, &x.view.order);
    let spec = Layer::gemm(x.source, k as u16, n as u16, None);
    sums(id, spec, columns, x.range, zero_point, View::image(Shape::flat(n as u16)).flattened())
}

pub fn conv(node: &NodeProto, id: &NodeId, operands: &[Operand], x: &Activations) -> Result<Sums, ImportError> {
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let Weights { dims, values, zero_point } = weights(id, operands, x.element)?;
    let filters = filters(node, id, dims, &x.view)?;
    let fill = i8::try_from(zero_point).ok();
    let window = attributes::window(node, id, Some(filters.kernel), filters.input, fill.unwrap_or(0))?;
    let padded = window.padding != [0; 4];
    if padded && fill.is_none() {
        return Err(shape(format!("its padding is the zero point {zero_point}, which is not INT8")));
    }
    let spec = filters.layer(window, x.source);
    spec.check(true).map_err(|source| ImportError::Layer { node: id.clone(), source: source.into() })?;
    let range = if padded {
        Interval { low: x.range.low.min(zero_point), high: x.range.high.max(zero_point) }
    } else {
        x.range
    };
    let window = if padded { window } else { Window { fill: 0, ..window } };
    let spec = filters.layer(window, x.source);
    sums(id, spec, filters.columns(&values), range, zero_point, View::image(spec.output()))
}

/// From `[k, n]` row-major, with rows as ONNX numbers the input, to columns in the order of the input's row.
pub fn gathered<T: Copy + Default>(values: &[T], n: usize, order: &[u32]) -> Vec<T> {
    let k = order.len();
    let mut columns = vec![T::default(); k * n];
    for (row, &place) in values.chunks_exact(n).zip(order) {
        for (j, &w) in row.iter().enumerate() {
            columns[j * k + place as usize] = w;
        }
    }
    columns
}

/// The shape of a convolution's weights.
pub struct Filters {
    pub n: u16,
    pub input: Shape,
    pub kernel: [usize; 2],
    groups: usize,
}

/// Reads weights of `[outputs, inputs of a group, height, width]`.
pub fn filters(node: &NodeProto, id: &NodeId, dims: &[usize], view: &View) -> Result<Filters, ImportError> {
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let &[n, channels, height, width] = dims else {
        return Err(shape(format!("its weights have shape {dims:?}, not [outputs, inputs, height, width]")));
    };
    let input = image(id, view)?;
    let groups = usize::try_from(attributes::integer(node, "group", 1)).unwrap_or(0);
    if groups == 0 || !n.is_multiple_of(groups) {
        return Err(shape(format!("its {n} outputs cannot be shared by {groups} groups")));
    }
    if channels.checked_mul(groups) != Some(usize::from(input.channels)) {
        let groups = if groups == 1 { String::new() } else { format!(" in each of {groups} groups") };
        let found = input.channels;
        return Err(shape(format!("its weights are for {channels} channels{groups}, but its input has {found}")));
    }
    let n = u16::try_from(n).map_err(|_| shape(format!("it has {n} outputs")))?;
    Ok(Filters { n, input, kernel: [height, width], groups })
}

impl Filters {
    pub fn layer(&self, window: Window, from: u8) -> Layer {
        Layer { op: Op::Conv { window, n: self.n }, input: self.input, ..Layer::gemm(from, 1, 1, None) }
    }

    /// From `[outputs, inputs of a group, height, width]` to columns of pixels with all their channels: those of other
    /// groups weigh nothing.
    pub fn columns<T: Copy + Default>(&self, values: &[T]) -> Vec<T> {
        let (n, channels) = (usize::from(self.n), usize::from(self.input.channels));
        let (area, inside) = (self.kernel[0] * self.kernel[1], channels / self.groups);
        let mut columns = vec![T::default(); n * channels * area];
        for (at, &w) in values.iter().enumerate() {
            let (column, rest) = (at / (inside * area), at % (inside * area));
            let channel = column / (n / self.groups) * inside + rest / area;
            columns[column * channels * area + rest % area * channels + channel] = w;
        }
        columns
    }
}

/// The image that activations are.
pub fn image(id: &NodeId, view: &View) -> Result<Shape, ImportError> {
    view.shape().ok_or_else(|| {
        let reason = format!(
            "its input is {:?} to a row of the batch; it must be [channels, height, width] of an image that lies pixel by \
             pixel (a batch of several channels: declare it [batch, height, width, channels] and Transpose it)",
            view.dims
        );
        ImportError::Shape { node: id.clone(), reason }
    })
}
