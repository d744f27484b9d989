//! Walks the nodes from the input to the output and turns them into layers.
use super::arithmetic::{add, arithmetic, table};
use super::attributes;
use super::constant::Element;
use super::error::{ImportError, NodeId};
use super::formula::Interval;
use super::graph::{Graph, Operand, node_id, standard};
use super::product::{conv, image, matmul};
use super::proto::{ModelProto, NodeProto};
use super::relabel::relabel;
use super::value::{Activations, Sums, Value, View};
use crate::{Model, ModelError, ModelLayer};
use judge::layer::MAX_LAYERS;
use judge::{Layer, LayerError, Op};
use prost::Message;
use std::collections::HashMap;

/// Versions of the standard operators in which the subset's operators mean the same: from integer `Max` and `Min` on.
const OPSETS: std::ops::RangeInclusive<i64> = 12..=28;
const SUBSET: &str = "use MatMulInteger, ConvInteger, MaxPool, Add, Sub, Mul, Div, Max, Min, Clip, Relu, Cast, Reshape, \
                      Flatten, Transpose, Identity and Constant only";

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
    let input = names.input()?;
    let input_range = if input.element == Element::U8 { (0, 127) } else { (-128, 127) };
    let range = Interval { low: i128::from(input_range.0), high: i128::from(input_range.1) };
    // Before the graph is walked: an unsupported operator explains more than what comes with it.
    check_ops(&graph.node)?;
    let first = Activations { source: 0, element: input.element, range, view: input.view };
    let mut importer = Importer { layers: Vec::new(), values: HashMap::new() };
    importer.values.insert(input.name, Value::Activations(first));
    let mut last = None;
    for index in names.order()? {
        let id = node_id(&graph.node, index);
        let operands = names.operands(index)?;
        let value = importer.node(&graph.node[index], &id, &operands)?;
        if let Value::Sums(_) = value {
            names.check_one_use(index)?;
        }
        importer.values.insert(names.result(index), value);
        last = Some((names.result(index), id));
    }
    let Some((output, last)) = last else {
        return Err(ImportError::Graph("the graph has no layers: its output is its input".into()));
    };
    let (element, view) = importer.finish(output, &last)?;
    names.check_output(element, &view.dims)?;
    if !view.is_row_major() {
        let reason = "it ends the graph with an image of several channels, which lies pixel by pixel: Transpose it to \
                      [batch, height, width, channels]";
        return Err(ImportError::Operand { node: last, reason: reason.into() });
    }
    Ok(Model::new(name, input_range, importer.layers)?)
}

pub fn check_opset(file: &ModelProto) -> Result<(), ImportError> {
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
            "MatMulInteger" | "ConvInteger" | "MaxPool" | "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Clip"
            | "Relu" | "Cast" | "Reshape" | "Flatten" | "Transpose" | "Identity" | "Constant" => {}
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
            "Conv" => return unsupported("quantise it to ConvInteger with INT8 weights"),
            "MatMul" | "Gemm" => return unsupported("quantise it to MatMulInteger with INT8 weights"),
            _ => return unsupported(SUBSET),
        }
        let known = attributes::known(&node.op_type);
        if let Some(a) = node.attribute.iter().find(|a| !known.contains(&a.name.as_str())) {
            let reason = format!("the attribute '{}' is not understood", a.name);
            return Err(ImportError::Operand { node: node_id(nodes, index), reason });
        }
    }
    Ok(())
}

struct Importer<'a> {
    layers: Vec<ModelLayer>,
    /// By the names of tensors.
    values: HashMap<&'a str, Value>,
}

