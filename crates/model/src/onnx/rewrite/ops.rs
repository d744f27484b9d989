//! What each operator makes of its arguments.
use super::super::attributes::{self, integer};
use super::super::constant::Element;
use super::super::error::{ImportError, NodeId};
use super::super::product::{filters, gathered, image};
use super::super::proto::NodeProto;
use super::super::value::View;
use super::elementwise::{add, clamped, renamed, scalar_function};
use super::emit::Target;
use super::graph::{Arg, State};
use super::tensor::{Floats, Numbers};
use super::unary;
use super::value::{Affine, Body, Integers, Pending, Product, Reals, Value};
use judge::{Layer, Op, Shape, Window};

/// A node under way.
pub struct Node<'n> {
    pub node: &'n NodeProto,
    pub id: &'n NodeId,
    pub args: &'n [Arg],
}

impl Node<'_> {
    pub fn refuse(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Operand { node: self.id.clone(), reason: reason.into() }
    }

    pub fn shape(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Shape { node: self.id.clone(), reason: reason.into() }
    }

    pub fn reals(&self, at: usize) -> Result<&Reals, ImportError> {
        match self.args.get(at) {
            Some(Arg::Value(Value::Reals(x))) => Ok(x),
            Some(Arg::Value(Value::Pending(_) | Value::Input(_))) => {
                Err(self.refuse("its input is not quantised: put QuantizeLinear and DequantizeLinear before it"))
            }
            _ => Err(self.refuse(format!("its operand {at} is not a dequantised activation"))),
        }
    }

    /// Activations with a scale, which no function was applied to.
    pub fn affine(&self, at: usize) -> Result<(&Reals, Affine), ImportError> {
        let x = self.reals(at)?;
        let affine = x.affine.ok_or_else(|| {
            self.refuse("a function was applied to its input: put QuantizeLinear and DequantizeLinear before it")
        })?;
        Ok((x, affine))
    }

    fn numbers(&self, at: usize) -> Result<&Numbers, ImportError> {
        match self.args.get(at) {
            Some(Arg::Value(Value::Numbers(x))) => Ok(x),
            Some(Arg::Value(Value::Floats(_))) => Err(self.refuse("its weights are FLOAT: quantise them to INT8")),
            _ => Err(self.refuse("its weights are not constants behind a DequantizeLinear")),
        }
    }

    /// A constant of real numbers; `None` if it is left out.
    pub fn floats(&self, at: usize) -> Result<Option<Floats>, ImportError> {
        match self.args.get(at) {
            None | Some(Arg::Absent) => Ok(None),
            Some(Arg::Value(Value::Floats(x))) => Ok(Some(x.clone())),
            Some(Arg::Value(Value::Numbers(x))) => Ok(Some(x.reals())),
            _ => Err(self.refuse(format!("its operand {at} is not a constant of real numbers"))),
        }
    }

    pub fn scalar(&self, at: usize) -> Result<f32, ImportError> {
        let scalar = self.floats(at)?.and_then(|x| x.scalar());
        scalar.ok_or_else(|| self.refuse(format!("its operand {at} is not one FLOAT constant")))
    }

    pub fn pending(&self, view: View, body: Body) -> Value {
        let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
        Value::Pending(Box::new(Pending { node: self.id.clone(), view, body, low, high }))
    }

    /// A fully connected layer with weights `[k, n]`.
    pub fn matmul(
        &self,
        x: &Reals,
        input: Affine,
        w: &Numbers,
        transposed: bool,
        bias: Option<Floats>,
    ) -> Result<Value, ImportError> {
        let (k, n) = match (&w.dims[..], transposed) {
            (&[k, n], false) | (&[n, k], true) => (k, n),
            (dims, _) => return Err(self.shape(format!("its weights have shape {dims:?}, not two dimensions"))),
        };
        let width = x.view.order.len();
        if x.view.dims.len() != 1 || k != width {
            let dims = &x.view.dims;
            return Err(self.shape(format!("its weights are [{k}, {n}], but its input is {dims:?} to a row")));
        }
        let narrow = |size: usize| u16::try_from(size).ok().filter(|&size| size > 0);
        let (Some(k16), Some(n16)) = (narrow(k), narrow(n)) else {
            return Err(self.shape(format!("its weights are [{k}, {n}]: sizes are 1 to 65535")));
        };
        let values = self.narrow(w)?;
        let rows: Vec<i16> =
            if transposed { (0..k).flat_map(|i| values.iter().skip(i).step_by(k).copied()).collect() } else { values };
        let columns = gathered(&rows, n, &x.view.order);
        let scales = self.column_scales(w, usize::from(!transposed), n)?;
        let bias = self.bias(bias, n)?;
        let spec = Layer::gemm(x.source, k16, n16, None);
        let view = View::row_major(&[n]).ok_or_else(|| self.shape("it has no outputs"))?;
        Ok(self.pending(view, Body::Product(Product { spec, input, columns, scales, bias })))
    }

    pub fn conv(&self, x: &Reals, input: Affine, w: &Numbers, bias: Option<Floats>) -> Result<Value, ImportError> {
        let filters = filters(self.node, self.id, &w.dims, &x.view)?;
        // Padding is zero, which is the zero point.
        let fill = i8::try_from(input.zero).map_err(|_| self.refuse("its zero point is out of range"))?;
        let mut window = attributes::window(self.node, self.id, Some(filters.kernel), filters.input, fill)?;
        if window.padding == [0; 4] {
            window.fill = 0;
        }
        let spec = filters.layer(window, x.source);
        spec.check(true).map_err(|source| ImportError::Layer { node: self.id.clone(), source: source.into() })?;
        let columns = filters.columns(&self.narrow(w)?);
        let n = usize::from(filters.n);
        let (scales, bias) = (self.column_scales(w, 0, n)?, self.bias(bias, n)?);
        Ok(self.pending(View::image(spec.output()), Body::Product(Product { spec, input, columns, scales, bias })))
    }

    /// An average over a window; over the whole image if there is none.
    pub fn average(&self, x: &Reals, affine: Affine, global: bool) -> Result<Value, ImportError> {
        let input = self.image(&x.view)?;
        let fill = i8::try_from(affine.zero).map_err(|_| self.refuse("its zero point is out of range"))?;
        let window = if global {
            let [height, width] = [input.height, input.width].map(|size| u8::try_from(size).unwrap_or(u8::MAX));
            Window { kernel: [height, width], stride: [1; 2], padding: [0; 4], fill }
        } else {
            attributes::window(self.node, self.id, None, input, fill)?
        };
        if window.padding != [0; 4] && integer(self.node, "count_include_pad", 0) == 0 {
            return Err(self.refuse("its averages leave out the padding, so they have different sizes"));
        }
        let spec = Layer { op: Op::AveragePool { window }, from: x.source, input, requant: None, weight_root: [0; 32] };
        let view = View::image(spec.output());
        Ok(self.pending(view, Body::Average { source: x.source, affine, spec, window }))
    }

    pub fn image(&self, view: &View) -> Result<Shape, ImportError> {
        image(self.id, view)
    }

    fn narrow(&self, w: &Numbers) -> Result<Vec<i16>, ImportError> {
        let narrow = w.values.iter().map(|&v| i16::try_from(v).ok().filter(|v| (-255..=255).contains(v)));
        narrow.collect::<Option<_>>().ok_or_else(|| self.refuse("its weights are not INT8 or UINT8"))
    }

    /// Weights of a `Gemm`, times its alpha.
    pub fn gemm_weights(&self, mut w: Numbers) -> Result<Numbers, ImportError> {
        let alpha = self.node.attribute.iter().find(|a| a.name == "alpha").map_or(1.0, |a| a.f);
        if !(alpha.is_finite() && alpha > 0.0) || integer(self.node, "transA", 0) != 0 {
            return Err(self.refuse("use an alpha over 0 and transA 0"));
        }
        w.scales.iter_mut().for_each(|scale| *scale *= alpha);
        Ok(w)
    }

    /// Activations and one constant for each column or channel: a product with the identity, whose bias it is.
    pub fn biased(&self, x: &Reals, input: Affine, constant: Floats) -> Result<Value, ImportError> {
        let flat = x.view.dims.len() == 1;
        let shape = if flat { Shape::flat(0) } else { self.image(&x.view)? };
        let n = if flat { x.view.order.len() } else { shape.channels.into() };
        let by_column = if flat { constant.dims.last() == Some(&n) } else { constant.dims.ends_with(&[n, 1, 1]) };
        if !by_column || constant.values.len() != n {
            return Err(
                self.shape(format!("its constant is {:?}: use one value for each of {n} columns", constant.dims))
            );
        }
        let narrow = u16::try_from(n).map_err(|_| self.shape(format!("it has {n} columns")))?;
        let (op, from) = (Op::Gemm { n: narrow }, x.source);
        let spec = if flat {
            Layer { op, ..Layer::gemm(from, narrow, narrow, None) }
        } else {
            let window = Window { kernel: [1; 2], stride: [1; 2], padding: [0; 4], fill: 0 };
            Layer { op: Op::Conv { window, n: narrow }, input: shape, ..Layer::gemm(from, 1, 1, None) }
        };
        // 64 to a step: so much finer is the bias.
        let mut columns = vec![0; n * n];
        let place = |j: usize| if flat { x.view.order[j] as usize } else { j };
        (0..n).for_each(|j| columns[j * n + place(j)] = 64);
        let bias = constant.values.into_iter().map(f64::from).collect();
        let view = if flat { View::row_major(&[n]).ok_or_else(|| self.shape("it is empty"))? } else { x.view.clone() };
        Ok(self.pending(view, Body::Product(Product { spec, input, columns, scales: vec![1.0 / 64.0], bias })))
    }

    fn column_scales(&self, w: &Numbers, axis: usize, n: usize) -> Result<Vec<f32>, ImportError> {
        match w.scales.len() {
            1 => Ok(w.scales.clone()),
            count if count == n && w.axis == axis => Ok(w.scales.clone()),
            count => Err(self.refuse(format!(
                "its weights have {count} scales along dimension {}: use one scale, or one \
                                              for each output",
                w.axis
            ))),
        }
    }

    pub fn bias(&self, bias: Option<Floats>, n: usize) -> Result<Vec<f64>, ImportError> {
        let Some(bias) = bias else { return Ok(vec![0.0; n]) };
        match bias.values.len() {
            count if count == n => Ok(bias.values.into_iter().map(f64::from).collect()),
            1 => Ok(vec![bias.values[0].into(); n]),
            count => Err(self.shape(format!("its bias has {count} values for {n} columns"))),
        }
    }
}

