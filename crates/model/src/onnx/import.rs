//! Walks the chain of nodes and turns it into layers.
use super::constant::{Constant, Element};
use super::error::{ImportError, NodeId};
use super::formula::{Formula, Interval};
use super::graph::{Graph, Operand, node_id, standard};
use super::proto::{ModelProto, NodeProto};
use crate::{Model, ModelLayer};
use judge::Requant;
use prost::Message;

/// Versions of the standard operators in which the subset's operators mean the same: from integer `Max` and `Min` on.
const OPSETS: std::ops::RangeInclusive<i64> = 12..=28;
const SUBSET: &str = "use MatMulInteger, Add, Sub, Mul, Div, Max, Min, Clip, Relu, Cast, Identity and Constant only";

/// Imports an ONNX file as a model called `name` that gives the same bits.
///
/// A UINT8 input becomes a model that accepts 0..=127.
///
/// # Errors
/// If the file is damaged, uses anything outside the subset, or its bits cannot be proven to be the same.
pub fn import(name: &str, bytes: &[u8]) -> Result<Model, ImportError> {
    let file = ModelProto::decode(bytes).map_err(|e| ImportError::NotOnnx(e.to_string()))?;
    let graph = file.graph.as_ref().ok_or_else(|| ImportError::NotOnnx("it has no graph".into()))?;
    check_opset(&file)?;
    if !file.functions.is_empty() {
        return Err(ImportError::Graph("the model defines functions of its own: inline them".into()));
    }
    let names = Graph::new(graph)?;
    let (mut tensor, input) = names.input()?;
    let input_range = if input.element == Element::U8 { (0, 127) } else { (-128, 127) };
    let range = Interval { low: i128::from(input_range.0), high: i128::from(input_range.1) };
    let mut importer = Importer {
        layers: Vec::new(),
        width: input.width,
        value: Value::Activations { element: input.element, range },
    };
    // Before the chain is walked: an unsupported operator explains more than the branch it may come with.
    check_ops(&graph.node)?;
    let mut last = None;
    for index in names.chain()? {
        let id = node_id(&graph.node, index);
        let operands = names.operands(index, tensor)?;
        importer.node(&graph.node[index], &id, &operands)?;
        tensor = names.result(index);
        last = Some(id);
    }
    let Some(last) = last else {
        return Err(ImportError::Graph("the graph has no layers: its output is its input".into()));
    };
    let element = importer.finish(&last)?;
    names.check_output(element, importer.width)?;
    Ok(Model::new(name, input_range, importer.layers)?)
}

fn check_opset(file: &ModelProto) -> Result<(), ImportError> {
    let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let versions: Vec<i64> = file.opset_import.iter().filter(|o| standard(&o.domain)).map(|o| o.version).collect();
    match versions[..] {
        [version] if OPSETS.contains(&version) => Ok(()),
        [version] => Err(ImportError::Opset(format!(
            "version {version} is outside {}..={}: convert the model",
            OPSETS.start(),
            OPSETS.end()
        ))),
        [] => Err(ImportError::Opset("none is declared, so the operators have no meaning".into())),
        _ => Err(ImportError::Opset(format!("{} versions of the standard operators are declared", versions.len()))),
    }
}

fn check_ops(nodes: &[NodeProto]) -> Result<(), ImportError> {
    for (index, node) in nodes.iter().enumerate() {
        let unsupported = |hint| Err(ImportError::Unsupported { node: node_id(nodes, index), hint });
        match node.op_type.as_str() {
            _ if !standard(node) => return unsupported("it is not a standard operator"),
            "MatMulInteger" | "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Clip" | "Relu" | "Cast" | "Identity"
            | "Constant" => {}
            "QLinearMatMul"
            | "QLinearConv"
            | "QuantizeLinear"
            | "DequantizeLinear"
            | "DynamicQuantizeLinear"
            | "QLinearAdd"
            | "QGemm" => {
                return unsupported(
                    "it rescales in floating point, whose rounding is not defined to the bit: write the scale as Mul \
                     and Div of INT32 constants",
                );
            }
            "ConvInteger" | "Conv" => return unsupported("layers are fully connected: lower it to MatMulInteger"),
            "MatMul" | "Gemm" => return unsupported("quantise it to MatMulInteger with INT8 weights"),
            _ => return unsupported(SUBSET),
        }
        let known: &[&str] = match node.op_type.as_str() {
            // The other two concern 8-bit floats.
            "Cast" => &["to", "saturate", "round_mode"],
            "Constant" => &["value"],
            _ => &[],
        };
        if let Some(a) = node.attribute.iter().find(|a| !known.contains(&a.name.as_str())) {
            let reason = format!("the attribute '{}' is not understood", a.name);
            return Err(ImportError::Operand { node: node_id(nodes, index), reason });
        }
    }
    Ok(())
}

/// What the chain has computed so far.
enum Value {
    /// A layer's input.
    Activations { element: Element, range: Interval },
    /// Accumulators, and what was computed from them.
    Sums(Box<Sums>),
}

