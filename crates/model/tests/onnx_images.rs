//! Graphs of convolutions, pools, sums and other names for the same bytes: what is imported gives ONNX's bits.
mod graphs;

use graphs::{Random, tensor};
use model::onnx::import;
use model::onnx::proto::*;
use prost::Message;
use std::collections::HashMap;

/// A graph under construction.
struct Builder {
    graph: GraphProto,
}

fn attribute(name: &str, i: i64, ints: &[i64]) -> AttributeProto {
    AttributeProto { name: name.into(), i, ints: ints.to_vec(), ..Default::default() }
}

fn port(name: &str, elem_type: i32, sizes: &[usize]) -> ValueInfoProto {
    let fixed = sizes.iter().map(|&size| Dimension { dim_value: Some(size as i64), dim_param: None });
    let dim = std::iter::once(Dimension { dim_value: None, dim_param: Some("batch".into()) }).chain(fixed).collect();
    let tensor_type = Some(TensorTypeProto { elem_type, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

impl Builder {
    fn new(element: i32, sizes: &[usize]) -> Self {
        Builder { graph: GraphProto { input: vec![port("x", element, sizes)], ..Default::default() } }
    }

    fn constant(&mut self, mut t: TensorProto) -> String {
        t.name = format!("c{}", self.graph.initializer.len());
        self.graph.initializer.push(t);
        self.graph.initializer.last().unwrap().name.clone()
    }

    fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let name = format!("{op}_{}", self.graph.node.len());
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.into(),
            attribute: attributes,
            ..Default::default()
        });
        name
    }

    fn op(&mut self, op: &str, value: &str, c: i32) -> String {
        let c = self.constant(tensor("", element::INT32, &[], vec![c]));
        self.node(op, &[value, &c], vec![])
    }

    fn cast(&mut self, value: &str, to: i32) -> String {
        self.node("Cast", &[value], vec![attribute("to", to.into(), &[])])
    }

    fn reshape(&mut self, value: &str, sizes: &[i64]) -> String {
        let shape = TensorProto {
            data_type: element::INT64,
            dims: vec![sizes.len() as i64],
            int64_data: sizes.to_vec(),
            ..Default::default()
        };
        let shape = self.constant(shape);
        self.node("Reshape", &[value, &shape], vec![])
    }

    fn conv(&mut self, value: &str, dims: [usize; 4], random: &mut Random, pads: &[i64], strides: &[i64]) -> String {
        let count = dims.iter().product();
        let weights = (0..count).map(|_| random.between(-128, 127) as i32).collect();
        let weights = self.constant(tensor("", element::INT8, &dims.map(|d| d as i64), weights));
        let attributes = vec![attribute("pads", 0, pads), attribute("strides", 0, strides)];
        let sums = self.node("ConvInteger", &[value, &weights], attributes);
        let bias = (0..dims[0]).map(|_| random.between(-9_000, 9_000) as i32).collect();
        let bias = self.constant(tensor("", element::INT32, &[1, dims[0] as i64, 1, 1], bias));
        self.node("Add", &[&sums, &bias], vec![])
    }

    /// ReLU and a rescaling to 0..=127.
    fn requantised(&mut self, mut value: String, shift: u32) -> String {
        for (op, c) in [("Max", 0), ("Div", 1 << shift), ("Min", 127)] {
            value = self.op(op, &value, c);
        }
        self.cast(&value, element::UINT8)
    }

    fn finish(mut self, output: &str, element: i32, sizes: &[usize]) -> ModelProto {
        self.graph.output = vec![port(output, element, sizes)];
        ModelProto {
            ir_version: 10,
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 21 }],
            functions: vec![],
        }
    }
}

/// A tensor of one row of the batch, as ONNX numbers its elements.
#[derive(Clone, Debug)]
struct Tensor {
    dims: Vec<usize>,
    values: Vec<i32>,
}

