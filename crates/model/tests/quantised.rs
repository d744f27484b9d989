//! Models that ONNX Runtime's own quantizer wrote, rewritten: how near they are to what ONNX Runtime computes.
use model::npy::Array;
use model::onnx::rewrite::{Rewritten, is_quantised, rewrite};
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

#[test]
fn rewritten_models_are_near_onnx_runtimes_outputs() {
    for model in MODELS {
        for way in WAYS {
            let name = format!("{model}-{way}");
            let run = run(&name);
            let labels = (model != "kinds").then_some(&run.labels[..]);
            let found = run.rewritten.compare(&run.output, &run.theirs, labels).unwrap();
            let file = run.rewritten.compare_with_file(&run.input, &run.output, labels).unwrap();
            println!("{name}: ONNX Runtime {found:?}\n    the file's definition {file:?}\n    {:?}", run.rewritten.rounded);
        }
    }
}