/// A layer under construction.
struct Sums {
    node: NodeId,
    k: usize,
    /// `n` columns of `k` weights.
    weights: Vec<i8>,
    /// Per column, what the product without bias can be.
    products: Vec<Interval>,
    bias: Vec<i128>,
    formula: Formula,
}

struct Importer {
    layers: Vec<ModelLayer>,
    /// Columns of the present value.
    width: usize,
    value: Value,
}

impl Importer {
    fn node(&mut self, node: &NodeProto, id: &NodeId, operands: &[Operand]) -> Result<(), ImportError> {
        let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
        match (node.op_type.as_str(), &mut self.value) {
            ("Identity", _) => expect_alone(operands).map_err(refuse),
            ("MatMulInteger", Value::Activations { element, range }) => {
                let sums = matmul(id, operands, *element, *range, self.width)?;
                self.width = sums.bias.len();
                self.value = Value::Sums(Box::new(sums));
                Ok(())
            }
            ("MatMulInteger", Value::Sums(_)) => {
                Err(refuse("its input is INT32: requantise and Cast it to INT8 or UINT8 first".into()))
            }
            ("Cast", value) => {
                expect_alone(operands).map_err(refuse)?;
                let to = node.attribute.iter().find(|a| a.name == "to");
                let to = to.and_then(|a| i32::try_from(a.i).ok()).and_then(Element::from_proto);
                let to = to.ok_or_else(|| refuse("it does not cast to INT8, UINT8 or INT32".into()))?;
                match value {
                    Value::Sums(_) if to == Element::I32 => Ok(()),
                    Value::Sums(sums) => {
                        let (requant, range) = sums
                            .formula
                            .requant(to)
                            .map_err(|reason| ImportError::Inexact { node: id.clone(), reason })?;
                        self.layers.push(sums.layer(self.layers.len(), Some(requant))?);
                        self.value = Value::Activations { element: to, range };
                        Ok(())
                    }
                    Value::Activations { element, range } => {
                        let (low, high) = to.range();
                        if to == Element::I32 || range.low < low || range.high > high {
                            return Err(refuse(format!("{element} activations cannot be cast to {to}")));
                        }
                        *element = to;
                        Ok(())
                    }
                }
            }
            (_, Value::Activations { .. }) => {
                Err(refuse("it must follow a MatMulInteger and precede the Cast to INT8 or UINT8".into()))
            }
            (op, Value::Sums(sums)) => arithmetic(op, sums, id, operands),
        }
    }

    /// Ends the chain and gives the type of its result.
    fn finish(&mut self, last: &NodeId) -> Result<Element, ImportError> {
        match &self.value {
            Value::Activations { element, .. } => Ok(*element),
            Value::Sums(sums) if sums.formula.is_sum() => {
                self.layers.push(sums.layer(self.layers.len(), None)?);
                Ok(Element::I32)
            }
            Value::Sums(_) => {
                let reason = "it ends the graph with rescaled INT32 values: end with the biased MatMulInteger, or Cast \
                              to INT8 or UINT8";
                Err(ImportError::Operand { node: last.clone(), reason: reason.into() })
            }
        }
    }
}

impl Sums {
    fn layer(&self, index: usize, requant: Option<Requant>) -> Result<ModelLayer, ImportError> {
        let bias: Result<Vec<i32>, _> = self.bias.iter().map(|b| i32::try_from(b + self.formula.bias())).collect();
        let bias = bias.map_err(|_| ImportError::Inexact {
            node: self.node.clone(),
            reason: "its bias, with all additions before the multiplication, is not INT32".into(),
        })?;
        let (k, n) = (self.k as u32, bias.len() as u32);
        ModelLayer::new(index, k, n, requant, &self.weights, &bias)
            .map_err(|source| ImportError::Layer { node: self.node.clone(), source })
    }
}

/// What any column can be, with its bias.
fn range_of(products: &[Interval], bias: &[i128]) -> Interval {
    let ends = products.iter().zip(bias).map(|(p, b)| (p.low + b, p.high + b));
    let (low, high) = ends.fold((i128::MAX, i128::MIN), |(low, high), (l, h)| (low.min(l), high.max(h)));
    Interval { low, high }
}

