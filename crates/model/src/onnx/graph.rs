//! A graph as a chain: one input, one output, and every node between them using the value of the one before.
use super::constant::{Constant, Element, is_float};
use super::error::{ImportError, NodeId};
use super::proto::{GraphProto, NodeProto, TensorProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};

/// The graph's input.
pub struct Input {
    pub element: Element,
    /// Elements in a row.
    pub width: usize,
}

/// One operand of a node in the chain.
pub enum Operand {
    /// The value computed so far.
    Chain,
    Constant(Constant),
    /// An optional operand left out.
    Absent,
}

/// A graph whose names are resolved.
pub struct Graph<'a> {
    nodes: &'a [NodeProto],
    input: &'a ValueInfoProto,
    output: &'a ValueInfoProto,
    constants: HashMap<&'a str, &'a TensorProto>,
    /// For every tensor, the nodes that use it: one entry for each use.
    users: HashMap<&'a str, Vec<usize>>,
}

/// Names a node in errors.
pub fn node_id(nodes: &[NodeProto], index: usize) -> NodeId {
    let node = &nodes[index];
    NodeId { index, name: node.name.clone(), op: node.op_type.clone() }
}

impl<'a> Graph<'a> {
    /// # Errors
    /// If there is not exactly one input and one output, or a name is given twice.
    pub fn new(graph: &'a GraphProto) -> Result<Self, ImportError> {
        if !graph.sparse_initializer.is_empty() {
            return Err(ImportError::Graph("the graph has sparse tensors: store them densely".into()));
        }
        let mut constants: HashMap<&str, &TensorProto> = HashMap::new();
        let mut defined = HashSet::new();
        for tensor in &graph.initializer {
            define(&mut defined, &tensor.name)?;
            constants.insert(&tensor.name, tensor);
        }
        // Old files list their initializers as inputs too.
        let inputs = graph.input.iter().filter(|v| !constants.contains_key(v.name.as_str())).collect();
        let input = single("input", inputs)?;
        let output = single("output", graph.output.iter().collect())?;
        define(&mut defined, &input.name)?;

        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, node) in graph.node.iter().enumerate() {
            for name in node.input.iter().filter(|name| !name.is_empty()) {
                users.entry(name).or_default().push(i);
            }
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                define(&mut defined, name)?;
            }
            if is_constant(node) {
                let (name, tensor) = constant_node(&graph.node, i)?;
                constants.insert(name, tensor);
            }
        }
        Ok(Graph { nodes: &graph.node, input, output, constants, users })
    }

    /// The nodes from input to output, by their place in the graph's list.
    ///
    /// # Errors
    /// If they are not a chain, or other nodes than constants lie beside it.
    pub fn chain(&self) -> Result<Vec<usize>, ImportError> {
        let mut seen = vec![false; self.nodes.len()];
        let mut chain = Vec::new();
        let mut name = self.input.name.as_str();
        while name != self.output.name {
            let users = self.users.get(name).map_or(&[][..], Vec::as_slice);
            let index = match *users {
                [index] => index,
                [] => {
                    let reason = format!("nothing uses '{name}', and it is not the output '{}'", self.output.name);
                    return Err(ImportError::Graph(reason));
                }
                [_, second, ..] => return Err(self.branch(second, format!("'{name}' has {} uses", users.len()))),
            };
            // A tensor has one producer, so only a graph with a cycle comes back.
            if std::mem::replace(&mut seen[index], true) {
                return Err(self.branch(index, "it uses its own result".into()));
            }
            chain.push(index);
            name = self.output_of(index)?;
        }
        if let Some([index, ..]) = self.users.get(name).map(Vec::as_slice) {
            return Err(self.branch(*index, format!("it uses the output '{name}'")));
        }
        let beside = |&i: &usize| !(seen[i] || is_constant(&self.nodes[i]));
        match (0..self.nodes.len()).find(beside) {
            Some(index) => Err(self.branch(index, "it is not on the path from the input to the output".into())),
            None => Ok(chain),
        }
    }

    fn branch(&self, index: usize, reason: String) -> ImportError {
        ImportError::Branch { node: node_id(self.nodes, index), reason }
    }

    fn output_of(&self, index: usize) -> Result<&'a str, ImportError> {
        let outputs: Vec<&String> = self.nodes[index].output.iter().filter(|o| !o.is_empty()).collect();
        match outputs[..] {
            [name] => Ok(name),
            _ => Err(self.branch(index, format!("it has {} outputs", outputs.len()))),
        }
    }

    /// The operands of a node whose chain operand is `chain`.
    ///
    /// # Errors
    /// If one is neither that nor a readable constant.
    pub fn operands(&self, index: usize, chain: &str) -> Result<Vec<Operand>, ImportError> {
        let operand = |name: &String| match self.constants.get(name.as_str()) {
            _ if name.is_empty() => Ok(Operand::Absent),
            _ if name == chain => Ok(Operand::Chain),
            Some(tensor) => Constant::read(tensor, name).map(Operand::Constant),
            None => Err(self.branch(index, format!("'{name}' is not a constant"))),
        };
        self.nodes[index].input.iter().map(operand).collect()
    }

    /// Name of the value a node in the chain gives.
    pub fn result(&self, index: usize) -> &'a str {
        self.nodes[index].output.iter().find(|o| !o.is_empty()).map_or("", String::as_str)
    }

    /// Name of the graph's input, and what it is.
    ///
    /// # Errors
    /// If it is not `[batch, width]` of UINT8 or INT8.
    pub fn input(&self) -> Result<(&'a str, Input), ImportError> {
        let name = self.input.name.as_str();
        let refuse = |reason| ImportError::Port { port: "input", name: name.into(), reason };
        let (data_type, dims) = shape(self.input);
        if is_float(data_type) {
            return Err(ImportError::Float(format!("its input '{name}' is of floats")));
        }
        let element = match Element::from_proto(data_type) {
            Some(element @ (Element::U8 | Element::I8)) => element,
            _ => return Err(refuse(format!("element type {data_type} is not UINT8 or INT8"))),
        };
        let width = match dims.as_deref() {
            Some([_, Some(width)]) => usize::try_from(*width).ok().filter(|&w| w > 0),
            _ => None,
        };
        let width = width.ok_or_else(|| refuse("declare its shape as [batch, width] with a fixed width".into()))?;
        Ok((name, Input { element, width }))
    }

    /// Refuses an output that is declared differently from what the chain gives.
    ///
    /// # Errors
    /// If its element type or width differ.
    pub fn check_output(&self, element: Element, width: usize) -> Result<(), ImportError> {
        let refuse = |reason| ImportError::Port { port: "output", name: self.output.name.clone(), reason };
        let (data_type, dims) = shape(self.output);
        if data_type != 0 && Element::from_proto(data_type) != Some(element) {
            return Err(refuse(format!("declared with element type {data_type}, but the last node gives {element}")));
        }
        match dims.as_deref() {
            None | Some([_, None]) => Ok(()),
            Some([_, Some(declared)]) if *declared == width as i64 => Ok(()),
            Some(dims) => {
                Err(refuse(format!("declared with shape {dims:?}, but the last node gives [batch, {width}]")))
            }
        }
    }
}

