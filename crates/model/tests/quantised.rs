//! Models that ONNX Runtime's own quantizer wrote, rewritten: how near they are to what ONNX Runtime computes.
use model::npy::Array;
use model::onnx::proto::ModelProto;
use model::onnx::rewrite::{Rewritten, is_quantised, rewrite};
use prost::Message;
use std::path::PathBuf;

const ROWS: usize = 300;

fn read(folder: &str, file: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../models", folder, file].iter().collect();
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

struct Run {
    rewritten: Rewritten,
    input: Vec<u8>,
    output: Vec<u8>,
    theirs: Vec<f32>,
    labels: Vec<i64>,
}

fn run(name: &str) -> Run {
    let file = read("quantised", &format!("{name}.onnx"));
    assert!(is_quantised(&file).unwrap());
    let rewritten = rewrite(name, &file).unwrap_or_else(|e| panic!("{name}: {e}"));
    let pixels = read("digits", "test-pixels.bin")[..64 * ROWS].iter().map(|&p| p.into()).collect();
    let input = Array { dims: vec![ROWS, 64], values: model::npy::Values::Integers(pixels) };
    let input = rewritten.input.bytes(&input).unwrap();
    let output = rewritten.model.run_reference(&input).unwrap().pop().unwrap();
    let theirs = Array::read(&read("quantised", &format!("{name}.npy"))).unwrap().reals();
    let labels = read("digits", "test-labels.bin")[..ROWS].iter().map(|&l| l.into()).collect();
    Run { rewritten, input, output, theirs, labels }
}

const MODELS: [&str; 3] = ["mlp", "cnn", "kinds"];
const WAYS: [&str; 6] =
    ["qdq-u8", "qdq-s8-symmetric", "qdq-channels", "qoperator-u8", "qoperator-s8", "qoperator-u8u8"];

/// Share of the cells that equal ONNX Runtime's, and the largest difference in steps. Weights with one scale and a zero
/// point of 0 are kept; others are rounded once more.
fn floor(model: &str, way: &str) -> (f64, i64) {
    match (model, way) {
        // Averages of four lie in the middle of two steps in a quarter of all cases, and half to even is not half up.
        ("kinds", _) => (0.45, 4),
        ("mlp", "qdq-channels" | "qoperator-u8u8") => (0.65, 2),
        (_, "qdq-channels" | "qoperator-u8u8") => (0.33, 4),
        ("mlp", _) => (0.97, 1),
        _ => (0.84, 2),
    }
}

#[test]
fn rewritten_models_are_near_onnx_runtimes_outputs_and_as_right() {
    for model in MODELS {
        for way in WAYS {
            let run = run(&format!("{model}-{way}"));
            let labels = (model != "kinds").then_some(&run.labels[..]);
            let found = run.rewritten.compare(&run.output, &run.theirs, labels).unwrap();
            println!("{model}-{way}: {found:?}, {} layers rounded", run.rewritten.rounded.len());
            let (share, largest) = floor(model, way);
            assert!(
                found.equal as f64 >= share * found.cells as f64 && found.largest <= largest,
                "{model}-{way}: {found:?}"
            );
            if let Some([ours, theirs]) = found.correct {
                assert!(ours >= theirs && found.same_top1 == ROWS, "{model}-{way}: {found:?}");
            }
            assert_eq!(run.rewritten.rounded.is_empty(), !["qdq-channels", "qoperator-u8u8"].contains(&way), "{way}");
        }
    }
}

#[test]
fn the_files_own_arithmetic_is_onnx_runtimes() {
    for model in MODELS {
        for way in WAYS {
            let run = run(&format!("{model}-{way}"));
            let file = run.rewritten.run_file(&run.input);
            let found = run.rewritten.compare(&file, &run.theirs, None).unwrap();
            println!("{model}-{way}: {found:?}");
            // The order of sums in FLOAT decides what lies in the middle of two steps, as averages of four often do.
            let (share, largest) = if model == "kinds" { (850, 2) } else { (995, 1) };
            assert!(found.equal * 1000 >= found.cells * share && found.largest <= largest, "{model}-{way}: {found:?}");
        }
    }
}

#[test]
fn damage_to_a_quantised_file_is_refused_and_never_panics() {
    for name in ["cnn-qdq-u8", "kinds-qoperator-s8"] {
        let file = read("quantised", &format!("{name}.onnx"));
        for at in (0..file.len()).step_by(37) {
            let mut damaged = file.clone();
            damaged[at] ^= 1 << (at % 8);
            // An error or a model: both are answers.
            let _ = rewrite("m", &damaged);
            let _ = rewrite("m", &file[..at]);
        }
    }
}

#[test]
fn weights_without_columns_and_biases_beyond_all_bounds_are_refused() {
    let edited = |edit: &dyn Fn(&mut model::onnx::proto::TensorProto)| {
        let mut file = ModelProto::decode(&read("quantised", "mlp-qdq-u8.onnx")[..]).unwrap();
        let constants = &mut file.graph.as_mut().unwrap().initializer;
        constants.iter_mut().for_each(edit);
        rewrite("m", &file.encode_to_vec()).err().unwrap().to_string()
    };
    let empty = edited(&|t| {
        if t.name == "fc0.weight_quantized" {
            (t.dims[1], t.raw_data) = (0, Vec::new());
        }
    });
    assert!(empty.contains("'fc0'") && empty.contains("[64, 0]"), "{empty}");
    let beyond = edited(&|t| {
        if t.name == "fc0.bias_quantized_scale" {
            (t.float_data, t.raw_data) = (Vec::new(), f32::MAX.to_le_bytes().to_vec());
        }
    });
    assert!(beyond.contains("'fc0'") && beyond.contains("bias is not INT32"), "{beyond}");
}

#[test]
fn what_fits_no_layer_is_refused_and_named() {
    let says = |name: &str, from: &str, to: &str, parts: &[&str]| {
        let mut file = ModelProto::decode(&read("quantised", name)[..]).unwrap();
        let graph = file.graph.as_mut().unwrap();
        let node = graph.node.iter_mut().find(|n| n.op_type == from).unwrap();
        node.op_type = to.into();
        let error = rewrite("m", &file.encode_to_vec()).err().unwrap().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    says("cnn-qdq-u8.onnx", "Conv", "ConvTranspose", &["'conv1'", "quantised models may use"]);
    says("cnn-qdq-u8.onnx", "Add", "Mul", &["'sum'", "product is no layer"]);
    says("cnn-qoperator-u8.onnx", "QLinearAdd", "QLinearConcat", &["QLinearConcat", "of the QLinear operators"]);
}
