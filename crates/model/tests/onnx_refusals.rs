//! What is refused, and that the refusal names the place and the way out.
mod graphs;

use graphs::{Chain, constant_mut, digits_proto, edited, node_mut, port, remove, tensor};
use model::onnx::proto::{AttributeProto, GraphProto, NodeProto, Opaque, OperatorSetIdProto, element};
use model::onnx::{ImportError, import};
use prost::Message;

/// The refusal of the digits model after an edit.
#[track_caller]
fn refusal(edit: impl FnOnce(&mut GraphProto)) -> ImportError {
    import("edited", &edited(edit)).map(|m| m.name).unwrap_err()
}

#[track_caller]
fn assert_says(error: &ImportError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

/// Renames an operator and gives its error.
fn with_op(name: &str, op: &str) -> ImportError {
    refusal(|g| node_mut(g, name).op_type = op.into())
}

#[test]
fn operators_outside_the_subset_are_named() {
    let error = with_op("fc0.relu", "Softmax");
    assert!(matches!(error, ImportError::Unsupported { .. }));
    assert_says(&error, &["node 'fc0.relu' (Softmax) is not in the integer subset", "MatMulInteger"]);
    assert_says(&with_op("fc1", "QLinearMatMul"), &["node 'fc1' (QLinearMatMul)", "floating point"]);
    assert_says(&with_op("fc1", "ConvInteger"), &["'fc1'", "[outputs, inputs, height, width]"]);
    assert_says(&with_op("fc1", "Conv"), &["quantise it to ConvInteger"]);
    assert_says(&with_op("fc1", "Gemm"), &["quantise it"]);
}

#[test]
fn nodes_without_a_name_are_named_by_place() {
    let error = refusal(|g| {
        let node = node_mut(g, "fc0.relu");
        (node.name, node.op_type) = (String::new(), "Tanh".into());
    });
    assert_says(&error, &["node 2 (Tanh)"]);
}

#[test]
fn operators_of_other_domains_are_refused() {
    let error = refusal(|g| node_mut(g, "fc0").domain = "com.example".into());
    assert_says(&error, &["'fc0'", "not a standard operator"]);
}

#[test]
fn unknown_attributes_are_refused() {
    let attribute = AttributeProto { name: "axis".into(), i: 1, r#type: 2, ..Default::default() };
    let error = refusal(|g| node_mut(g, "fc0.biased").attribute.push(attribute));
    assert_says(&error, &["'fc0.biased'", "'axis'"]);
}

#[test]
fn a_missing_or_unknown_opset_is_refused() {
    for versions in [vec![], vec![11], vec![29], vec![21, 21]] {
        let mut model = digits_proto();
        let opset = |version| OperatorSetIdProto { domain: String::new(), version };
        model.opset_import = versions.into_iter().map(opset).collect();
        let error = import("m", &model.encode_to_vec()).unwrap_err();
        assert!(matches!(error, ImportError::Opset(_)), "{error}");
    }
}

#[test]
fn functions_and_sparse_tensors_are_refused() {
    let mut model = digits_proto();
    model.functions.push(Opaque {});
    assert_says(&import("m", &model.encode_to_vec()).unwrap_err(), &["functions"]);
    assert_says(&refusal(|g| g.sparse_initializer.push(Opaque {})), &["sparse"]);
}

#[test]
fn weights_that_do_not_fit_the_layer_before_are_refused() {
    let error = refusal(|g| {
        let weight = constant_mut(g, "fc1.weight");
        weight.dims = vec![64, 128];
    });
    assert!(matches!(error, ImportError::Shape { .. }));
    assert_says(&error, &["node 'fc1' (MatMulInteger)", "[64, 128]", "128 columns"]);
    assert_says(&refusal(|g| constant_mut(g, "fc1.weight").dims = vec![8192]), &["'fc1'", "[inputs, outputs]"]);
}

#[test]
fn a_bias_of_another_width_is_refused() {
    let error = refusal(|g| *constant_mut(g, "fc2.bias") = tensor("fc2.bias", element::INT32, &[9], vec![0; 9]));
    assert_says(&error, &["node 'fc2.biased' (Add)", "[9]", "10 columns"]);
    // [n, 1] broadcasts over the batch, not over the columns.
    let error = refusal(|g| *constant_mut(g, "fc2.bias") = tensor("fc2.bias", element::INT32, &[10, 1], vec![0; 10]));
    assert_says(&error, &["[10, 1]"]);
}

#[test]
fn damaged_tensors_are_named() {
    let error = refusal(|g| constant_mut(g, "fc1.weight").raw_data.truncate(8191));
    assert_says(&error, &["tensor 'fc1.weight'", "8191 values", "[128, 64]"]);
    let error = refusal(|g| constant_mut(g, "fc1.bias").raw_data.truncate(255));
    assert_says(&error, &["tensor 'fc1.bias'", "255 bytes"]);
    let error = refusal(|g| constant_mut(g, "fc1.bias").dims = vec![-64]);
    assert_says(&error, &["tensor 'fc1.bias'", "negative"]);
    let error = refusal(|g| constant_mut(g, "fc1.bias").dims = vec![i64::MAX, i64::MAX]);
    assert_says(&error, &["tensor 'fc1.bias'", "too large"]);
    let error = refusal(|g| constant_mut(g, "fc1.bias").data_type = element::INT64);
    assert_says(&error, &["tensor 'fc1.bias'", "element type 7"]);
    let error = refusal(|g| *constant_mut(g, "fc0.weight") = tensor("fc0.weight", element::INT8, &[1], vec![128]));
    assert_says(&error, &["tensor 'fc0.weight'", "128 is not INT8"]);
    let error = refusal(|g| constant_mut(g, "fc1.bias").data_type = element::FLOAT);
    assert!(matches!(error, ImportError::Float(_)));
}

#[test]
fn data_in_other_files_is_refused() {
    let error = refusal(|g| constant_mut(g, "fc0.weight").data_location = 1);
    assert_says(&error, &["tensor 'fc0.weight'", "single file"]);
}

#[test]
fn exactly_one_input_and_one_output() {
    assert_says(&refusal(|g| g.input.push(port("mask", element::UINT8, 64))), &["2 inputs", "mask"]);
    assert_says(&refusal(|g| g.input.clear()), &["0 inputs"]);
    assert_says(&refusal(|g| g.output.push(port("fc0", element::INT32, 128))), &["2 outputs"]);
}

#[test]
fn ports_must_be_declared_as_they_are() {
    let error = refusal(|g| g.input[0] = port("pixels", element::INT32, 64));
    assert_says(&error, &["graph input 'pixels'", "UINT8 or INT8"]);
    assert_says(&refusal(|g| g.input[0] = port("pixels", element::FLOAT, 64)), &["float model", "quantise it first"]);
    assert_says(&refusal(|g| g.input[0].r#type = None), &["graph input 'pixels'"]);
    assert_says(&refusal(|g| g.input[0] = port("pixels", element::UINT8, 63)), &["'fc0'", "63 columns"]);
    let error = refusal(|g| g.output[0] = port("logits", element::INT8, 10));
    assert_says(&error, &["graph output 'logits'", "INT32"]);
    assert_says(&refusal(|g| g.output[0] = port("logits", element::INT32, 11)), &["graph output 'logits'", "10"]);
}

#[test]
fn branches_are_refused() {
    let error = refusal(|g| {
        let value = node_mut(g, "fc0.relu").output[0].clone();
        node_mut(g, "fc0.shift2").input[1] = value;
    });
    assert!(matches!(error, ImportError::Branch { .. }));
    assert_says(&error, &["'fc0.shift2'", "has 2 uses"]);
    let dead = |input: &str| NodeProto {
        input: vec![input.into()],
        output: vec!["dead".into()],
        name: "dead".into(),
        op_type: "Identity".into(),
        ..Default::default()
    };
    assert_says(&refusal(|g| g.node.push(dead("fc0.weight"))), &["'dead'", "not on a path"]);
    assert_says(&refusal(|g| g.node.push(dead("logits"))), &["'dead'", "output"]);
    assert_says(&refusal(|g| g.node.push(dead("fc0"))), &["'dead'", "not on a path"]);
}

#[test]
fn broken_wiring_is_refused() {
    assert_says(&refusal(|g| node_mut(g, "fc1").input[0] = "nowhere".into()), &["'fc1'", "no node computes it"]);
    assert_says(&refusal(|g| node_mut(g, "fc1").input[1] = "nowhere".into()), &["'fc1'", "not a constant"]);
    assert_says(&refusal(|g| node_mut(g, "fc1").output[0] = "fc0".into()), &["tensor 'fc0'", "given twice"]);
    assert_says(&refusal(|g| node_mut(g, "fc1").output.clear()), &["'fc1'", "0 outputs"]);
    assert_says(&refusal(|g| node_mut(g, "fc1").input.swap(0, 1)), &["'fc1'", "constant weights"]);
    assert_says(&refusal(|g| node_mut(g, "fc0.shift1").input.swap(0, 1)), &["'fc0.shift1'", "second operand"]);
    assert_says(&refusal(|g| drop(node_mut(g, "fc0.scale").input.pop())), &["'fc0.scale'", "number of operands"]);
}

#[track_caller]
fn without(name: &str) -> ImportError {
    refusal(|g| remove(g, name))
}

#[test]
fn a_step_left_out_of_the_requantisation_is_refused() {
    assert_says(&without("fc1.relu"), &["'fc1.shift1' (Div)", "rounds up", "Max 0"]);
    assert_says(&without("fc0.saturate"), &["'fc0.scale' (Mul)", "wraps in INT32"]);
    assert_says(&without("fc1.round"), &["'fc1.out' (Cast)", "half up"]);
    assert_says(&without("fc1.shift2"), &["'fc1.out' (Cast)"]);
    assert_says(&without("fc1.clamp"), &["'fc1.out' (Cast)", "Min 127"]);
    assert_says(&without("fc1.out"), &["'fc2' (MatMulInteger)", "Cast it to INT8 or UINT8"]);
}

#[test]
fn a_saturation_that_cannot_matter_may_be_left_out() {
    // 32,767 * 24,493 >> 21 is 382: whatever is saturated there is clamped to 127 anyway.
    let model = import("digits", &edited(|g| remove(g, "fc1.saturate"))).unwrap();
    assert!(model == import("digits", &edited(|_| {})).unwrap());
}

fn set(name: &str, value: i32) -> ImportError {
    refusal(|g| *constant_mut(g, name) = tensor(name, element::INT32, &[], vec![value]))
}

#[test]
fn constants_that_cannot_be_judged_are_refused() {
    assert_says(&set("fc1.divisor1", 12), &["'fc1.shift1'", "12", "power of two"]);
    assert_says(&set("fc1.divisor1", 0), &["'fc1.shift1'", "power of two"]);
    assert_says(&set("fc1.divisor1", i32::MIN), &["'fc1.shift1'", "power of two"]);
    assert_says(&set("fc1.mul", 32768), &["'fc1.scale'", "1 to 32767"]);
    assert_says(&set("fc1.mul", -1), &["'fc1.scale'", "1 to 32767"]);
    assert_says(&set("fc1.max8", 128), &["'fc1.out' (Cast)", "0..=128", "Min 127"]);
    assert_says(&set("fc1.half", (1 << 20) - 1), &["'fc1.out' (Cast)", "1048575"]);
    let wide = |g: &mut GraphProto| *constant_mut(g, "fc1.mul") = tensor("fc1.mul", element::INT32, &[64], vec![5; 64]);
    assert_says(&refusal(wide), &["'fc1.scale'", "[64]"]);
    // One value, but its rank would make the result three-dimensional.
    let deep =
        |g: &mut GraphProto| *constant_mut(g, "fc1.mul") = tensor("fc1.mul", element::INT32, &[1, 1, 1], vec![5]);
    assert_says(&refusal(deep), &["'fc1.scale'", "[1, 1, 1]"]);
}

#[test]
fn zero_points_that_are_no_scalars_or_leave_int8_are_refused() {
    let error = refusal(|g| {
        g.initializer.push(tensor("zp", element::UINT8, &[2], vec![3, 4]));
        node_mut(g, "fc0").input.push("zp".into());
    });
    assert_says(&error, &["'fc0'", "a zero point is not a scalar"]);
    let weights = tensor("", element::UINT8, &[1, 1], vec![255]);
    let zero = tensor("", element::UINT8, &[], vec![0]);
    let chain = Chain::new(element::UINT8, 1).node("MatMulInteger", vec![], vec![weights, zero]);
    let error = import("m", &chain.build(element::INT32, 1).encode_to_vec()).unwrap_err();
    assert_says(&error, &["'MatMulInteger_0'", "not INT8"]);
}

#[test]
fn accumulators_beyond_32_bits_are_refused() {
    let bias = |bias: i32| Chain::new(element::INT8, 1).matmul(1, 1, &[1]).bias(&[bias]);
    let import = |chain: Chain| import("m", &chain.build(element::INT32, 1).encode_to_vec());
    assert_says(&import(bias(i32::MAX)).unwrap_err(), &["'Add_1' (Add)", "wraps in INT32"]);
    // Within INT32 here, but not by the bound that holds for any weights.
    let limit = i32::MAX - (1 << 14);
    assert_says(&import(bias(limit + 1)).unwrap_err(), &["'MatMulInteger_0'", "accumulator"]);
    assert!(import(bias(limit)).is_ok());
}

#[test]
fn widths_and_depth_that_cannot_be_judged_are_refused() {
    let wide = Chain::new(element::INT8, 1).matmul(1, 65_536, &[0; 65_536]).build(element::INT32, 65_536);
    assert_says(&import("m", &wide.encode_to_vec()).unwrap_err(), &["'MatMulInteger_0'", "65535"]);
    let deep = |layers| {
        let step = |c: Chain, _| c.matmul(1, 1, &[1]).op("Max", 0).op("Min", 127).cast(element::UINT8);
        let chain = (0..layers).fold(Chain::new(element::INT8, 1), step);
        import("m", &chain.build(element::UINT8, 1).encode_to_vec())
    };
    assert!(deep(48).is_ok());
    assert_says(&deep(49).unwrap_err(), &["1 to 48 layers"]);
}

#[test]
fn a_graph_without_layers_is_refused() {
    let chain = Chain::new(element::INT8, 1);
    assert_says(&import("m", &chain.build(element::INT8, 1).encode_to_vec()).unwrap_err(), &["no layers"]);
    let chain = Chain::new(element::INT8, 1).node("Identity", vec![], vec![]);
    assert_says(&import("m", &chain.build(element::INT8, 1).encode_to_vec()).unwrap_err(), &["1 to 48 layers"]);
    let chain = Chain::new(element::INT8, 1).op("Max", 0);
    assert_says(&import("m", &chain.build(element::INT8, 1).encode_to_vec()).unwrap_err(), &["'Max_0'", "not INT8"]);
}
