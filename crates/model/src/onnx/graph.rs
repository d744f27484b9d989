//! A graph whose names are resolved: one input, one output, and every node on a path between them.
use super::constant::{Constant, Element, is_float, sizes};
use super::error::{ImportError, NodeId};
use super::proto::{GraphProto, NodeProto, TensorProto, ValueInfoProto, element};
use super::value::View;
use std::collections::{HashMap, HashSet};

/// The graph's input.
pub struct Input<'a> {
    pub name: &'a str,
    pub element: Element,
    pub view: View,
}

/// One operand of a node.
pub enum Operand<'a> {
    /// The input or what another node computes, by name.
    Value(&'a str),
    Constant(Constant),
    /// An INT64 constant.
    Sizes(Vec<i64>),
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
    /// For every tensor that is no constant, the node that computes it.
    producers: HashMap<&'a str, usize>,
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
        let mut producers = HashMap::new();
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
            } else {
                producers.extend(node.output.iter().filter(|o| !o.is_empty()).map(|o| (o.as_str(), i)));
            }
        }
        Ok(Graph { nodes: &graph.node, input, output, constants, users, producers })
    }

    /// The nodes from input to output, by their place in the graph's list, each after those that it uses.
    ///
    /// # Errors
    /// If a node uses its own result or what nobody computes, or nodes other than constants lie beside the paths.
    pub fn order(&self) -> Result<Vec<usize>, ImportError> {
        for index in (0..self.nodes.len()).filter(|&i| !is_constant(&self.nodes[i])) {
            self.output_of(index)?;
        }
        let mut order = Vec::new();
        // Nodes entered and not left are on the way to themselves if they are met again.
        let (mut entered, mut left) = (vec![false; self.nodes.len()], vec![false; self.nodes.len()]);
        let mut stack: Vec<usize> = self.producers.get(self.output.name.as_str()).copied().into_iter().collect();
        if stack.is_empty() && self.output.name != self.input.name {
            return Err(ImportError::Graph(format!("no node computes the output '{}'", self.output.name)));
        }
        while let Some(&index) = stack.last() {
            entered[index] = true;
            let mut waiting = None;
            for name in self.nodes[index].input.iter().filter(|name| !name.is_empty()) {
                match self.producers.get(name.as_str()) {
                    Some(&before) if left[before] => {}
                    Some(&before) if entered[before] => {
                        return Err(self.branch(index, "it uses its own result".into()));
                    }
                    Some(&before) => waiting = waiting.or(Some(before)),
                    None if self.constants.contains_key(name.as_str()) || *name == self.input.name => {}
                    None => {
                        return Err(self.branch(index, format!("'{name}' is not a constant and no node computes it")));
                    }
                }
            }
            match waiting {
                Some(before) => stack.push(before),
                None => {
                    stack.pop();
                    left[index] = true;
                    order.push(index);
                }
            }
        }
        let beside = |&i: &usize| !(left[i] || is_constant(&self.nodes[i]));
        match (0..self.nodes.len()).find(beside) {
            Some(index) => Err(self.branch(index, "it is not on a path from the input to the output".into())),
            None => Ok(order),
        }
    }

    /// Refuses several uses of a node's result.
    ///
    /// # Errors
    /// Naming the second user.
    pub fn check_one_use(&self, index: usize) -> Result<(), ImportError> {
        let name = self.result(index);
        match self.users.get(name).map_or(&[][..], Vec::as_slice) {
            users @ [_, second, ..] => {
                let reason =
                    format!("'{name}' has {} uses, and only INT8 and UINT8 values can have several", users.len());
                Err(self.branch(*second, reason))
            }
            _ => Ok(()),
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

    /// The operands of a node.
    ///
    /// # Errors
    /// If one is no readable constant.
    pub fn operands(&self, index: usize) -> Result<Vec<Operand<'a>>, ImportError> {
        let operand = |name: &'a String| match self.constants.get(name.as_str()) {
            _ if name.is_empty() => Ok(Operand::Absent),
            Some(tensor) if tensor.data_type == element::INT64 && self.nodes[index].op_type == "Reshape" => {
                sizes(tensor, name).map(Operand::Sizes)
            }
            Some(tensor) => Constant::read(tensor, name).map(Operand::Constant),
            None => Ok(Operand::Value(name)),
        };
        self.nodes[index].input.iter().map(operand).collect()
    }

    /// Name of the value that a node computes.
    pub fn result(&self, index: usize) -> &'a str {
        self.nodes[index].output.iter().find(|o| !o.is_empty()).map_or("", String::as_str)
    }

    /// A constant by its name.
    pub fn constant(&self, name: &str) -> Option<&'a TensorProto> {
        self.constants.get(name).copied()
    }

    /// The graph's input, whatever it holds: name, element type and sizes without the batch.
    ///
    /// # Errors
    /// If its sizes are not fixed.
    pub fn input_port(&self) -> Result<(&'a str, i32, Vec<usize>), ImportError> {
        let name = self.input.name.as_str();
        let (data_type, dims) = shape(self.input);
        let sizes = dims.and_then(|dims| {
            let sizes = dims.get(1..)?.iter().map(|&size| usize::try_from(size?).ok());
            sizes.collect::<Option<Vec<usize>>>()
        });
        let reason = "declare its shape as [batch, width] or [batch, channels, height, width] with fixed sizes";
        let sizes =
            sizes.ok_or_else(|| ImportError::Port { port: "input", name: name.into(), reason: reason.into() })?;
        Ok((name, data_type, sizes))
    }

    /// The graph's input.
    ///
    /// # Errors
    /// If it is not a batch of UINT8 or INT8 with fixed sizes.
    pub fn input(&self) -> Result<Input<'a>, ImportError> {
        let (name, data_type, sizes) = self.input_port()?;
        let refuse = |reason| ImportError::Port { port: "input", name: name.into(), reason };
        if is_float(data_type) {
            return Err(ImportError::Float(format!("its input '{name}' is of floats")));
        }
        let element = match Element::from_proto(data_type) {
            Some(element @ (Element::U8 | Element::I8)) => element,
            _ => return Err(refuse(format!("element type {data_type} is not UINT8 or INT8"))),
        };
        let view =
            View::row_major(&sizes).ok_or_else(|| refuse(format!("a row of {sizes:?} is empty or too large")))?;
        Ok(Input { name, element, view })
    }

    /// Refuses an output that is declared differently from what the graph gives.
    ///
    /// # Errors
    /// If its element type or sizes differ.
    pub fn check_output(&self, element: Element, sizes: &[usize]) -> Result<(), ImportError> {
        let refuse = |reason| ImportError::Port { port: "output", name: self.output.name.clone(), reason };
        let (data_type, dims) = shape(self.output);
        if data_type != 0 && Element::from_proto(data_type) != Some(element) {
            return Err(refuse(format!("declared with element type {data_type}, but the last node gives {element}")));
        }
        let Some(dims) = dims else { return Ok(()) };
        let alike = |(declared, &size): (&Option<i64>, &usize)| declared.is_none_or(|d| d == size as i64);
        if dims.len() == sizes.len() + 1 && dims[1..].iter().zip(sizes).all(alike) {
            return Ok(());
        }
        Err(refuse(format!("declared with shape {dims:?}, but the last node gives {sizes:?} to a row of the batch")))
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