/// Whether a node is of the standard operators.
pub fn standard(node: &NodeProto) -> bool {
    node.domain.is_empty() || node.domain == "ai.onnx"
}

fn is_constant(node: &NodeProto) -> bool {
    node.op_type == "Constant" && standard(node)
}

fn define<'a>(defined: &mut HashSet<&'a str>, name: &'a str) -> Result<(), ImportError> {
    if name.is_empty() || !defined.insert(name) {
        return Err(ImportError::Tensor { name: name.into(), reason: "the name is empty or given twice".into() });
    }
    Ok(())
}

fn single<'a>(port: &str, values: Vec<&'a ValueInfoProto>) -> Result<&'a ValueInfoProto, ImportError> {
    match values[..] {
        [value] => Ok(value),
        _ => {
            let names: Vec<&str> = values.iter().map(|v| v.name.as_str()).collect();
            let reason = format!("the graph has {} {port}s {names:?}: exactly one is needed", names.len());
            Err(ImportError::Graph(reason))
        }
    }
}

/// Element type (0: not declared) and sizes (`None`: any).
fn shape(value: &ValueInfoProto) -> (i32, Option<Vec<Option<i64>>>) {
    let tensor = value.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let dims = tensor.and_then(|t| t.shape.as_ref()).map(|s| s.dim.iter().map(|d| d.dim_value).collect());
    (tensor.map_or(0, |t| t.elem_type), dims)
}

fn constant_node(nodes: &[NodeProto], index: usize) -> Result<(&str, &TensorProto), ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: node_id(nodes, index), reason: reason.into() };
    let node = &nodes[index];
    let [name] = &node.output[..] else {
        return Err(refuse("it has not exactly one output"));
    };
    match &node.attribute[..] {
        [a] if a.name == "value" => {
            a.t.as_ref().map(|t| (name.as_str(), t)).ok_or_else(|| refuse("its value is empty"))
        }
        _ => Err(refuse("give its tensor in the attribute 'value'")),
    }
}