fn ints(node: &NodeProto, name: &str, default: &[i64]) -> Vec<usize> {
    let found = node.attribute.iter().find(|a| a.name == name).map_or(default, |a| &a.ints);
    found.iter().map(|&i| i as usize).collect()
}

/// The values under a window, `None` over padding, for each place.
fn places(node: &NodeProto, x: &Tensor, kernel: &[usize]) -> (Vec<usize>, Vec<Vec<Option<i32>>>) {
    let (strides, pads) = (ints(node, "strides", &[1, 1]), ints(node, "pads", &[0, 0, 0, 0]));
    let size = |axis: usize| (x.dims[axis + 1] + pads[axis] + pads[axis + 2] - kernel[axis]) / strides[axis] + 1;
    let (height, width) = (size(0), size(1));
    let mut all = Vec::new();
    for channel in 0..x.dims[0] {
        for (oy, ox) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let mut seen = Vec::new();
            for (i, j) in (0..kernel[0]).flat_map(|i| (0..kernel[1]).map(move |j| (i, j))) {
                let y = (oy * strides[0] + i).checked_sub(pads[0]).filter(|&y| y < x.dims[1]);
                let z = (ox * strides[1] + j).checked_sub(pads[1]).filter(|&z| z < x.dims[2]);
                seen.push(y.zip(z).map(|(y, z)| x.values[(channel * x.dims[1] + y) * x.dims[2] + z]));
            }
            all.push(seen);
        }
    }
    (vec![height, width], all)
}

fn conv(node: &NodeProto, x: &Tensor, weights: &TensorProto) -> Tensor {
    let dims: Vec<usize> = weights.dims.iter().map(|&d| d as usize).collect();
    let (out, seen) = places(node, x, &dims[2..]);
    let (count, area) = (out[0] * out[1], dims[2] * dims[3]);
    let cell = |n: usize, place: usize| -> i32 {
        let of = |c: usize| seen[c * count + place].iter().enumerate().map(move |(at, v)| (c, at, v));
        let weight = |c: usize, at: usize| weights.int32_data[(n * dims[1] + c) * area + at];
        (0..dims[1]).flat_map(of).map(|(c, at, v)| v.unwrap_or(0) * weight(c, at)).sum()
    };
    let values = (0..dims[0]).flat_map(|n| (0..count).map(move |place| (n, place))).map(|(n, p)| cell(n, p)).collect();
    Tensor { dims: [&[dims[0]][..], &out].concat(), values }
}

fn transpose(x: &Tensor, perm: &[usize]) -> Tensor {
    let perm: Vec<usize> = perm[1..].iter().map(|p| p - 1).collect();
    let dims: Vec<usize> = perm.iter().map(|&p| x.dims[p]).collect();
    let place = |mut at: usize| {
        let mut index = vec![0; dims.len()];
        for (i, &size) in dims.iter().enumerate().rev() {
            index[perm[i]] = at % size;
            at /= size;
        }
        index.iter().zip(&x.dims).fold(0, |place, (i, size)| place * size + i)
    };
    let values = (0..x.values.len()).map(|at| x.values[place(at)]).collect();
    Tensor { dims, values }
}

