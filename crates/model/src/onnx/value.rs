//! What a node computes: activations, or INT32 values on their way from accumulators to activations.
use super::constant::Element;
use super::error::{ImportError, NodeId};
use super::formula::{Formula, Interval};
use crate::{ModelError, ModelLayer};
use judge::commitment::MAX_ROW_BYTES;
use judge::{Layer, Op, Requant, Shape};

/// How a tensor without its batch dimension lies in a row. ONNX numbers images by channel first, layers by pixel first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub dims: Vec<usize>,
    /// For every element, in ONNX's order, its place in the row.
    pub order: Vec<u32>,
}

impl View {
    /// Elements as ONNX numbers them; `None` if there are none or too many.
    pub fn row_major(dims: &[usize]) -> Option<Self> {
        let elements = dims.iter().try_fold(1usize, |product, &d| product.checked_mul(d))?;
        let fits = (1..=MAX_ROW_BYTES).contains(&elements) && !dims.is_empty();
        fits.then(|| View { dims: dims.to_vec(), order: (0..elements as u32).collect() })
    }

    /// `[channels, height, width]` of an image that lies pixel by pixel.
    pub fn image(shape: Shape) -> Self {
        let (h, w, c) = (usize::from(shape.height), usize::from(shape.width), usize::from(shape.channels));
        let order = (0..c).flat_map(|channel| (0..h * w).map(move |pixel| (pixel * c + channel) as u32)).collect();
        View { dims: vec![c, h, w], order }
    }

    pub fn is_row_major(&self) -> bool {
        self.order.iter().enumerate().all(|(i, &place)| i == place as usize)
    }

    /// The image that it is, if it is one of `[channels, height, width]` that lies pixel by pixel.
    pub fn shape(&self) -> Option<Shape> {
        let &[c, h, w] = &self.dims[..] else { return None };
        let narrow = |size| u16::try_from(size).ok();
        let shape = Shape { height: narrow(h)?, width: narrow(w)?, channels: narrow(c)? };
        (View::image(shape) == *self).then_some(shape)
    }

    /// A shape with as many elements, for layers that do not look at it.
    pub fn any_shape(&self) -> Shape {
        let elements = self.order.len();
        let channels = (1..=4096).rev().find(|c| elements.is_multiple_of(*c) && elements / c <= 4096).unwrap_or(1);
        Shape { height: (elements / channels) as u16, width: 1, channels: channels as u16 }
    }

    /// Dimension `i` of the result is dimension `permutation[i]` of this one.
    pub fn transpose(&self, permutation: &[usize]) -> Self {
        let mut strides = vec![1; self.dims.len()];
        for i in (1..self.dims.len()).rev() {
            strides[i - 1] = strides[i] * self.dims[i];
        }
        let dims: Vec<usize> = permutation.iter().map(|&i| self.dims[i]).collect();
        let mut from = vec![0usize];
        for (&size, &dimension) in dims.iter().zip(permutation) {
            from = from
                .iter()
                .flat_map(|&base| (0..size).map(move |i| (base, i)))
                .map(|(base, i)| base + i * strides[dimension])
                .collect();
        }
        View { dims, order: from.into_iter().map(|at| self.order[at]).collect() }
    }
}

/// A layer's output, or the model's input.
#[derive(Clone, Debug)]
pub struct Activations {
    pub source: u8,
    pub element: Element,
    pub range: Interval,
    pub view: View,
}

/// What a node computes.
#[derive(Clone, Debug)]
pub enum Value {
    Activations(Activations),
    /// What is computed from a layer's accumulators. It has one user.
    Sums(Box<Sums>),
}

/// A layer under construction.
#[derive(Clone, Debug)]
pub struct Sums {
    pub node: NodeId,
    pub body: Body,
    pub view: View,
    pub formula: Formula,
}

#[derive(Clone, Debug)]
pub enum Body {
    Product(Product),
    /// One or two activations, each times a constant.
    Linear(Vec<Term>),
}

#[derive(Clone, Debug)]
pub struct Product {
    pub spec: Layer,
    /// `n` columns of `k` weights, in the order of the row.
    pub weights: Vec<i8>,
    /// Per column, what the product without bias can be.
    pub products: Vec<Interval>,
    pub bias: Vec<i128>,
}

#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub source: u8,
    pub multiplier: i128,
    pub range: Interval,
}

impl Sums {
    /// Activations cast to INT32.
    pub fn of(node: &NodeId, x: &Activations) -> Result<Self, String> {
        let term = Term { source: x.source, multiplier: 1, range: x.range };
        let formula = Formula::new(x.range)?;
        Ok(Sums { node: node.clone(), body: Body::Linear(vec![term]), view: x.view.clone(), formula })
    }

    pub fn is_product(&self) -> bool {
        matches!(self.body, Body::Product(_))
    }

    /// One activation on its way through INT32: the lookup that gives what ONNX gives for every value it can have.
    pub fn lookup(&self, index: usize) -> Option<Result<ModelLayer, ImportError>> {
        let Body::Linear(terms) = &self.body else { return None };
        let &[Term { source, multiplier, range }] = &terms[..] else { return None };
        let entry = |byte: u8| {
            // Bytes outside the range cannot come.
            let value = i128::from(byte as i8).clamp(range.low, range.high);
            self.formula.apply(value * multiplier) as u8
        };
        let input = self.view.any_shape();
        let spec = Layer { op: Op::Lookup, from: source, input, requant: None, weight_root: [0; 32] };
        let layer = ModelLayer::of(index, spec, (0..=255).map(entry).collect());
        Some(layer.map_err(|source| ImportError::Layer { node: self.node.clone(), source }))
    }

    /// The layer that ends with this rule, or with its accumulators.
    pub fn layer(&self, index: usize, requant: Option<Requant>) -> Result<ModelLayer, ImportError> {
        let failed = |source: ModelError| ImportError::Layer { node: self.node.clone(), source };
        let inexact = |reason: &str| ImportError::Inexact { node: self.node.clone(), reason: reason.into() };
        let added = self.formula.bias();
        match (&self.body, requant) {
            (Body::Product(product), _) => {
                let bias: Result<Vec<i32>, _> = product.bias.iter().map(|b| i32::try_from(b + added)).collect();
                let bias =
                    bias.map_err(|_| inexact("its bias, with all additions before the multiplication, is not INT32"))?;
                let spec = Layer { requant, ..product.spec };
                ModelLayer::weighted(index, spec, &product.weights, &bias).map_err(failed)
            }
            (Body::Linear(terms), Some(rule)) => {
                let bias = i32::try_from(added)
                    .map_err(|_| inexact("its additions before the multiplication do not come to an INT32"))?;
                let &[x, y] = &terms[..] else {
                    return Err(inexact("a sum has two terms"));
                };
                let multipliers = [x.multiplier as i16, y.multiplier as i16];
                let op = Op::Add { with: y.source, multipliers, bias };
                let input = self.view.any_shape();
                let spec = Layer { op, from: x.source, input, requant: Some(rule), weight_root: [0; 32] };
                ModelLayer::of(index, spec, Vec::new()).map_err(failed)
            }
            (Body::Linear(_), None) => Err(inexact("its INT32 values are no layer's: Cast them to INT8 or UINT8")),
        }
    }
}
