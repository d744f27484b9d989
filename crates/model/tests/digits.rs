//! The digits model on its real test data: imported bits are ONNX Runtime's bits.
mod graphs;

use graphs::{digits, digits_proto};
use judge::Requant;
use model::Model;
use prost::Message;
use sha2::{Digest, Sha256};

fn import() -> Model {
    model::onnx::import("digits", &digits("digits-mlp-int8.onnx")).unwrap()
}

#[test]
fn the_layer_table_is_what_the_graph_says() {
    let model = import();
    let specs = model.specs();
    let shapes: Vec<(u32, u32)> = specs.iter().map(|l| (l.k(), l.n())).collect();
    assert_eq!(shapes, [(64, 128), (128, 64), (64, 10)]);
    assert_eq!(model.input_range, (0, 127));
    let requant = |shift1, mul| Requant { shift1, mul, shift2: 21, zero_point: 0, lo: 0, hi: 127 };
    assert_eq!(specs[0].requant, Some(requant(0, 28664)));
    assert_eq!(specs[1].requant, Some(requant(3, 24493)));
    assert_eq!(specs[2].requant, None);
}

#[test]
fn logits_on_the_test_set_are_onnx_runtimes_bits() {
    let activations = import().run_reference(&digits("test-pixels.bin")).unwrap();
    let hex: String = Sha256::digest(&activations[3]).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, String::from_utf8(digits("logits.sha256")).unwrap().trim());
}

#[test]
fn top1_on_the_test_set_is_701_of_719() {
    let activations = import().run_reference(&digits("test-pixels.bin")).unwrap();
    let labels = digits("test-labels.bin");
    let logits: Vec<i32> =
        activations[3].chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let class = |row: &[i32]| (0..row.len()).max_by_key(|&j| row[j]).unwrap();
    let correct = logits.chunks_exact(10).zip(&labels).filter(|(row, label)| class(row) == usize::from(**label));
    assert_eq!((correct.count(), labels.len()), (701, 719));
}

fn import_cnn() -> Model {
    model::onnx::import("digits", &digits("digits-cnn-int8.onnx")).unwrap()
}

#[test]
fn the_convolutional_table_is_what_the_graph_says() {
    let specs = import_cnn().specs();
    let kinds: Vec<u8> = specs.iter().map(|l| l.record()[0]).collect();
    assert_eq!(kinds, [2, 2, 5, 3, 2, 3, 1], "convolutions, a sum, a pool, a convolution, a pool, fully connected");
    let shapes: Vec<(u32, u32, u32)> = specs.iter().map(|l| (l.in_row_bytes(), l.k(), l.cells())).collect();
    let first = [(64, 9, 1024), (1024, 144, 1024), (1024, 0, 1024), (1024, 0, 256)];
    assert_eq!(shapes, [&first[..], &[(256, 144, 512), (512, 0, 128), (128, 128, 10)]].concat());
    assert_eq!(specs[2].sources().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn convolutional_logits_on_the_test_set_are_onnx_runtimes_bits() {
    let model = import_cnn();
    let activations = model.run_reference(&digits("test-pixels.bin")).unwrap();
    let logits = activations.last().unwrap();
    let hex: String = Sha256::digest(logits).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, String::from_utf8(digits("logits-cnn.sha256")).unwrap().trim());
    let labels = digits("test-labels.bin");
    let class = |row: &[[u8; 4]]| (0..10).max_by_key(|&j| i32::from_le_bytes(row[j]));
    let rows = logits.as_chunks::<4>().0.chunks_exact(10);
    let correct = rows.zip(&labels).filter(|(row, label)| class(row) == Some(usize::from(**label)));
    assert_eq!((correct.count(), labels.len()), (708, 719));
}

#[test]
fn the_convolutional_model_survives_its_file() {
    let model = import_cnn();
    assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap(), model);
}

#[test]
fn the_float_model_is_refused_as_float() {
    let error = model::onnx::import("digits", &digits("digits-mlp-float.onnx")).unwrap_err();
    assert!(error.to_string().contains("this is a float model"), "{error}");
    assert!(error.to_string().contains("quantise it first"), "{error}");
}

#[test]
fn a_decoded_and_encoded_file_imports_the_same() {
    assert_eq!(model::onnx::import("digits", &digits_proto().encode_to_vec()).unwrap(), import());
}

#[test]
fn every_truncation_is_refused() {
    let bytes = digits("digits-mlp-int8.onnx");
    for length in 0..bytes.len() {
        let result = model::onnx::import("digits", &bytes[..length]);
        assert!(result.is_err(), "the first {length} bytes of {} were imported", bytes.len());
    }
}