/// What ONNX says a graph computes from one row.
fn evaluate(model: &ModelProto, row: &[i32], sizes: &[usize]) -> Vec<i32> {
    let graph = model.graph.as_ref().unwrap();
    let mut values = HashMap::from([("x".to_owned(), Tensor { dims: sizes.to_vec(), values: row.to_vec() })]);
    let constant = |name: &str| graph.initializer.iter().find(|t| t.name == name);
    for node in &graph.node {
        let x = values[&node.input[0]].clone();
        let second = node.input.get(1).map(String::as_str);
        let result = match node.op_type.as_str() {
            "ConvInteger" => conv(node, &x, constant(second.unwrap()).unwrap()),
            "MaxPool" => {
                let (out, seen) = places(node, &x, &ints(node, "kernel_shape", &[]));
                let greatest = |seen: &Vec<Option<i32>>| seen.iter().flatten().copied().max().unwrap();
                Tensor { dims: [&[x.dims[0]][..], &out].concat(), values: seen.iter().map(greatest).collect() }
            }
            "MatMulInteger" => {
                let w = constant(second.unwrap()).unwrap();
                let n = w.dims[1] as usize;
                let cell = |j: usize| x.values.iter().enumerate().map(|(i, v)| v * w.int32_data[i * n + j]).sum();
                Tensor { dims: vec![n], values: (0..n).map(cell).collect() }
            }
            "Transpose" => transpose(&x, &ints(node, "perm", &[])),
            "Flatten" => Tensor { dims: vec![x.values.len()], values: x.values },
            "Reshape" => {
                let sizes = &constant(second.unwrap()).unwrap().int64_data;
                Tensor { dims: sizes[1..].iter().map(|&d| d as usize).collect(), values: x.values }
            }
            "Cast" => {
                let to = node.attribute[0].i as i32;
                let cast = |v| if to == element::UINT8 { i32::from(v as u8) } else { v };
                Tensor { values: x.values.into_iter().map(cast).collect(), ..x }
            }
            "Relu" => Tensor { values: x.values.into_iter().map(|v| v.max(0)).collect(), ..x },
            op => {
                let other = second.and_then(constant).map(|t| &t.int32_data);
                let size = x.values.len();
                let value = |at: usize| match other {
                    Some(c) => c[at * c.len() / size],
                    None => values[second.unwrap()].values[at],
                };
                let f = |a: i32, b: i32| match op {
                    "Add" => a + b,
                    "Mul" => a * b,
                    "Div" => a / b,
                    "Max" => a.max(b),
                    "Min" => a.min(b),
                    _ => panic!("{op} is not evaluated here"),
                };
                Tensor { values: (0..size).map(|at| f(x.values[at], value(at))).collect(), ..x }
            }
        };
        values.insert(node.output[0].clone(), result);
    }
    values[&graph.output[0].name].values.clone()
}

/// A random network on an image, and the sizes of its input.
fn network(random: &mut Random) -> (ModelProto, Vec<usize>) {
    let [mut c, mut h, mut w] = [random.between(1, 3), random.between(3, 6), random.between(3, 6)].map(|n| n as usize);
    // Several channels come pixel by pixel; one channel either way, or flat.
    let nhwc = c > 1 || random.one_in(2);
    let sizes = if nhwc { vec![h, w, c] } else { vec![h * w] };
    let mut b = Builder::new(element::UINT8, &sizes);
    let mut x = if nhwc {
        b.node("Transpose", &["x"], vec![attribute("perm", 0, &[0, 3, 1, 2])])
    } else {
        b.reshape("x", &[-1, 1, h as i64, w as i64])
    };
    for _ in 0..random.between(1, 4) {
        let kernel = [1 + random.below(h.min(3) as u64) as usize, 1 + random.below(w.min(3) as u64) as usize];
        let pads: Vec<i64> = (0..4).map(|i| random.below(kernel[i % 2] as u64) as i64).collect();
        let strides = [random.between(1, 2), random.between(1, 2)];
        let place = |size: usize, axis: usize| {
            (size + (pads[axis] + pads[axis + 2]) as usize - kernel[axis]) / strides[axis] as usize + 1
        };
        match random.below(4) {
            0 => {
                let kernel_shape = attribute("kernel_shape", 0, &kernel.map(|k| k as i64));
                let attributes = vec![kernel_shape, attribute("pads", 0, &pads), attribute("strides", 0, &strides)];
                x = b.node("MaxPool", &[&x], attributes);
                (h, w) = (place(h, 0), place(w, 1));
            }
            1 => {
                let same = b.conv(&x, [c, c, 1, 1], random, &[0; 4], &[1, 1]);
                let same = b.requantised(same, 9);
                let [left, right] = [&x, &same].map(|name| b.cast(name, element::INT32));
                let [left, right] = [(left, 45), (right, -30)].map(|(name, m)| b.op("Mul", &name, m));
                let sum = b.node("Add", &[&left, &right], vec![]);
                let sum = b.op("Add", &sum, 16);
                x = b.requantised(sum, 5);
            }
            2 => {
                let bound = b.constant(tensor("", element::UINT8, &[], vec![random.between(20, 127) as i32]));
                x = b.node(random.pick(&["Max", "Min"]), &[&x, &bound], vec![]);
            }
            _ => {
                let n = random.between(1, 4) as usize;
                let sums = b.conv(&x, [n, c, kernel[0], kernel[1]], random, &pads, &strides);
                x = b.requantised(sums, 9);
                (c, h, w) = (n, place(h, 0), place(w, 1));
            }
        }
    }
    if random.one_in(3) {
        let x = b.node("Transpose", &[&x], vec![attribute("perm", 0, &[0, 2, 3, 1])]);
        return (b.finish(&x, element::UINT8, &[h, w, c]), sizes);
    }
    let x = if random.one_in(2) { b.node("Flatten", &[&x], vec![]) } else { b.reshape(&x, &[0, (c * h * w) as i64]) };
    let weights = (0..c * h * w * 3).map(|_| random.between(-128, 127) as i32).collect();
    let weights = b.constant(tensor("", element::INT8, &[(c * h * w) as i64, 3], weights));
    let x = b.node("MatMulInteger", &[&x, &weights], vec![]);
    (b.finish(&x, element::INT32, &[3]), sizes)
}