fn matmul(
    id: &NodeId,
    operands: &[Operand],
    element: Element,
    range: Interval,
    width: usize,
) -> Result<Sums, ImportError> {
    let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
    let shape = |reason| ImportError::Shape { node: id.clone(), reason };
    let (weights, zero_points) = match operands {
        [Operand::Chain, Operand::Constant(weights), zero_points @ ..] if zero_points.len() <= 2 => {
            (weights, zero_points)
        }
        _ => return Err(refuse("it needs the activations, constant weights and at most two zero points".into())),
    };
    let zero_point = |at: usize, of: Element| match zero_points.get(at) {
        None | Some(Operand::Absent) => Ok(0),
        Some(Operand::Constant(c)) if c.element == of => {
            c.scalar().ok_or_else(|| refuse("a zero point is not a scalar".into()))
        }
        Some(_) => Err(refuse(format!("a zero point is not a constant {of}"))),
    };
    if zero_point(0, element)? != 0 {
        return Err(refuse("its activations have a zero point: shift them so that it is 0".into()));
    }
    if weights.element == Element::I32 {
        return Err(refuse("its weights are INT32, not INT8 or UINT8".into()));
    }
    let weight_zero_point = zero_point(1, weights.element)?;
    let &[k, n] = &weights.dims[..] else {
        return Err(shape(format!("its weights have shape {:?}, not [inputs, outputs]", weights.dims)));
    };
    if k != width {
        return Err(shape(format!("its weights are [{k}, {n}], but its input has {width} columns")));
    }
    let widest = judge::layer::MAX_WIDTH as usize;
    if n == 0 || k > widest || n > widest {
        return Err(shape(format!("its weights are [{k}, {n}]: widths are 1 to {widest}")));
    }
    // ONNX keeps [k, n] row-major; a layer keeps each column together.
    let columns = (0..n).flat_map(|j| (0..k).map(move |i| i * n + j));
    let column_major: Result<Vec<i8>, _> =
        columns.map(|at| i8::try_from(weights.values[at] - weight_zero_point)).collect();
    let column_major =
        column_major.map_err(|_| refuse(format!("a weight less its zero point {weight_zero_point} is not INT8")))?;
    let products = column_major.chunks_exact(k).map(|column| {
        let ends = column.iter().map(|&w| (i128::from(w) * range.low, i128::from(w) * range.high));
        ends.fold(Interval { low: 0, high: 0 }, |sum, (a, b)| Interval {
            low: sum.low + a.min(b),
            high: sum.high + a.max(b),
        })
    });
    let products: Vec<Interval> = products.collect();
    let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
    let bias = vec![0; n];
    let formula = Formula::new(range_of(&products, &bias)).map_err(inexact)?;
    Ok(Sums { node: id.clone(), k, weights: column_major, products, bias, formula })
}

/// Applies an INT32 operator with constant operands to what was computed from the accumulators.
fn arithmetic(op: &str, sums: &mut Sums, id: &NodeId, operands: &[Operand]) -> Result<(), ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
    let mut constants = Vec::new();
    for operand in operands {
        match operand {
            Operand::Constant(c) if c.element == Element::I32 => constants.push(Some(c)),
            Operand::Constant(_) => return Err(refuse("its constants are not INT32, as its input is")),
            Operand::Absent => constants.push(None),
            Operand::Chain => {}
        }
    }
    if operands.len() != constants.len() + 1 {
        return Err(refuse("exactly one operand must be the value computed so far"));
    }
    let chain_first = matches!(operands.first(), Some(Operand::Chain));
    let scalar = |c: Option<&Constant>| {
        let c = c.ok_or_else(|| refuse("an operand is missing"))?;
        c.scalar().map(i128::from).ok_or_else(|| refuse(&format!("its constant has shape {:?}: use one value", c.dims)))
    };
    let formula = &mut sums.formula;
    match (op, &constants[..]) {
        ("Add", &[Some(c)]) | ("Sub", &[Some(c)]) if c.scalar().is_none() => {
            if op == "Sub" {
                return Err(refuse("write the bias of each column as an Add"));
            }
            let n = sums.bias.len();
            let row = c.row(n).ok_or_else(|| ImportError::Shape {
                node: id.clone(),
                reason: format!("its constant is {:?}, but its input has {n} columns", c.dims),
            })?;
            if !formula.is_sum() || formula.bias() != 0 {
                return Err(refuse("a bias of each column must directly follow its MatMulInteger"));
            }
            for (bias, &c) in sums.bias.iter_mut().zip(row) {
                *bias += i128::from(c);
            }
            sums.formula = Formula::new(range_of(&sums.products, &sums.bias)).map_err(inexact)?;
            Ok(())
        }
        ("Add", &[c]) => formula.add(scalar(c)?).map_err(inexact),
        ("Sub", &[c]) if chain_first => formula.add(-scalar(c)?).map_err(inexact),
        ("Mul", &[c]) => formula.mul(scalar(c)?).map_err(inexact),
        ("Div", &[c]) if chain_first => formula.div(scalar(c)?).map_err(inexact),
        ("Sub" | "Div", &[_]) => Err(refuse("the constant must be its second operand")),
        ("Relu", &[]) => {
            formula.max(0);
            Ok(())
        }
        ("Max" | "Min", constants) => {
            for &c in constants {
                let c = scalar(c)?;
                if op == "Max" { formula.max(c) } else { formula.min(c) }
            }
            Ok(())
        }
        ("Clip", constants) if chain_first && constants.len() <= 2 => {
            if let Some(&low @ Some(_)) = constants.first() {
                formula.max(scalar(low)?);
            }
            if let Some(&high @ Some(_)) = constants.get(1) {
                formula.min(scalar(high)?);
            }
            Ok(())
        }
        _ => Err(refuse("it has the wrong number of operands")),
    }
}

fn expect_alone(operands: &[Operand]) -> Result<(), String> {
    match operands {
        [Operand::Chain] => Ok(()),
        _ => Err(format!("it has {} operands instead of one", operands.len())),
    }
}
