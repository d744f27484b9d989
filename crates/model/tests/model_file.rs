//! Canonical model files: round trips, damage, and the bounds that are checked on reading.
mod graphs;

use graphs::{Random, digits};
use judge::{Layer, LayerError, Op, Requant, Shape, Window};
use model::{Model, ModelError, ModelLayer, ResultFile};

const REQUANT: Requant = Requant { shift1: 2, mul: 77, shift2: 9, zero_point: -3, lo: -100, hi: 101 };

fn small() -> Model {
    let first = ModelLayer::new(0, 3, 2, Some(REQUANT), &[1, -2, 3, 127, -128, 0], &[-5, 70_000]).unwrap();
    let last = ModelLayer::new(1, 2, 1, None, &[4, -4], &[9]).unwrap();
    Model::new("small", (0, 127), vec![first, last]).unwrap()
}

/// A layer of every kind: an image of 4 x 3 pixels with 2 channels, convolved, added to, looked up, pooled twice.
fn every_kind() -> Model {
    let image = Shape { height: 4, width: 3, channels: 2 };
    let window = Window { kernel: [2, 2], stride: [1, 1], padding: [1, 0, 0, 1], fill: -3 };
    let spec = |from, op, requant| Layer { op, from, input: image, requant, weight_root: [0; 32] };
    let conv = spec(0, Op::Conv { window, n: 2 }, Some(REQUANT));
    let add = spec(1, Op::Add { with: 0, multipliers: [300, -200], bias: 5 }, Some(REQUANT));
    let weights: Vec<i8> = (0..16).map(|i: i32| (i * 16 - 120) as i8).collect();
    let table = (0..=255u8).map(|x| x.wrapping_mul(7)).collect();
    let layers = vec![
        ModelLayer::weighted(0, conv, &weights, &[9, -9]).unwrap(),
        ModelLayer::of(1, add, Vec::new()).unwrap(),
        ModelLayer::of(2, spec(2, Op::Lookup, None), table).unwrap(),
        ModelLayer::of(3, spec(3, Op::MaxPool { window }, None), Vec::new()).unwrap(),
        ModelLayer::of(4, spec(4, Op::AveragePool { window }, Some(REQUANT)), Vec::new()).unwrap(),
        ModelLayer::weighted(5, Layer::gemm(5, 24, 2, None), &[3; 48], &[1, 2]).unwrap(),
    ];
    Model::new("every kind", (-128, 127), layers).unwrap()
}

#[test]
fn a_reference_of_every_kind_reads_its_sources() {
    let model = every_kind();
    let input: Vec<u8> = (0..48).map(|i| (i * 37) as u8).collect();
    let found = model.run_reference(&input).unwrap();
    let value = |source: usize, at: usize| i32::from(found[source][at] as i8);
    // The second image's third element, after the first image's 24.
    assert_eq!(found[2][26] as i8, REQUANT.apply(value(1, 26) * 300 - value(0, 26) * 200 + 5));
    assert_eq!(found[3][26], found[2][26].wrapping_mul(7));
    // Its window: padding above, and pixels 1 and 2 of the first line.
    assert_eq!(value(4, 24 + 2), value(3, 24 + 2).max(value(3, 24 + 4)).max(-3));
    assert_eq!(found[5][24 + 2] as i8, REQUANT.apply(value(4, 24 + 2) + value(4, 24 + 4) - 6));
    let sum: i32 = (24..48).map(|at| 3 * value(5, at)).sum();
    assert_eq!(found[6][8..], [(sum + 1).to_le_bytes(), (sum + 2).to_le_bytes()].concat());
}

#[test]
fn sizes_that_do_not_fit_their_kind_are_refused() {
    let specs = every_kind().specs();
    for (i, spec) in specs.iter().enumerate() {
        let right = every_kind().layers[i].columns.clone();
        assert!(ModelLayer::of(i, *spec, right.clone()).is_ok());
        let longer = ModelLayer::of(i, *spec, [&right[..], &[0]].concat());
        assert!(matches!(longer, Err(ModelError::Weights { .. })), "{longer:?}");
    }
    assert!(matches!(ModelLayer::weighted(0, specs[2], &[], &[]), Err(ModelError::Weights { .. })));
}

#[test]
fn a_model_survives_its_file() {
    let digits = model::onnx::import("digits", &digits("digits-mlp-int8.onnx")).unwrap();
    for model in [small(), digits, every_kind()] {
        let read = Model::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.root(), model.root());
    }
}

#[test]
fn the_name_is_not_part_of_the_identity_and_weights_are() {
    let mut renamed = small();
    renamed.name = "other".into();
    assert_eq!(renamed.root(), small().root());
    let other = ModelLayer::new(1, 2, 1, None, &[4, -5], &[9]).unwrap();
    let other = Model::new("small", (0, 127), vec![small().layers[0].clone(), other]).unwrap();
    assert_ne!(other.root(), small().root());
}

#[test]
fn every_truncation_is_refused_as_damage() {
    let bytes = small().to_bytes();
    for length in 0..bytes.len() {
        match Model::from_bytes(&bytes[..length]) {
            Err(ModelError::Magic) => assert!(length < 4),
            Err(ModelError::Damaged(_)) => assert!(length >= 4),
            other => panic!("the first {length} bytes give {other:?}"),
        }
    }
}

#[test]
fn trailing_bytes_are_refused_as_damage() {
    let mut bytes = small().to_bytes();
    bytes.push(0);
    assert!(matches!(Model::from_bytes(&bytes), Err(ModelError::Damaged(_))));
}