#[test]
fn every_imported_network_gives_onnx_bits() {
    let mut random = Random(0x1a9e);
    let mut kinds = std::collections::BTreeSet::new();
    for case in 0..600 {
        let (proto, sizes) = network(&mut random);
        let model = import("m", &proto.encode_to_vec()).unwrap_or_else(|e| panic!("case {case}: {e}"));
        kinds.extend(model.layers.iter().map(|layer| layer.spec.record()[0]));
        for fill in 0..4 {
            let width: usize = sizes.iter().product();
            let row: Vec<i32> =
                (0..width).map(|_| if fill < 2 { fill * 127 } else { random.between(0, 127) as i32 }).collect();
            let bytes: Vec<u8> = row.iter().map(|&v| v as u8).collect();
            let found = model.run_reference(&bytes).unwrap().pop().unwrap();
            let expected = evaluate(&proto, &row, &sizes);
            let size = model.layers.last().unwrap().spec.out_size();
            let expected: Vec<u8> = expected.iter().flat_map(|v| v.to_le_bytes()[..size].to_vec()).collect();
            assert_eq!(found, expected, "case {case}: {proto:#?}");
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [1, 2, 3, 5, 6]);
}

#[track_caller]
fn refused(build: impl FnOnce(&mut Builder) -> (String, Vec<usize>), parts: &[&str]) {
    let mut b = Builder::new(element::UINT8, &[1, 4, 4]);
    let (output, sizes) = build(&mut b);
    let error = import("m", &b.finish(&output, element::UINT8, &sizes).encode_to_vec()).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "no {part:?} in {error:?}");
    }
}

