//! Functions of one number, evaluated for all 256 bytes.
use super::super::proto::NodeProto;

/// A float attribute.
fn float(node: &NodeProto, name: &str, default: f32) -> f32 {
    node.attribute.iter().find(|a| a.name == name).map_or(default, |a| a.f)
}

/// The operator as a function; `None` if it is none of those.
pub fn function(node: &NodeProto) -> Option<Box<dyn Fn(f32) -> f32>> {
    let alpha = |default| float(node, "alpha", default);
    Some(match node.op_type.as_str() {
        "Relu" => Box::new(|x| x.max(0.0)),
        "Sigmoid" => Box::new(sigmoid),
        "Tanh" => Box::new(f32::tanh),
        "Exp" => Box::new(f32::exp),
        "Abs" => Box::new(f32::abs),
        "Neg" => Box::new(|x| -x),
        "Softplus" => Box::new(|x| x.exp().ln_1p()),
        "Softsign" => Box::new(|x| x / (1.0 + x.abs())),
        "HardSwish" => Box::new(|x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        "LeakyRelu" => {
            let alpha = alpha(0.01);
            Box::new(move |x| if x < 0.0 { alpha * x } else { x })
        }
        "Elu" => {
            let alpha = alpha(1.0);
            Box::new(move |x| if x < 0.0 { alpha * x.exp_m1() } else { x })
        }
        "HardSigmoid" => {
            let (alpha, beta) = (alpha(0.2), float(node, "beta", 0.5));
            Box::new(move |x| (alpha * x + beta).clamp(0.0, 1.0))
        }
        _ => return None,
    })
}

pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