#[test]
fn another_magic_is_refused() {
    let mut bytes = small().to_bytes();
    bytes[3] ^= 1;
    assert_eq!(Model::from_bytes(&bytes), Err(ModelError::Magic));
}

#[test]
fn damaged_files_never_panic() {
    let originals = [small().to_bytes(), every_kind().to_bytes()];
    let mut random = Random(0xf11e);
    for i in 0..20_000 {
        let mut bytes = originals[i % 2].clone();
        for _ in 0..random.between(1, 3) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next() as u8;
        }
        if let Ok(model) = Model::from_bytes(&bytes) {
            assert_eq!(model.to_bytes(), bytes, "a file that is read is the canonical one");
        }
    }
}

#[test]
fn the_accumulator_bound_is_exact() {
    let layer = |bias| ModelLayer::new(0, 2, 1, None, &[1, 1], &[bias]);
    let most = i32::MAX - (2 << 14);
    assert!(layer(most).is_ok());
    assert!(layer(-most).is_ok());
    let bound = 1 << 31;
    assert_eq!(layer(most + 1), Err(ModelError::Accumulator { layer: 0, column: 0, bound }));
    assert_eq!(layer(-most - 1), Err(ModelError::Accumulator { layer: 0, column: 0, bound }));
}

#[test]
fn weights_of_another_size_are_refused() {
    let expected = ModelError::Weights { layer: 3, found: 5, expected: 6 };
    assert_eq!(ModelLayer::new(3, 3, 2, None, &[0; 5], &[0; 2]), Err(expected));
    assert!(matches!(ModelLayer::new(0, 3, 2, None, &[0; 6], &[0; 1]), Err(ModelError::Weights { .. })));
    assert!(matches!(ModelLayer::new(0, 0, 0, None, &[], &[]), Err(ModelError::Weights { .. })));
    let wide = ModelLayer::new(0, 65_536, 1, None, &[0; 65_536], &[0]);
    assert_eq!(wide, Err(ModelError::Layers(LayerError::Width)));
}

#[test]
fn layers_that_do_not_fit_together_are_refused() {
    let layer = |index, k, n, requant| {
        ModelLayer::new(index, k, n, requant, &vec![1; (k * n) as usize], &vec![0; n as usize]).unwrap()
    };
    let refusal = |layers| Model::new("m", (0, 127), layers).unwrap_err();
    assert_eq!(refusal(vec![]), LayerError::Count.into());
    assert_eq!(refusal(vec![layer(0, 2, 3, Some(REQUANT)), layer(1, 2, 1, None)]), LayerError::Wiring.into());
    assert_eq!(refusal(vec![layer(0, 2, 2, None), layer(1, 2, 1, None)]), LayerError::InnerAccumulator.into());
    let wrong = ModelLayer::new(0, 2, 2, Some(Requant { mul: 0, ..REQUANT }), &[1; 4], &[0; 2]);
    assert_eq!(wrong, Err(LayerError::Requant.into()));
    let many = (0..49).map(|i| layer(i, 1, 1, Some(REQUANT))).collect();
    assert_eq!(refusal(many), LayerError::Count.into());
}

#[test]
fn batches_are_whole_rows_within_the_input_range() {
    let model = small();
    assert_eq!(model.check_input(&[0, 1, 127, 5, 6, 7]), Ok(2));
    for found in [0, 1, 2, 4] {
        assert_eq!(model.check_input(&vec![0; found]), Err(ModelError::BatchSize { found, width: 3 }));
    }
    let error = || ModelError::InputRange { index: 4, value: -128, lo: 0, hi: 127 };
    assert_eq!(model.check_input(&[0, 0, 0, 0, 128, 0]), Err(error()));
    assert_eq!(model.run_reference(&[0, 0, 0, 0, 128, 0]), Err(error()));
}

#[test]
fn the_reference_gives_what_the_formula_says() {
    // Column 0: 10 - 40 + 90 - 5 = 55; column 1: 1270 - 2560 + 70,000 = 68,710, 17,177 after the shift.
    let activations = small().run_reference(&[10, 20, 30]).unwrap();
    // (13 * 77 + 256 >> 9) - 3 = -1; (17,177 * 77 + 256 >> 9) - 3 = 2,580, clamped to 101.
    assert_eq!(activations[1], [-1i8 as u8, 101]);
    assert_eq!(activations[2], (-4i32 - 404 + 9).to_le_bytes());
}

#[test]
fn a_result_survives_its_file() {
    let result = ResultFile::new(vec![vec![1, 2], vec![3; 8]], vec![None, Some(vec![-1, i32::MAX])]);
    let bytes = result.to_bytes();
    assert_eq!(ResultFile::from_bytes(&bytes), Ok(result.clone()));
    assert_eq!(result.output(), [3; 8]);
    for length in 0..bytes.len() {
        assert!(ResultFile::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    assert!(ResultFile::from_bytes(b"IOR2").is_err());
}

#[test]
fn a_model_that_workers_would_not_read_is_refused_before_it_is_registered() {
    let requant = Some(Requant { shift1: 8, mul: 20_000, shift2: 20, zero_point: 0, lo: -128, hi: 127 });
    let wide = |i| ModelLayer::new(i, 4096, 4096, requant, &vec![1; 4096 * 4096], &[0; 4096]).unwrap();
    let layers: Vec<ModelLayer> = (0..8).map(wide).collect();
    let model = Model::new("wide", (-128, 127), layers[..7].to_vec()).unwrap();
    assert!(model.to_file().is_ok());
    let model = Model::new("wide", (-128, 127), layers).unwrap();
    assert!(matches!(model.to_file(), Err(ModelError::FileSize { .. })));
}