impl State {
    /// What a node computes. `last`: it gives the graph's output.
    pub fn node(&mut self, node: &NodeProto, id: &NodeId, args: &[Arg], last: bool) -> Result<Value, ImportError> {
        let n = Node { node, id, args };
        if !["", "ai.onnx", "com.microsoft"].contains(&node.domain.as_str()) {
            return Err(ImportError::Unsupported { node: id.clone(), hint: "it is not a standard operator" });
        }
        match node.op_type.as_str() {
            "QuantizeLinear" => {
                let to = self.target(&n, 1, 2)?;
                match args.first() {
                    Some(Arg::Value(x)) => self.quantise(id, x, to),
                    _ => Err(n.refuse("its input is not a value")),
                }
            }
            "DequantizeLinear" => match args.first() {
                Some(Arg::Constant(constant)) => {
                    let scales = n.floats(1)?.ok_or_else(|| n.refuse("its scale is missing"))?;
                    let zero = if let Some(Arg::Constant(zero)) = args.get(2) { Some(zero) } else { None };
                    Ok(Value::Numbers(Self::numbers(id, constant, &scales, zero, integer(node, "axis", 1))?))
                }
                Some(x) => {
                    let mut target = self.target(&n, 1, 2)?;
                    if let (Arg::Value(Value::Integers(x)), None | Some(Arg::Absent)) = (x, args.get(2)) {
                        target.element = x.element;
                    }
                    self.dequantise(id, x, target)
                }
                None => Err(n.refuse("it has no input")),
            },
            "Conv" => {
                let (x, affine) = n.affine(0)?;
                n.conv(x, affine, n.numbers(1)?, n.floats(2)?)
            }
            "MatMul" => {
                let (x, affine) = n.affine(0)?;
                n.matmul(x, affine, n.numbers(1)?, false, None)
            }
            "Gemm" => {
                if node.attribute.iter().any(|a| a.name == "beta" && a.f != 1.0) {
                    return Err(n.refuse("use beta 1"));
                }
                let (x, affine) = n.affine(0)?;
                let w = n.gemm_weights(n.numbers(1)?.clone())?;
                n.matmul(x, affine, &w, integer(node, "transB", 0) != 0, n.floats(2)?)
            }
            "Add" => add(&n),
            "Sub" | "Mul" | "Div" => scalar_function(&n),
            "Clip" => {
                let low = n.floats(1)?.and_then(|x| x.scalar()).unwrap_or(f32::NEG_INFINITY);
                let high = n.floats(2)?.and_then(|x| x.scalar()).unwrap_or(f32::INFINITY);
                clamped(&n, low, high)
            }
            "Relu" => clamped(&n, 0.0, f32::INFINITY),
            "MaxPool" => self.max_pool(&n),
            "AveragePool" => {
                let (x, affine) = n.affine(0)?;
                n.average(x, affine, false)
            }
            "GlobalAveragePool" => {
                let (x, affine) = n.affine(0)?;
                n.average(x, affine, true)
            }
            "Reshape" | "Flatten" | "Transpose" | "Identity" | "Dropout" | "Squeeze" | "Unsqueeze" => renamed(&n),
            "Softmax" | "LogSoftmax" if last => {
                self.notes
                    .push(format!("{id} is left out: the outputs are what it is computed from, in the same order"));
                match args.first() {
                    Some(Arg::Value(x)) => Ok(x.clone()),
                    _ => Err(n.refuse("its input is a constant")),
                }
            }
            op if op.starts_with("QLinear") || op == "QGemm" => self.qlinear(&n),
            _ => match unary::function(node) {
                Some(f) if args.len() == 1 => Ok(Value::Reals(n.reals(0)?.map(f))),
                _ => Err(ImportError::Unsupported {
                    node: id.clone(),
                    hint: "quantised models may use Conv, Gemm, MatMul, Add, pools, functions of one value, and other \
                           names for the same elements",
                }),
            },
        }
    }

