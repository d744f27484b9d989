//! Answers to demands for data under a commitment.
use crate::job::{Job, Numbers, Shape, shapes};
use crate::reference::config;
use judge::demand::{Holder, MAX_DATA, MAX_DEPTH, MAX_SEGMENTS};
use judge::merkle::{Tree, height, width};
use judge::{ACTIVATIONS, Committed, Domain, JudgeError, Layer, MAX_EVIDENCE, MatrixTree, Wanted};
use proptest::prelude::*;

fn committed<'a>(job: &'a Job, wanted: &Wanted) -> Committed<'a> {
    let row_bytes = wanted.layer().and_then(|l| job.layers.get(l as usize)).map_or(0, Layer::out_row_bytes);
    Committed { job: &job.id, layers: job.layers.len(), rows: job.rows, row_bytes, commitment: &job.commitment }
}

fn judge<'e>(job: &Job, wanted: &Wanted, bytes: &'e [u8]) -> Result<&'e [u8], JudgeError> {
    committed(job, wanted).judge(wanted, bytes)
}

fn right(job: &Job, wanted: &Wanted) -> Vec<u8> {
    Holder::new(&job.claim(), &job.activations).unwrap().answer(wanted).unwrap()
}

/// The rows of a layer's output as a tree, built by what commits to them.
fn rows(job: &Job, layer: u32) -> MatrixTree<'_> {
    let row_bytes = job.layers[layer as usize].out_row_bytes();
    let domain = Domain { tag: ACTIVATIONS, id: &job.id, layer: layer + 1, rows: job.rows, row_bytes };
    MatrixTree::new(domain, &job.activations[layer as usize + 1]).unwrap()
}

/// Everything that can be demanded of a job.
fn all(job: &Job) -> Vec<Wanted> {
    let mut all = vec![Wanted::LayerRoots];
    let nodes = |layer, row, leaves: usize, all: &mut Vec<Wanted>| {
        for level in 1..=height(leaves) {
            for index in 0..width(leaves, level) as u32 {
                let depths = 1..=level.min(MAX_DEPTH);
                all.extend(depths.map(|depth| Wanted::Nodes { layer, row, level, index, depth }));
            }
        }
    };
    for (layer, spec) in (0u32..).zip(&job.layers) {
        let segments = (spec.out_row_bytes() as usize).div_ceil(256);
        nodes(layer, None, job.rows as usize, &mut all);
        for row in 0..job.rows {
            nodes(layer, Some(row), segments, &mut all);
            for first in 0..segments as u32 {
                let most = MAX_SEGMENTS.min(segments as u32 - first);
                all.extend((1..=most).map(|count| Wanted::Segments { layer, row, first, count }));
            }
        }
    }
    all
}

/// Rows of several segments, of which the last is short; rows and layers that are no power of two.
fn odd() -> Job {
    Job::new(&Shape { widths: vec![7, 700, 300, 1_100], accumulators: true, rows: 5, seed: 9 })
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn whoever_holds_the_outputs_can_answer_everything_that_can_be_demanded(shape in shapes()) {
        let job = Job::new(&shape);
        for wanted in all(&job) {
            let bytes = right(&job, &wanted);
            prop_assert!(bytes.len() <= MAX_EVIDENCE);
            let data = judge(&job, &wanted, &bytes);
            prop_assert!(data.is_ok_and(|data| data.len() <= MAX_DATA), "{:?}", wanted);
        }
    }

    #[test]
    fn no_changed_byte_of_an_answer_is_taken(shape in shapes(), flip in 1u8..) {
        let job = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 3);
        let all = all(&job);
        for _ in 0..20 {
            let wanted = all[numbers.below(all.len())];
            let mut bytes = right(&job, &wanted);
            let at = numbers.below(bytes.len());
            bytes[at] ^= flip;
            prop_assert_eq!(judge(&job, &wanted, &bytes), Err(JudgeError::Output), "{:?}", wanted);
        }
    }

    #[test]
    fn an_answer_of_another_length_is_not_one(shape in shapes(), by in 1usize..40) {
        let job = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 4);
        let all = all(&job);
        for _ in 0..10 {
            let wanted = all[numbers.below(all.len())];
            let bytes = right(&job, &wanted);
            let short = &bytes[..bytes.len() - by.min(bytes.len())];
            prop_assert_eq!(judge(&job, &wanted, short), Err(JudgeError::Length), "{:?}", wanted);
            let long = [bytes.as_slice(), &vec![0; by]].concat();
            prop_assert_eq!(judge(&job, &wanted, &long), Err(JudgeError::Length), "{:?}", wanted);
        }
    }
}

