//! Whatever a worker changes is found and named, and the chain's judge agrees.
use crate::job::{JOB, Job, cases};
use judge::{CellProof, JudgeError, Layer, Op, Requant, Shape, Verdict, Window, judge_cell};
use model::{Model, ModelLayer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use verify::{EvidenceError, Method, Rejection, check, check_known, evidence, method};

/// Checks that exactly this cell is blamed, and that evidence about it convicts.
fn assert_convicted(job: &Job, cell: (u32, u32, u32), honest: i32) {
    let (layer, row, column) = cell;
    let tampered = job.cell(layer as usize, row as usize, column as usize);
    let rejection = check(&job.case(), &job.result).unwrap_err();
    let blamed = (layer, row, column, honest, tampered);
    match &rejection {
        Rejection::Cell { layer, row, column, expected, committed } => {
            assert_eq!((*layer, *row, *column, *expected, *committed), blamed);
        }
        other => panic!("{other}"),
    }
    let text =
        format!("layer {layer}, row {row}, column {column}: the result says {tampered}, the model gives {honest}");
    assert_eq!(rejection.to_string(), text);

    let evidence = evidence(&job.case(), &job.result.outputs, layer, row, column).unwrap();
    let layers = job.model.specs();
    let claim = judge::Claim {
        job: &JOB,
        layers: &layers,
        rows: job.rows,
        input_root: &job.input_root,
        commitment: &job.commitment,
    };
    let verdict = judge_cell(&claim, &CellProof { layer, row, column, evidence: &evidence });
    assert_eq!(verdict, Ok(Verdict::Fault { expected: honest, committed: tampered }));
}

/// Tampers with random cells of `job`, one at a time, and puts each back.
fn tamper_at_random(job: &mut Job, count: u32, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..count {
        let layer = random.random_range(0..job.model.layers.len());
        let spec = job.model.layers[layer].spec;
        let row = random.random_range(0..job.rows as usize);
        let column = random.random_range(0..spec.cells() as usize);
        let delta = match random.random_range(0..4) {
            0 => 1,
            1 => -1,
            2 => 1 << random.random_range(0..if spec.out_size() == 1 { 8 } else { 32 }),
            _ => random.random_range(1..=255),
        };
        let honest = job.cell(layer, row, column);
        job.tamper(layer, row, column, delta);
        job.commit();
        assert_convicted(job, (layer as u32, row as u32, column as u32), honest);
        job.tamper(layer, row, column, delta.wrapping_neg());
        job.commit();
    }
    check(&job.case(), &job.result).unwrap();
}

#[test]
fn every_random_tamper_of_recomputed_layers_is_found() {
    let mut small = Job::new(1, 9, &[20, 33, 7, 5], false);
    assert!(small.model.layers.iter().all(|layer| method(&layer.spec, 9) == Method::Recompute));
    tamper_at_random(&mut small, cases(120), 2);
}

#[test]
fn every_random_tamper_of_tested_layers_is_found() {
    let mut wide = Job::new(3, 40, &[1500, 90, 64], true);
    let methods: Vec<Method> = wide.model.layers.iter().map(|layer| method(&layer.spec, 40)).collect();
    assert_eq!(methods, [Method::Product, Method::Product]);
    assert!(wide.result.accumulators[0].is_some(), "served");
    assert!(wide.result.accumulators[1].is_none(), "the output itself");
    tamper_at_random(&mut wide, cases(120), 4);
}

#[test]
fn every_random_tamper_of_graphs_of_every_kind_is_found() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 300..300 + u64::from(cases(25)) {
        let mut job = Job::graph(seed, 1 + seed as u32 % 4);
        kinds.extend(job.model.layers.iter().map(|layer| layer.spec.record()[0]));
        tamper_at_random(&mut job, 12, seed);
    }
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

/// A convolution wide enough for its product to be tested, after another layer.
fn tested_convolution() -> Job {
    let image = Shape { height: 4, width: 5, channels: 170 };
    let window = Window { kernel: [3, 3], stride: [1, 1], padding: [1; 4], fill: 11 };
    let requant = Some(Requant { shift1: 5, mul: 20_000, shift2: 21, zero_point: 3, lo: -120, hi: 120 });
    let first = Layer { op: Op::Lookup, from: 0, input: image, requant: None, weight_root: [0; 32] };
    let second = Layer { op: Op::Conv { window, n: 96 }, from: 1, requant, ..first };
    let mut random = StdRng::seed_from_u64(4);
    let mut take = |count| (0..count).map(|_| random.random::<u8>()).collect::<Vec<_>>();
    let weights: Vec<i8> = take(1530 * 96).into_iter().map(|b| b as i8).collect();
    let layers = vec![
        ModelLayer::of(0, first, take(256)).unwrap(),
        ModelLayer::weighted(1, second, &weights, &[77; 96]).unwrap(),
    ];
    let model = Model::new("convolution", (-128, 127), layers).unwrap();
    Job::of(model, 9, &mut StdRng::seed_from_u64(5))
}

#[test]
fn every_random_tamper_of_a_tested_convolution_is_found() {
    let mut job = tested_convolution();
    assert_eq!(method(&job.model.layers[1].spec, 9), Method::Product);
    assert!(job.result.accumulators[1].is_some() && job.result.accumulators[0].is_none());
    tamper_at_random(&mut job, cases(60), 8);
    let report = check(&job.case(), &job.result).unwrap();
    assert_eq!(report.layers[1].method, Method::Product);
    assert_eq!(report.layers[1].macs, 9 * 20 * 1530 * 96);
}

#[test]
fn wrong_accumulators_of_a_convolution_with_right_outputs_are_no_fault() {
    let mut job = tested_convolution();
    for at in [0, 5, 20 * 96, 9 * 20 * 96 - 1] {
        job.result.accumulators[1].as_mut().unwrap()[at] ^= 1 << 20;
        check(&job.case(), &job.result).unwrap();
    }
}

#[test]
fn the_first_wrong_cell_of_the_first_wrong_layer_is_named() {
    let mut job = Job::new(5, 40, &[1700, 80, 70, 60], true);
    let honest = job.cell(1, 4, 69);
    for (layer, row, column) in [(2, 0, 0), (1, 29, 3), (1, 4, 69), (1, 5, 0)] {
        job.tamper(layer, row, column, 1);
    }
    job.commit();
    assert_convicted(&job, (1, 4, 69), honest);
}

#[test]
fn a_worker_who_makes_all_later_layers_fit_is_still_caught_where_it_began() {
    let mut job = Job::new(6, 12, &[50, 40, 30, 20], false);
    let honest = job.cell(0, 11, 39);
    job.tamper(0, 11, 39, 3);
    for layer in 1..3 {
        let input = job.result.outputs[layer - 1].clone();
        job.result.outputs[layer] = compute::Cpu::new().layer(&job.model.layers[layer], &[&input; 2]).unwrap().1;
    }
    job.commit();
    assert_convicted(&job, (0, 11, 39), honest);
}

#[test]
fn accumulators_made_to_fit_a_wrong_output_do_not_help() {
    let mut job = Job::new(7, 40, &[1500, 90], false);
    let honest = job.cell(0, 13, 17);
    job.tamper(0, 13, 17, 5);
    job.commit();
    let requant = job.model.layers[0].spec.requant.unwrap();
    let wanted = job.cell(0, 13, 17);
    let sums = job.result.accumulators[0].as_mut().unwrap();
    let fitting = (-1_000_000..1_000_000).find(|&sum| i32::from(requant.apply(sum)) == wanted).unwrap();
    sums[13 * 90 + 17] = fitting;
    assert_convicted(&job, (0, 13, 17), honest);
}

#[test]
fn wrong_accumulators_with_right_outputs_are_no_fault() {
    let mut job = Job::new(8, 40, &[1500, 90], false);
    job.result.accumulators[0].as_mut().unwrap()[17] += 1;
    assert_eq!(check(&job.case(), &job.result).unwrap().layers[0].method, Method::Product, "one row recomputed");
    job.result.accumulators[0].as_mut().unwrap().fill(i32::MIN);
    check(&job.case(), &job.result).unwrap();
    for missing in [None, Some(Vec::new()), Some(vec![0; 3])] {
        job.result.accumulators[0] = missing;
        assert_eq!(check(&job.case(), &job.result).unwrap().layers[0].method, Method::Recompute);
    }
    job.result.accumulators.clear();
    check(&job.case(), &job.result).unwrap();
}

#[test]
fn sizes_and_roots_are_checked_before_cells() {
    let honest = || Job::new(9, 3, &[10, 8, 6], true);
    let rejection = |job: &Job| check(&job.case(), &job.result).unwrap_err();

    let mut job = honest();
    job.input.pop();
    assert!(matches!(rejection(&job), Rejection::Input { expected: 30, found: 29 }));
    let mut job = honest();
    (job.rows, job.input) = (0, Vec::new());
    assert!(matches!(rejection(&job), Rejection::Input { .. }));
    let mut job = honest();
    job.input[4] ^= 1;
    assert!(matches!(rejection(&job), Rejection::InputRoot { expected, .. } if expected == job.input_root));
    let mut job = honest();
    job.result.outputs.pop();
    assert!(matches!(rejection(&job), Rejection::Layers { expected: 2, found: 1 }));
    let mut job = honest();
    job.result.outputs[1].push(0);
    assert_eq!(rejection(&job).to_string(), "layer 1: the output is 73 bytes, its shape needs 72");
    let mut job = honest();
    job.tamper(1, 2, 5, 1);
    let text = rejection(&job).to_string();
    assert!(text.starts_with("the served outputs have the root ") && text.contains("committed to"), "{text}");
}

#[test]
fn a_batch_said_to_be_known_is_looked_at_before_the_worker_is_blamed() {
    let honest = || Job::new(9, 3, &[10, 8, 6], true);
    let mut job = honest();
    check_known(&job.case(), &job.result).unwrap();
    job.tamper(1, 2, 5, 1);
    assert!(matches!(check_known(&job.case(), &job.result), Err(Rejection::Commitment { .. })));
    job.commit();
    assert!(matches!(check_known(&job.case(), &job.result), Err(Rejection::Cell { layer: 1, row: 2, column: 5, .. })));
    // The right result for another batch than the one at hand.
    let mut job = honest();
    job.input.iter_mut().for_each(|byte| *byte ^= 0x55);
    assert!(matches!(check_known(&job.case(), &job.result), Err(Rejection::InputRoot { .. })));
}

#[test]
fn there_is_no_evidence_against_an_honest_cell_or_about_other_outputs() {
    let mut job = Job::new(10, 3, &[10, 8, 6], true);
    let outputs = job.result.outputs.clone();
    let honest = evidence(&job.case(), &outputs, 1, 2, 3);
    assert_eq!(honest, Err(EvidenceError::Honest { layer: 1, row: 2, column: 3 }));
    let outside = evidence(&job.case(), &outputs, 1, 2, 6).unwrap_err();
    assert_eq!(outside.to_string(), "layer 1, row 2, column 6: layer, row or column outside the job");
    job.tamper(1, 2, 3, 1);
    let other = evidence(&job.case(), &job.result.outputs, 1, 2, 3).unwrap_err();
    // The judge meets the path of the layer's input first, which leads to another commitment as well.
    assert_eq!(other, EvidenceError::Unprovable { layer: 1, row: 2, column: 3, reason: JudgeError::Input });
}