#[test]
fn windows_that_cannot_be_judged_are_refused_and_named() {
    let pool = |attributes: Vec<AttributeProto>| {
        move |b: &mut Builder| {
            let kernel = attribute("kernel_shape", 0, &[2, 2]);
            (b.node("MaxPool", &["x"], [&[kernel][..], &attributes].concat()), vec![1, 3, 3])
        }
    };
    refused(pool(vec![attribute("dilations", 0, &[2, 1])]), &["'MaxPool_0'", "dilated"]);
    refused(pool(vec![attribute("ceil_mode", 1, &[])]), &["'MaxPool_0'", "ceil_mode"]);
    refused(pool(vec![attribute("pads", 0, &[2, 0, 0, 0])]), &["'MaxPool_0'", "padding"]);
    refused(pool(vec![attribute("strides", 0, &[1])]), &["'MaxPool_0'", "'strides'"]);
    refused(pool(vec![attribute("strides", 0, &[0, 1])]), &["'MaxPool_0'", "window"]);
    let same = AttributeProto { s: b"SAME".to_vec(), ..attribute("auto_pad", 0, &[]) };
    refused(pool(vec![same]), &["'MaxPool_0'", "auto_pad"]);
    let grouped = |b: &mut Builder| {
        let weights = b.constant(tensor("", element::INT8, &[1, 1, 1, 1], vec![1]));
        (b.node("ConvInteger", &["x", &weights], vec![attribute("group", 2, &[])]), vec![1, 4, 4])
    };
    refused(grouped, &["'ConvInteger_0'", "groups"]);
}

#[test]
fn shapes_that_are_not_other_names_are_refused_and_named() {
    let channels = |b: &mut Builder| {
        let x = b.reshape("x", &[0, 2, 2, 4]);
        (b.node("MaxPool", &[&x], vec![attribute("kernel_shape", 0, &[1, 1])]), vec![2, 2, 4])
    };
    refused(channels, &["'MaxPool_1'", "pixel by pixel"]);
    refused(|b| (b.reshape("x", &[0, 5, 3]), vec![5, 3]), &["'Reshape_0'", "16 elements"]);
    refused(|b| (b.reshape("x", &[1, 16]), vec![16]), &["'Reshape_0'", "keep the batch"]);
    let moved =
        |b: &mut Builder| (b.node("Transpose", &["x"], vec![attribute("perm", 0, &[1, 0, 2, 3])]), vec![1, 4, 4]);
    refused(moved, &["'Transpose_0'", "batch first"]);
    let straight = |b: &mut Builder| {
        let sums = b.conv("x", [2, 1, 1, 1], &mut Random(5), &[0; 4], &[1, 1]);
        (b.requantised(sums, 9), vec![2, 4, 4])
    };
    refused(straight, &["pixel by pixel: Transpose it"]);
    let different = |b: &mut Builder| {
        let y = b.node("Transpose", &["x"], vec![attribute("perm", 0, &[0, 1, 3, 2])]);
        let y = b.cast(&y, element::INT32);
        let x = b.cast("x", element::INT32);
        let sum = b.node("Add", &[&x, &y], vec![]);
        (b.requantised(sum, 1), vec![1, 4, 4])
    };
    refused(different, &["'Add_3'", "different orders"]);
}

#[test]
fn sums_that_cannot_be_proven_are_refused_and_named() {
    let wraps = |b: &mut Builder| (b.node("Add", &["x", "x"], vec![]), vec![1, 4, 4]);
    refused(wraps, &["'Add_0'", "0..=254"]);
    let product = |b: &mut Builder| {
        let sums = b.conv("x", [1, 1, 1, 1], &mut Random(5), &[0; 4], &[1, 1]);
        let x = b.cast("x", element::INT32);
        (b.node("Add", &[&sums, &x], vec![]), vec![1, 4, 4])
    };
    refused(product, &["'Add_3'", "a product cannot be added"]);
    let three = |b: &mut Builder| {
        let x = b.cast("x", element::INT32);
        let y = b.cast("x", element::INT32);
        let z = b.cast("x", element::INT32);
        let sum = b.node("Add", &[&x, &y], vec![]);
        (b.node("Add", &[&sum, &z], vec![]), vec![1, 4, 4])
    };
    refused(three, &["'Add_4'", "at most times a constant"]);
    let cycle = |b: &mut Builder| (b.node("Relu", &["Relu_0"], vec![]), vec![1, 4, 4]);
    refused(cycle, &["'Relu_0'", "its own result"]);
}