#[test]
fn the_data_are_the_bytes_and_nodes_that_were_committed_to() {
    let job = odd();
    let bytes = right(&job, &Wanted::LayerRoots);
    let roots: Vec<u8> = (0..3).flat_map(|layer| rows(&job, layer).root()).collect();
    assert_eq!(judge(&job, &Wanted::LayerRoots, &bytes), Ok(roots.as_slice()));
    let (layer, row) = (2, 3);
    let wanted = Wanted::Segments { layer, row, first: 16, count: 2 };
    // Rows of 4,400 bytes: the last segment has 48.
    let matrix = &job.activations[3];
    assert_eq!(judge(&job, &wanted, &right(&job, &wanted)), Ok(&matrix[3 * 4_400 + 4_096..4 * 4_400]));
    let tree = rows(&job, layer);
    for (row, leaves) in [(None, 5), (Some(4), 18)] {
        let own;
        let tree: &Tree = match row {
            None => tree.rows(),
            Some(row) => {
                own = tree.row_tree(row);
                &own
            }
        };
        for (level, index, depth) in [(1, 0, 1), (1, 2, 1), (2, 1, 2), (3, 0, 3)] {
            let wanted = Wanted::Nodes { layer, row, level, index, depth };
            let first = (index << depth) as usize;
            let last = (first + (1 << depth)).min(width(leaves, level - depth));
            let nodes = tree.nodes(level - depth)[first..last].concat();
            assert_eq!(judge(&job, &wanted, &right(&job, &wanted)), Ok(nodes.as_slice()), "{wanted:?}");
        }
    }
}

#[test]
fn an_odd_node_that_was_promoted_is_its_own_only_child() {
    let job = odd();
    // Five rows: the fifth is promoted twice.
    let wanted = Wanted::Nodes { layer: 0, row: None, level: 2, index: 1, depth: 2 };
    let bytes = right(&job, &wanted);
    let data = judge(&job, &wanted, &bytes).unwrap();
    assert_eq!(data, rows(&job, 0).rows().nodes(0)[4]);
    // A second child cannot be made up for it, nor the first be left out.
    let made_up = [data, &[0; 32], &bytes[32..]].concat();
    assert_eq!(judge(&job, &wanted, &made_up), Err(JudgeError::Length));
    assert_eq!(judge(&job, &wanted, &bytes[32..]), Err(JudgeError::Length));
}

#[test]
fn a_node_is_not_taken_for_the_nodes_above_or_below_it() {
    let job = odd();
    let (layer, row) = (2, Some(0));
    let at = |level, index, depth| Wanted::Nodes { layer, row, level, index, depth };
    // Wrong place, wrong level, wrong depth; also where the answer happens to have the right length.
    for (wanted, other) in [
        (at(1, 0, 1), at(1, 1, 1)),
        (at(2, 0, 1), at(1, 0, 1)),
        (at(3, 0, 2), at(3, 1, 2)),
        (at(5, 0, 5), at(5, 0, 4)),
        (at(4, 0, 3), at(3, 0, 3)),
        (Wanted::Nodes { layer, row: None, level: 1, index: 0, depth: 1 }, at(1, 0, 1)),
    ] {
        assert!(judge(&job, &wanted, &right(&job, &other)).is_err(), "{other:?} for {wanted:?}");
    }
    // The two children of a node, hashed once more: leaves and nodes have different tags.
    let wanted = at(2, 0, 1);
    let below = right(&job, &at(2, 0, 2));
    let honest = right(&job, &wanted);
    let confused = [&below[..64], &honest[64..]].concat();
    assert_eq!(judge(&job, &wanted, &confused), Err(JudgeError::Output));
}

