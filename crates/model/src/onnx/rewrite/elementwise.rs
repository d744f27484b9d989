//! Sums, functions with a constant, clamps, and the same elements under other shapes.
use super::super::attributes::list;
use super::super::error::ImportError;
use super::super::graph::Operand;
use super::super::relabel::relabel;
use super::super::value::View;
use super::graph::Arg;
use super::ops::Node;
use super::value::{Body, Integers, Pending, Reals, Value};

pub fn clamped(n: &Node, low: f32, high: f32) -> Result<Value, ImportError> {
    match n.args.first() {
        Some(Arg::Value(Value::Pending(x))) => {
            let clamp = |v: f32| v.max(low).min(high);
            Ok(Value::Pending(Box::new(Pending { low: clamp(x.low), high: clamp(x.high), ..(**x).clone() })))
        }
        _ => Ok(Value::Reals(n.reals(0)?.map(|v| v.max(low).min(high)))),
    }
}

pub fn add(n: &Node) -> Result<Value, ImportError> {
    match n.args {
        [Arg::Value(Value::Reals(x)), Arg::Value(Value::Reals(y))] => {
            let ((_, a), (_, b)) = (n.affine(0)?, n.affine(1)?);
            if x.view != y.view {
                return Err(n.shape(format!("its inputs are {:?} and {:?}", x.view.dims, y.view.dims)));
            }
            Ok(n.pending(x.view.clone(), Body::Sum([(x.source, a), (y.source, b)])))
        }
        [Arg::Value(Value::Pending(x)), Arg::Value(Value::Floats(_) | Value::Numbers(_))]
        | [Arg::Value(Value::Floats(_) | Value::Numbers(_)), Arg::Value(Value::Pending(x))] => {
            let at = usize::from(matches!(n.args[0], Arg::Value(Value::Pending(_))));
            let (Body::Product(product), true) = (&x.body, x.low == f32::NEG_INFINITY && x.high == f32::INFINITY)
            else {
                return Err(n.refuse("a constant can be added to a product only, and before it is clamped"));
            };
            let bias = n.floats(at)?.ok_or_else(|| n.refuse("its bias is missing"))?;
            let mut product = product.clone();
            let by_column = bias.dims.iter().filter(|&&d| d != 1).count() <= 1
                && (x.view.dims.len() == 1 || bias.values.len() == 1 || bias.dims.ends_with(&[1, 1]));
            if !by_column {
                return Err(n.shape(format!("its constant is {:?}: use one value for each column", bias.dims)));
            }
            let more = n.bias(Some(bias), product.bias.len())?;
            product.bias.iter_mut().zip(more).for_each(|(bias, more)| *bias += more);
            Ok(Value::Pending(Box::new(Pending { body: Body::Product(product), ..(**x).clone() })))
        }
        [Arg::Value(Value::Reals(_)), Arg::Value(Value::Floats(_) | Value::Numbers(_))]
        | [Arg::Value(Value::Floats(_) | Value::Numbers(_)), Arg::Value(Value::Reals(_))] => {
            let at = usize::from(matches!(n.args[0], Arg::Value(Value::Reals(_))));
            match n.floats(at)? {
                Some(constant) if constant.values.len() > 1 => {
                    let (x, affine) = n.affine(1 - at)?;
                    n.biased(x, affine, constant)
                }
                _ => scalar_function(n),
            }
        }
        _ => scalar_function(n),
    }
}

/// `Add`, `Sub`, `Mul` or `Div` of an activation and one constant.
pub fn scalar_function(n: &Node) -> Result<Value, ImportError> {
    let [a, b] = n.args else { return Err(n.refuse("it has not two operands")) };
    let constant = |arg: &Arg| matches!(arg, Arg::Value(Value::Floats(_) | Value::Numbers(_)));
    if constant(a) == constant(b) {
        return Err(n.refuse(
            "two activations can only be added, each behind its own DequantizeLinear: their product is no layer",
        ));
    }
    let (at, c) = if constant(a) { (1, n.scalar(0)?) } else { (0, n.scalar(1)?) };
    let f: fn(f32, f32) -> f32 = match n.node.op_type.as_str() {
        "Add" => |x, y| x + y,
        "Sub" => |x, y| x - y,
        "Mul" => |x, y| x * y,
        _ => |x, y| x / y,
    };
    Ok(Value::Reals(n.reals(at)?.map(|v| if at == 0 { f(v, c) } else { f(c, v) })))
}

/// The same elements under another shape.
pub fn renamed(n: &Node) -> Result<Value, ImportError> {
    let view = |view: &View| -> Result<View, ImportError> {
        let sizes = |at: usize| if let Some(Arg::Sizes(sizes)) = n.args.get(at) { Some(sizes.clone()) } else { None };
        let axes = sizes(1).unwrap_or_else(|| list(n.node, "axes").to_vec());
        let rank = view.dims.len() as i64 + 1;
        match n.node.op_type.as_str() {
            "Identity" | "Dropout" => Ok(view.clone()),
            "Squeeze" => {
                let gone = |at: usize| axes.is_empty() || axes.iter().any(|&a| a.rem_euclid(rank) == at as i64 + 1);
                let kept = |(at, &d): (usize, &usize)| (!(d == 1 && gone(at))).then_some(d);
                let dims: Vec<usize> = view.dims.iter().enumerate().filter_map(kept).collect();
                Ok(View { dims: if dims.is_empty() { vec![1] } else { dims }, ..view.clone() })
            }
            "Unsqueeze" => {
                let mut dims = view.dims.clone();
                let rank = rank + axes.len() as i64;
                let mut places: Vec<i64> = axes.iter().map(|a| a.rem_euclid(rank)).collect();
                places.sort_unstable();
                for place in places {
                    let at = usize::try_from(place - 1).ok().filter(|&at| at <= dims.len());
                    dims.insert(at.ok_or_else(|| n.refuse("it moves the batch"))?, 1);
                }
                Ok(View { dims, ..view.clone() })
            }
            _ => {
                let mut operands = vec![Operand::Value("")];
                operands.extend(sizes(1).map(Operand::Sizes));
                relabel(n.node, n.id, &operands, view)
            }
        }
    };
    Ok(match n.args.first() {
        Some(Arg::Value(Value::Input(x))) => Value::Input(view(x)?),
        Some(Arg::Value(Value::Reals(x))) => Value::Reals(Reals { view: view(&x.view)?, ..x.clone() }),
        Some(Arg::Value(Value::Integers(x))) => Value::Integers(Integers { view: view(&x.view)?, ..x.clone() }),
        Some(Arg::Value(Value::Pending(x))) => {
            Value::Pending(Box::new(Pending { view: view(&x.view)?, ..(**x).clone() }))
        }
        _ => return Err(n.refuse("its input is not computed from the model's input")),
    })
}
