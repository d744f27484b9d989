//! Operators that dequantise, compute and quantise in one: `QLinearConv`, `QGemm`, ...
use super::super::attributes::integer;
use super::super::constant::Constant;
use super::super::error::ImportError;
use super::graph::{Arg, State};
use super::ops::Node;
use super::tensor::{Floats, Numbers};
use super::unary;
use super::value::{Affine, Body, Pending, Reals, Value};

impl State {
    pub fn qlinear(&mut self, n: &Node) -> Result<Value, ImportError> {
        let op = n.node.op_type.as_str();
        let real = match op {
            "QLinearConv" => {
                let (x, affine) = self.operand(n, 0)?;
                let w = weights(n, 3, 0)?;
                let bias = int_bias(n, 8, affine, &w)?;
                return self.finish(n, n.conv(&x, affine, &w, bias)?, 6);
            }
            "QLinearMatMul" => {
                let (x, affine) = self.operand(n, 0)?;
                return self.finish(n, n.matmul(&x, affine, &weights(n, 3, 1)?, false, None)?, 6);
            }
            "QGemm" => {
                let transposed = integer(n.node, "transB", 0) != 0;
                let (x, affine) = self.operand(n, 0)?;
                let w = n.gemm_weights(weights(n, 3, i64::from(!transposed))?)?;
                let bias = int_bias(n, 6, affine, &w)?;
                let value = n.matmul(&x, affine, &w, transposed, bias)?;
                // Without a scale for its output it ends in real numbers.
                return if n.args.len() > 7 { self.finish(n, value, 7) } else { Ok(value) };
            }
            "QLinearAdd" => {
                if let Some(Arg::Constant(_)) = n.args.get(3) {
                    let (x, affine) = self.operand(n, 0)?;
                    let constant = weights(n, 3, 0)?.reals();
                    match constant.scalar() {
                        Some(c) => Value::Reals(x.map(|v| v + c)),
                        None => n.biased(&x, affine, constant)?,
                    }
                } else {
                    let ((x, a), (y, b)) = (self.operand(n, 0)?, self.operand(n, 3)?);
                    if x.view != y.view {
                        return Err(n.shape(format!("its inputs are {:?} and {:?}", x.view.dims, y.view.dims)));
                    }
                    let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
                    let body = Body::Sum([(x.source, a), (y.source, b)]);
                    Value::Pending(Box::new(Pending { node: n.id.clone(), view: x.view, body, low, high }))
                }
            }
            "QLinearSigmoid" => Value::Reals(self.operand(n, 0)?.0.map(unary::sigmoid)),
            "QLinearLeakyRelu" => {
                let alpha = n.node.attribute.iter().find(|a| a.name == "alpha").map_or(0.01, |a| a.f);
                Value::Reals(self.operand(n, 0)?.0.map(|v| if v < 0.0 { alpha * v } else { v }))
            }
            "QLinearAveragePool" | "QLinearGlobalAveragePool" => {
                if integer(n.node, "channels_last", 0) != 0 {
                    return Err(n.refuse("use channels_last 0"));
                }
                let (x, affine) = self.operand(n, 0)?;
                n.average(&x, affine, op == "QLinearGlobalAveragePool")?
            }
            _ => {
                let hint = "of the QLinear operators, Conv, MatMul, Add, Sigmoid, LeakyRelu, AveragePool and \
                            GlobalAveragePool are known, and QGemm";
                return Err(ImportError::Unsupported { node: n.id.clone(), hint });
            }
        };
        self.finish(n, real, if op == "QLinearAdd" { 6 } else { 3 })
    }

    /// The activation at operand `at`, with its scale and zero point behind it.
    fn operand(&mut self, n: &Node, at: usize) -> Result<(Reals, Affine), ImportError> {
        let target = self.target(n, at + 1, at + 2)?;
        let arg = n.args.get(at).unwrap_or(&Arg::Absent);
        match self.dequantise(n.id, arg, target)? {
            Value::Reals(x) => {
                let affine = x.affine.ok_or_else(|| n.refuse("its input has no scale"))?;
                Ok((x, affine))
            }
            _ => Err(n.refuse("its input is not quantised")),
        }
    }

    fn finish(&mut self, n: &Node, value: Value, scale: usize) -> Result<Value, ImportError> {
        let to = self.target(n, scale, scale + 1)?;
        self.quantise(n.id, &value, to)
    }
}

/// Constant weights at operand `at`, with their scales and zero points behind them.
fn weights(n: &Node, at: usize, axis: i64) -> Result<Numbers, ImportError> {
    let Some(Arg::Constant(constant)) = n.args.get(at) else {
        return Err(n.refuse("its weights are not constants"));
    };
    let scales = n.floats(at + 1)?.ok_or_else(|| n.refuse("its weights have no scale"))?;
    let zero = if let Some(Arg::Constant(zero)) = n.args.get(at + 2) { Some(zero) } else { None };
    State::numbers(n.id, constant, &scales, zero, axis)
}

/// An INT32 bias in steps of the product.
fn int_bias(n: &Node, at: usize, input: Affine, w: &Numbers) -> Result<Option<Floats>, ImportError> {
    let bias: &Constant = match n.args.get(at) {
        None | Some(Arg::Absent) => return Ok(None),
        Some(Arg::Constant(bias)) => bias,
        Some(_) => return Err(n.refuse("its bias is not an INT32 constant")),
    };
    let scale = |j: usize| input.scale * w.scales[j % w.scales.len()];
    let values = bias.values.iter().enumerate().map(|(j, &b)| b as f32 * scale(j)).collect();
    Ok(Some(Floats { dims: bias.dims.clone(), values }))
}