#[test]
fn nothing_of_another_layer_row_job_or_batch_is_an_answer() {
    let job = Job::new(&Shape { widths: vec![300, 300, 300, 300], accumulators: false, rows: 4, seed: 5 });
    let of = |layer, row, first| Wanted::Segments { layer, row, first, count: 1 };
    let wanted = of(1, 2, 0);
    for other in [of(0, 2, 0), of(2, 2, 0), of(1, 1, 0), of(1, 2, 1)] {
        assert!(judge(&job, &wanted, &right(&job, &other)).is_err(), "{other:?}");
    }
    let mut elsewhere = Job::new(&Shape { widths: vec![300, 300, 300, 300], accumulators: false, rows: 4, seed: 5 });
    elsewhere.id[0] ^= 1;
    elsewhere.commit();
    assert_eq!(elsewhere.activations, job.activations);
    for wanted in [wanted, Wanted::LayerRoots, Wanted::Nodes { layer: 0, row: None, level: 2, index: 0, depth: 2 }] {
        assert_eq!(judge(&job, &wanted, &right(&elsewhere, &wanted)), Err(JudgeError::Output), "{wanted:?}");
    }
    // A commitment to fewer rows, or to fewer layers, is another commitment.
    let bytes = right(&job, &wanted);
    let fewer = Committed { rows: 3, ..committed(&job, &wanted) };
    assert!(fewer.judge(&wanted, &bytes).is_err());
    let fewer = Committed { layers: 2, ..committed(&job, &wanted) };
    assert!(fewer.judge(&wanted, &bytes).is_err());
    let narrower = Committed { row_bytes: 299, ..committed(&job, &wanted) };
    assert!(narrower.judge(&wanted, &bytes).is_err());
}

#[test]
fn what_is_outside_the_job_or_too_much_for_one_demand_is_refused() {
    let job = odd();
    let node = |row, level, index, depth| Wanted::Nodes { layer: 2, row, level, index, depth };
    let part = |layer, row, first, count| Wanted::Segments { layer, row, first, count };
    let outside = [
        part(3, 0, 0, 1),
        part(u32::MAX, 0, 0, 1),
        part(2, 5, 0, 1),
        part(2, 0, 18, 1),
        part(2, 0, 17, 2),
        part(2, 0, u32::MAX, 1),
        part(2, 0, u32::MAX, u32::MAX),
        part(2, 0, 0, 0),
        part(2, 0, 0, 9),
        node(None, 0, 0, 0),
        node(None, 1, 0, 0),
        node(None, 1, 0, 2),
        node(None, 1, 3, 1),
        node(None, 4, 0, 1),
        node(None, 64, 0, 1),
        node(None, u32::MAX, 0, 1),
        node(None, 3, u32::MAX, 1),
        node(Some(5), 1, 0, 1),
        node(Some(0), 5, 1, 1),
        node(Some(0), 6, 0, 1),
        node(Some(0), 1, 9, 1),
        node(Some(0), 1, 0, u32::MAX),
    ];
    for wanted in outside {
        assert_eq!(committed(&job, &wanted).check(&wanted), Err(JudgeError::OutOfRange), "{wanted:?}");
        assert_eq!(judge(&job, &wanted, &[]), Err(JudgeError::OutOfRange), "{wanted:?}");
        let claim = job.claim();
        let held = Holder::new(&claim, &job.activations).unwrap();
        assert_eq!(held.answer(&wanted), Err(JudgeError::OutOfRange), "{wanted:?}");
    }
}
