//! Wrong evidence: it never speaks against an honest worker, and never passes for right.
use crate::job::{Job, Numbers, Shape, shapes};
use crate::reference::config;
use judge::cell::{Witness, prove_cell};
use judge::merkle::path_len;
use judge::{Claim, JudgeError, Verdict, judge_cell};
use proptest::prelude::*;

fn small(seed: u64) -> Job {
    Job::new(&Shape { widths: vec![5, 70, 3], accumulators: true, rows: 3, seed })
}

/// Where the parts about input and weights end.
fn borders(job: &Job, (layer, row, column): (u32, u32, u32), len: usize) -> (usize, usize) {
    let (spec, row_path) = (job.layers[layer as usize], path_len(row as usize, job.rows as usize));
    let (bytes, segment) = (spec.out_row_bytes() as usize, spec.segment_of(column));
    let paths = path_len(segment, bytes.div_ceil(256)) + row_path + path_len(layer as usize, job.layers.len());
    let weights = len - (bytes - segment * 256).min(256) - 32 * paths;
    let path = path_len(spec.weight_row(column) as usize, spec.weight_rows() as usize);
    (weights - spec.column_bytes() as usize - 32 * path, weights)
}

fn refusal(at: usize, (input, weights): (usize, usize)) -> JudgeError {
    if at < input {
        JudgeError::Input
    } else if at < weights {
        JudgeError::Weights
    } else {
        JudgeError::Output
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn evidence_with_any_byte_changed_convicts_nobody_and_names_the_broken_part(shape in shapes(), flip in 1u8..) {
        let job = Job::new(&shape);
        let cell = job.any_cell(&mut Numbers(shape.seed ^ 3));
        let mut evidence = job.prove(cell);
        let borders = borders(&job, cell, evidence.len());
        for at in 0..evidence.len() {
            evidence[at] ^= flip;
            prop_assert_eq!(job.judge(cell, &evidence), Err(refusal(at, borders)), "byte {} of {:?}", at, cell);
            evidence[at] ^= flip;
        }
        prop_assert_eq!(job.judge(cell, &evidence), Ok(Verdict::Honest));
    }

    #[test]
    fn evidence_of_any_other_length_is_refused(shape in shapes()) {
        let job = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 4);
        let cell = job.any_cell(&mut numbers);
        let mut evidence = job.prove(cell);
        for len in 0..evidence.len() {
            prop_assert_eq!(job.judge(cell, &evidence[..len]), Err(JudgeError::Length), "{} bytes", len);
        }
        for _ in 0..40 {
            evidence.push(numbers.next() as u8);
            prop_assert_eq!(job.judge(cell, &evidence), Err(JudgeError::Length), "{} bytes", evidence.len());
        }
    }
}

