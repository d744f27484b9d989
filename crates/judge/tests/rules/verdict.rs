//! Right evidence: honest work is never a fault, and a wrong cell always is.
use crate::job::{Job, Numbers, Shape, shapes};
use crate::reference::config;
use judge::Verdict;
use proptest::prelude::*;

/// One layer from 256 elements to 1,024 accumulators: rows of sixteen segments.
fn wide(seed: u64) -> Job {
    Job::new(&Shape { widths: vec![256, 1_024], accumulators: true, rows: 3, seed })
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn every_cell_of_an_honest_job_is_honest(shape in shapes()) {
        let job = Job::new(&shape);
        for cell in job.cells() {
            prop_assert_eq!(job.judge(cell, &job.prove(cell)), Ok(Verdict::Honest), "{:?}", cell);
        }
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn any_changed_output_byte_is_a_fault_of_its_cell(shape in shapes(), flip in 1u8..) {
        let mut job = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 1);
        let layer = numbers.below(job.layers.len());
        let at = numbers.below(job.activations[layer + 1].len());
        let (width, size) = (job.layers[layer].cells() as usize, job.layers[layer].out_size());
        let cell = (layer as u32, (at / size / width) as u32, (at / size % width) as u32);
        let expected = job.committed(cell);
        job.activations[layer + 1][at] ^= flip;
        job.commit();
        let committed = job.committed(cell);
        prop_assert_ne!(expected, committed);
        prop_assert_eq!(job.judge(cell, &job.prove(cell)), Ok(Verdict::Fault { expected, committed }));
    }

    /// A fault does not spread: a cell is judged by its committed input, wrong or not.
    #[test]
    fn every_other_cell_is_judged_by_its_committed_input(shape in shapes(), flip in 1u8..) {
        let mut job = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 2);
        let layer = numbers.below(job.layers.len());
        let at = numbers.below(job.activations[layer + 1].len());
        job.activations[layer + 1][at] ^= flip;
        job.commit();
        for _ in 0..20 {
            let cell = job.any_cell(&mut numbers);
            let (expected, committed) = (job.expected(cell), job.committed(cell));
            let verdict = if expected == committed { Verdict::Honest } else { Verdict::Fault { expected, committed } };
            prop_assert_eq!(job.judge(cell, &job.prove(cell)), Ok(verdict), "{:?}", cell);
        }
    }
}

#[test]
fn wide_rows_of_accumulators_are_judged_in_every_segment() {
    let mut job = wide(1);
    let cells: Vec<u32> = (0..1_024).step_by(64).flat_map(|c| [c, c + 1, c + 63]).collect();
    for &column in &cells {
        let cell = (0, 1, column);
        assert_eq!(job.judge(cell, &job.prove(cell)), Ok(Verdict::Honest), "column {column}");
    }
    for column in cells {
        let cell = (0, 2, column);
        let expected = job.committed(cell);
        let at = (2 * 1_024 + column as usize) * 4 + column as usize % 4;
        job.activations[1][at] ^= 0x80;
        job.commit();
        let committed = job.committed(cell);
        assert_eq!(job.judge(cell, &job.prove(cell)), Ok(Verdict::Fault { expected, committed }), "column {column}");
    }
}

#[test]
fn the_widest_layer_is_judged_within_one_account() {
    let job = Job::new(&Shape { widths: vec![4_096, 1_024, 4_096], accumulators: true, rows: 2, seed: 5 });
    for cell in [(0, 0, 0), (0, 1, 1_023), (1, 0, 0), (1, 1, 4_095)] {
        let evidence = job.prove(cell);
        assert!(evidence.len() < 10_000, "{} bytes", evidence.len());
        assert_eq!(job.judge(cell, &evidence), Ok(Verdict::Honest), "{cell:?}");
    }
}

#[test]
fn forty_eight_layers_are_judged_at_every_depth() {
    let job = Job::new(&Shape { widths: vec![3; 49], accumulators: false, rows: 3, seed: 9 });
    for cell in job.cells() {
        assert_eq!(job.judge(cell, &job.prove(cell)), Ok(Verdict::Honest), "{cell:?}");
    }
}

/// Were all outputs clamped to one value, the tests above would say little.
#[test]
fn random_jobs_have_varied_outputs() {
    let job = Job::new(&Shape { widths: vec![64; 4], accumulators: false, rows: 8, seed: 11 });
    for output in &job.activations[1..] {
        let distinct: std::collections::BTreeSet<&u8> = output.iter().collect();
        assert!(distinct.len() > 64, "{} values in {} cells", distinct.len(), output.len());
    }
}