    /// The scale and the zero point among a node's operands.
    pub fn target(&self, n: &Node, scale: usize, zero: usize) -> Result<Target, ImportError> {
        let scale = n.scalar(scale).map_err(|_| n.refuse("activations need one scale, a FLOAT constant"))?;
        let (zero_point, element) = match n.args.get(zero) {
            None | Some(Arg::Absent) => match integer(n.node, "output_dtype", 0) {
                0 => (0, Element::U8),
                kind => {
                    let element = i32::try_from(kind).ok().and_then(Element::from_proto).filter(|e| e.range().1 <= 255);
                    (0, element.ok_or_else(|| n.refuse("it quantises to neither UINT8 nor INT8"))?)
                }
            },
            Some(Arg::Constant(c)) if c.values.len() == 1 && c.element.range().1 <= 255 => (c.values[0], c.element),
            Some(_) => return Err(n.refuse("its zero point is not one UINT8 or INT8 constant")),
        };
        if !(scale.is_finite() && scale > 0.0) {
            return Err(n.refuse(format!("its scale is {scale}")));
        }
        Ok(Target { scale, zero_point, element })
    }

    /// The greatest byte is the greatest number: dequantised or not, it stays what it is.
    fn max_pool(&mut self, n: &Node) -> Result<Value, ImportError> {
        let (from, view) = match n.args.first() {
            Some(Arg::Value(Value::Integers(x))) => (x.source, &x.view),
            _ => n.affine(0).map(|(x, _)| (x.source, &x.view))?,
        };
        let input = n.image(view)?;
        let window = attributes::window(n.node, n.id, None, input, i8::MIN)?;
        let spec = Layer { op: Op::MaxPool { window }, from, input, requant: None, weight_root: [0; 32] };
        let (source, view) = (self.layers.max_pool(n.id, spec)?, View::image(spec.output()));
        Ok(match n.args.first() {
            Some(Arg::Value(Value::Integers(x))) => Value::Integers(Integers { source, view, ..x.clone() }),
            _ => Value::Reals(Reals { source, view, ..n.reals(0)?.clone() }),
        })
    }
}