#[test]
fn no_single_bit_of_evidence_can_be_flipped() {
    let job = small(41);
    for cell in [(0, 0, 0), (0, 2, 69), (1, 1, 2)] {
        let mut evidence = job.prove(cell);
        let borders = borders(&job, cell, evidence.len());
        for bit in 0..evidence.len() * 8 {
            evidence[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(job.judge(cell, &evidence), Err(refusal(bit / 8, borders)), "bit {bit} of {cell:?}");
            evidence[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// One of the ways in which evidence can be forged from other evidence.
fn forge(evidence: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let len = 1 + numbers.below(64);
    let (from, to) = (numbers.below(other.len()), numbers.below(evidence.len()));
    let (n, m) = (len.min(other.len() - from), len.min(evidence.len() - to));
    match numbers.below(6) {
        0 => evidence[to..][..n.min(m)].copy_from_slice(&other[from..][..n.min(m)]),
        1 => evidence[to..][..m].copy_from_slice(&numbers.bytes(m)),
        2 => evidence[to..][..m].fill(0),
        3 => {
            evidence.splice(to..to + m, other[from..][..n].iter().copied());
        }
        4 => evidence[to..][..m].reverse(),
        _ => {
            // The other's end, from the same place on.
            let at = to.min(other.len());
            evidence.splice(at.., other[at..].iter().copied());
        }
    }
    if evidence.is_empty() {
        evidence.push(0);
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn forged_evidence_never_convicts_an_honest_worker(shape in shapes()) {
        let honest = Job::new(&shape);
        // The prover may know of a wrong result for the very same job, and of other jobs.
        let mut wrong = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 5);
        for output in &mut wrong.activations[1..] {
            let at = numbers.below(output.len());
            output[at] ^= 1 << numbers.below(8);
        }
        wrong.commit();
        let stranger = Job::new(&Shape { seed: shape.seed ^ 6, ..shape.clone() });
        let sources = [&honest, &wrong, &stranger];
        for _ in 0..40 {
            let [source, another] = [sources[numbers.below(3)], sources[numbers.below(3)]];
            let (cell, near) = (source.any_cell(&mut numbers), another.any_cell(&mut numbers));
            let (mut evidence, other) = (source.prove(cell), another.prove(near));
            for _ in 0..numbers.below(4) {
                forge(&mut evidence, &other, &mut numbers);
            }
            for cell in [cell, near] {
                let result = honest.judge(cell, &evidence);
                prop_assert!(!matches!(result, Ok(Verdict::Fault { .. })), "{:?} for {:?}", result, cell);
                prop_assert!(result.is_err() || evidence == honest.prove(cell));
            }
        }
    }
}

#[test]
fn evidence_about_one_cell_never_speaks_about_another() {
    let mut wrong = small(11);
    let honest = small(11);
    wrong.activations[1].iter_mut().for_each(|byte| *byte ^= 1);
    wrong.commit();
    let mut numbers = Numbers(12);
    for job in [&honest, &wrong] {
        for cell in (0..12).map(|_| job.any_cell(&mut numbers)) {
            let evidence = job.prove(cell);
            for other in job.cells().into_iter().filter(|&other| other != cell) {
                assert!(job.judge(other, &evidence).is_err(), "{cell:?} as {other:?}");
            }
        }
    }
}

#[test]
fn evidence_for_another_job_model_input_or_commitment_is_refused() {
    let (job, zero) = (small(21), [0; 32]);
    let mut layers = job.layers.clone();
    layers.iter_mut().for_each(|layer| layer.weight_root[5] ^= 1);
    let claim = job.claim();
    let judge = |claim: Claim, layer| {
        let evidence = job.prove((layer, 1, 2));
        judge_cell(&claim, &judge::CellProof { layer, row: 1, column: 2, evidence: &evidence })
    };
    for layer in [0, 1] {
        assert_eq!(judge(claim, layer), Ok(Verdict::Honest));
        assert_eq!(judge(Claim { job: &zero, ..claim }, layer), Err(JudgeError::Input));
        assert_eq!(judge(Claim { layers: &layers, ..claim }, layer), Err(JudgeError::Weights));
        assert!(judge(Claim { rows: 4, ..claim }, layer).is_err());
        assert!(judge(Claim { layers: &layers[..1], ..claim }, layer).is_err());
    }
    assert_eq!(judge(Claim { input_root: &zero, ..claim }, 0), Err(JudgeError::Input));
    assert_eq!(judge(Claim { input_root: &zero, ..claim }, 1), Ok(Verdict::Honest));
    assert_eq!(judge(Claim { commitment: &zero, ..claim }, 0), Err(JudgeError::Output));
    assert_eq!(judge(Claim { commitment: &zero, ..claim }, 1), Err(JudgeError::Input));
}

#[test]
fn cells_outside_the_job_are_refused_at_the_exact_limit() {
    let job = small(31);
    let outside = [(2, 0, 0), (0, 3, 0), (0, 0, 70), (1, 0, 3), (u32::MAX, 0, 0), (0, u32::MAX, 0), (0, 0, u32::MAX)];
    let witness = Witness { activations: &job.activations, columns: &job.columns };
    for cell in outside {
        assert_eq!(job.judge(cell, &[]), Err(JudgeError::OutOfRange), "{cell:?}");
        assert_eq!(prove_cell(&job.claim(), &witness, cell.0, cell.1, cell.2), Err(JudgeError::OutOfRange));
    }
    for cell in [(1, 0, 0), (0, 2, 0), (0, 0, 69), (1, 2, 2)] {
        assert_eq!(job.judge(cell, &[]), Err(JudgeError::Length), "{cell:?}");
    }
    let empty = Claim { rows: 0, ..job.claim() };
    let proof = judge::CellProof { layer: 0, row: 0, column: 0, evidence: &[] };
    assert_eq!(judge_cell(&empty, &proof), Err(JudgeError::OutOfRange));
}
