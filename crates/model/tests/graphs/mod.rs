//! Builders of ONNX graphs, and what ONNX says they compute.
#![allow(dead_code, reason = "each test file uses its part")]
use model::onnx::proto::*;
use prost::Message;
use std::path::PathBuf;

/// A file of the digits model.
pub fn digits(file: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../models/digits", file].iter().collect();
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The digits model, decoded.
pub fn digits_proto() -> ModelProto {
    ModelProto::decode(&digits("digits-mlp-int8.onnx")[..]).unwrap()
}

/// The digits model after an edit, encoded.
pub fn edited(edit: impl FnOnce(&mut GraphProto)) -> Vec<u8> {
    let mut model = digits_proto();
    edit(model.graph.as_mut().unwrap());
    model.encode_to_vec()
}

/// The node that calls itself `name`.
pub fn node_mut<'a>(graph: &'a mut GraphProto, name: &str) -> &'a mut NodeProto {
    graph.node.iter_mut().find(|n| n.name == name).unwrap()
}

/// The constant called `name`.
pub fn constant_mut<'a>(graph: &'a mut GraphProto, name: &str) -> &'a mut TensorProto {
    graph.initializer.iter_mut().find(|t| t.name == name).unwrap()
}

/// Takes a node out of the chain: its users use its first input.
pub fn remove(graph: &mut GraphProto, name: &str) {
    let index = graph.node.iter().position(|n| n.name == name).unwrap();
    let node = graph.node.remove(index);
    for input in graph.node.iter_mut().flat_map(|n| &mut n.input).filter(|i| **i == node.output[0]) {
        *input = node.input[0].clone();
    }
}

pub fn tensor(name: &str, data_type: i32, dims: &[i64], values: Vec<i32>) -> TensorProto {
    TensorProto { name: name.into(), data_type, dims: dims.to_vec(), int32_data: values, ..Default::default() }
}

pub fn port(name: &str, elem_type: i32, width: i64) -> ValueInfoProto {
    let batch = Dimension { dim_value: None, dim_param: Some("batch".into()) };
    let shape = TensorShapeProto { dim: vec![batch, Dimension { dim_value: Some(width), dim_param: None }] };
    let tensor_type = Some(TensorTypeProto { elem_type, shape: Some(shape) });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

/// A chain of nodes under construction, each named after its operator and place: `Add_1`.
pub struct Chain {
    graph: GraphProto,
    value: String,
}

impl Chain {
    pub fn new(input: i32, width: i64) -> Self {
        let graph = GraphProto { input: vec![port("x", input, width)], ..Default::default() };
        Chain { graph, value: "x".into() }
    }

    /// Appends a node; `before` and `after` are its constants on either side of the chain's value.
    pub fn node(mut self, op: &str, before: Vec<TensorProto>, after: Vec<TensorProto>) -> Self {
        let index = self.graph.node.len();
        let mut input = Vec::new();
        let add = |graph: &mut GraphProto, input: &mut Vec<String>, tensors: Vec<TensorProto>| {
            for mut t in tensors {
                t.name = format!("c{}", graph.initializer.len());
                input.push(t.name.clone());
                graph.initializer.push(t);
            }
        };
        add(&mut self.graph, &mut input, before);
        input.push(std::mem::replace(&mut self.value, format!("v{index}")));
        add(&mut self.graph, &mut input, after);
        let node = NodeProto {
            input,
            output: vec![self.value.clone()],
            name: format!("{op}_{index}"),
            op_type: op.into(),
            ..Default::default()
        };
        self.graph.node.push(node);
        self
    }

    /// `MatMulInteger` by `weights` of shape `[k, n]`, row-major.
    pub fn matmul(self, k: usize, n: usize, weights: &[i8]) -> Self {
        let values = weights.iter().map(|&w| w.into()).collect();
        self.node("MatMulInteger", vec![], vec![tensor("", element::INT8, &[k as i64, n as i64], values)])
    }

    /// `Add` of one bias for each column.
    pub fn bias(self, bias: &[i32]) -> Self {
        self.node("Add", vec![], vec![tensor("", element::INT32, &[bias.len() as i64], bias.to_vec())])
    }

    /// An operator with one INT32 constant after the value.
    pub fn op(self, op: &str, c: i32) -> Self {
        self.node(op, vec![], vec![tensor("", element::INT32, &[], vec![c])])
    }

    pub fn cast(mut self, to: i32) -> Self {
        self = self.node("Cast", vec![], vec![]);
        let cast = self.graph.node.last_mut().unwrap();
        cast.attribute.push(AttributeProto { name: "to".into(), i: to.into(), r#type: 2, ..Default::default() });
        self
    }

    pub fn build(mut self, output: i32, width: i64) -> ModelProto {
        self.graph.output = vec![port(&self.value, output, width)];
        ModelProto {
            ir_version: 10,
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 21 }],
            functions: vec![],
        }
    }
}

/// What ONNX says a chain computes from one row of integers: INT32 wraps, `Div` truncates, `Cast` keeps the low byte.
pub fn evaluate(model: &ModelProto, row: &[i32]) -> Vec<i32> {
    let graph = model.graph.as_ref().unwrap();
    let mut value = row.to_vec();
    let mut name = graph.input[0].name.clone();
    for node in &graph.node {
        let chain = node.input.iter().position(|i| *i == name).unwrap();
        let constants: Vec<&TensorProto> =
            node.input.iter().filter_map(|i| graph.initializer.iter().find(|t| t.name == *i)).collect();
        value = match node.op_type.as_str() {
            "MatMulInteger" => {
                let n = constants[0].dims[1] as usize;
                let products = |j| value.iter().enumerate().map(move |(i, v)| (v, i * n + j));
                let dot = |j| products(j).map(|(v, at)| v * values(constants[0])[at]).fold(0i32, i32::wrapping_add);
                (0..n).map(dot).collect()
            }
            "Cast" => value.iter().map(|&v| cast(v, node.attribute[0].i as i32)).collect(),
            op => value
                .iter()
                .enumerate()
                .map(|(j, &v)| {
                    constants.iter().fold(v, |v, t| {
                        let c = values(t);
                        let c = c[j % c.len()];
                        binary(op, if chain == 0 { (v, c) } else { (c, v) })
                    })
                })
                .map(|v| if op == "Relu" { v.max(0) } else { v })
                .collect(),
        };
        name = node.output[0].clone();
    }
    value
}

fn binary(op: &str, (a, b): (i32, i32)) -> i32 {
    match op {
        "Add" => a.wrapping_add(b),
        "Sub" => a.wrapping_sub(b),
        "Mul" => a.wrapping_mul(b),
        "Div" => a.wrapping_div(b),
        "Max" => a.max(b),
        "Min" => a.min(b),
        _ => panic!("{op} is not evaluated here"),
    }
}

fn cast(v: i32, to: i32) -> i32 {
    match to {
        element::UINT8 => i32::from(v as u8),
        element::INT8 => i32::from(v as i8),
        _ => v,
    }
}

/// The values of a tensor made by [`tensor`].
fn values(t: &TensorProto) -> &[i32] {
    &t.int32_data
}

/// A small seeded generator (xorshift64*): the same cases on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