impl Importer<'_> {
    fn node(&mut self, node: &NodeProto, id: &NodeId, operands: &[Operand]) -> Result<Value, ImportError> {
        let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
        let mut names = operands.iter().filter_map(|o| if let Operand::Value(name) = o { Some(*name) } else { None });
        let (first, second) = (names.next(), names.next());
        let value = first.and_then(|name| self.values.get(name).cloned());
        let value = value.ok_or_else(|| refuse("exactly one operand must be the value computed so far"))?;
        match (node.op_type.as_str(), value) {
            ("Add", value) if operands.len() == 2 && second.is_some() => {
                let other = second.and_then(|name| self.values.get(name).cloned());
                self.add(id, value, other.ok_or_else(|| refuse("an operand is missing"))?)
            }
            _ if second.is_some() => Err(refuse("exactly one operand must be the value computed so far")),
            ("Identity", value) => {
                expect_alone(operands).map_err(|reason| refuse(&reason))?;
                Ok(value)
            }
            ("Reshape" | "Flatten" | "Transpose", value) => Ok(match value {
                Value::Activations(x) => {
                    Value::Activations(Activations { view: relabel(node, id, operands, &x.view)?, ..x })
                }
                Value::Sums(_) => return Err(refuse("Cast its input to INT8 or UINT8 first")),
            }),
            ("MatMulInteger", Value::Activations(x)) => Ok(Value::Sums(Box::new(matmul(id, operands, &x)?))),
            ("ConvInteger", Value::Activations(x)) => Ok(Value::Sums(Box::new(conv(node, id, operands, &x)?))),
            ("MatMulInteger" | "ConvInteger" | "MaxPool", Value::Sums(_)) => {
                Err(refuse("its input is INT32: requantise and Cast it to INT8 or UINT8 first"))
            }
            ("MaxPool", Value::Activations(x)) => self.max_pool(node, id, operands, &x),
            ("Cast", value) => {
                expect_alone(operands).map_err(|reason| refuse(&reason))?;
                self.cast(node, id, value)
            }
            ("Max" | "Min" | "Clip" | "Relu", Value::Activations(x)) => {
                let Some((table, range)) = table(&node.op_type, id, operands, &x)? else {
                    return Ok(Value::Activations(x));
                };
                let input = x.view.any_shape();
                let spec = Layer { op: Op::Lookup, from: x.source, input, requant: None, weight_root: [0; 32] };
                let source = self.push(id, |index| ModelLayer::of(index, spec, table))?;
                Ok(Value::Activations(Activations { source, range, ..x }))
            }
            (_, Value::Activations(_)) => Err(refuse(
                "it must follow a MatMulInteger, a ConvInteger or a Cast to INT32, and precede the Cast to INT8 or UINT8",
            )),
            (op, Value::Sums(mut sums)) => {
                arithmetic(op, &mut sums, id, operands)?;
                Ok(Value::Sums(sums))
            }
        }
    }

    /// Appends a layer and gives its output's number.
    fn push(
        &mut self,
        node: &NodeId,
        layer: impl FnOnce(usize) -> Result<ModelLayer, ModelError>,
    ) -> Result<u8, ImportError> {
        if self.layers.len() == MAX_LAYERS {
            return Err(ModelError::Layers(LayerError::Count).into());
        }
        let layer = layer(self.layers.len());
        self.layers.push(layer.map_err(|source| ImportError::Layer { node: node.clone(), source })?);
        Ok(self.layers.len() as u8)
    }

    fn requantised(&mut self, id: &NodeId, sums: &Sums, to: Element) -> Result<Value, ImportError> {
        let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
        if self.layers.len() == MAX_LAYERS {
            return Err(ModelError::Layers(LayerError::Count).into());
        }
        let (layer, range) = match sums.lookup(self.layers.len()) {
            Some(layer) => (layer?, sums.formula.cast(to).map_err(inexact)?),
            None => {
                let (requant, range) = sums.formula.requant(to).map_err(inexact)?;
                (sums.layer(self.layers.len(), Some(requant))?, range)
            }
        };
        self.layers.push(layer);
        let source = self.layers.len() as u8;
        Ok(Value::Activations(Activations { source, element: to, range, view: sums.view.clone() }))
    }

    fn cast(&mut self, node: &NodeProto, id: &NodeId, value: Value) -> Result<Value, ImportError> {
        let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
        let to = i32::try_from(attributes::integer(node, "to", 0)).ok().and_then(Element::from_proto);
        let to = to.ok_or_else(|| refuse("it does not cast to INT8, UINT8 or INT32".into()))?;
        match value {
            Value::Sums(_) if to == Element::I32 => Ok(value),
            Value::Sums(sums) => self.requantised(id, &sums, to),
            Value::Activations(x) if to == Element::I32 => {
                let sums = Sums::of(id, &x).map_err(|reason| ImportError::Inexact { node: id.clone(), reason })?;
                Ok(Value::Sums(Box::new(sums)))
            }
            Value::Activations(x) => {
                let (low, high) = to.range();
                if x.range.low < low || x.range.high > high {
                    return Err(refuse(format!("{} activations cannot be cast to {to}", x.element)));
                }
                Ok(Value::Activations(Activations { element: to, ..x }))
            }
        }
    }

    fn add(&mut self, id: &NodeId, x: Value, y: Value) -> Result<Value, ImportError> {
        let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
        match (x, y) {
            (Value::Sums(x), Value::Sums(y)) => Ok(Value::Sums(Box::new(add(id, *x, *y)?))),
            (Value::Activations(x), Value::Activations(y)) if x.element == y.element => {
                let [first, second] = [Sums::of(id, &x), Sums::of(id, &y)].map(|sums| sums.map_err(inexact));
                let sums = add(id, first?, second?)?;
                self.requantised(id, &sums, x.element)
            }
            _ => Err(ImportError::Operand { node: id.clone(), reason: "its operands are of different types".into() }),
        }
    }

    fn max_pool(
        &mut self,
        node: &NodeProto,
        id: &NodeId,
        operands: &[Operand],
        x: &Activations,
    ) -> Result<Value, ImportError> {
        expect_alone(operands).map_err(|reason| ImportError::Operand { node: id.clone(), reason })?;
        // Padding never counts: no element is less than this.
        let input = image(id, &x.view)?;
        let window = attributes::window(node, id, None, input, i8::MIN)?;
        let op = Op::MaxPool { window };
        let spec = Layer { op, from: x.source, input, requant: None, weight_root: [0; 32] };
        let source = self.push(id, |index| ModelLayer::of(index, spec, Vec::new()))?;
        let view = View::image(spec.output());
        Ok(Value::Activations(Activations { source, view, ..x.clone() }))
    }

    /// Ends the graph and gives the type and the shape of its result.
    fn finish(&mut self, output: &str, last: &NodeId) -> Result<(Element, View), ImportError> {
        match self.values.remove(output) {
            Some(Value::Activations(x)) => Ok((x.element, x.view)),
            Some(Value::Sums(sums)) if sums.formula.is_sum() && sums.is_product() => {
                if self.layers.len() == MAX_LAYERS {
                    return Err(ModelError::Layers(LayerError::Count).into());
                }
                self.layers.push(sums.layer(self.layers.len(), None)?);
                Ok((Element::I32, sums.view))
            }
            _ => {
                let reason = "it ends the graph with rescaled INT32 values: end with the biased MatMulInteger, or Cast \
                              to INT8 or UINT8";
                Err(ImportError::Operand { node: last.clone(), reason: reason.into() })
            }
        }
    }
}

fn expect_alone(operands: &[Operand]) -> Result<(), String> {
    match operands {
        [Operand::Value(_)] => Ok(()),
        _ => Err(format!("it has {} operands instead of one", operands.len())),
    }
}
