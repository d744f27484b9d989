use crate::job::{Job, Numbers, Shape, shapes};
use crate::reference::{self, config};
use judge::cell::{self, Witness, input_root, output_roots, prove_cell};
use judge::commitment::{MAX_ROW_BYTES, SEGMENT};
use judge::{
    ACTIVATIONS, Domain, Hash, JudgeError, MatrixTree, WEIGHTS, commitment_root, matrix_root, merkle, row_root,
};
use proptest::prelude::*;

const WIDTHS: [u32; 13] = [1, 4, 255, 256, 257, 300, 511, 512, 513, 1024, 4095, 4096, 9000];

fn domain(id: &Hash, rows: u32, row_bytes: u32) -> Domain<'_> {
    Domain { tag: ACTIVATIONS, id, layer: 3, rows, row_bytes }
}

/// The documented bytes of a leaf.
fn leaf(d: &Domain, row: u32, segment: u32, bytes: &[u8]) -> Hash {
    let mut text = [d.tag.as_slice(), d.id].concat();
    for field in [d.layer, row, segment, d.rows, d.row_bytes, bytes.len() as u32] {
        text.extend(field.to_le_bytes());
    }
    text.resize(64, 0);
    text.extend(bytes);
    reference::sha256(&text)
}

fn root(d: &Domain, bytes: &[u8]) -> Hash {
    let rows = bytes.chunks(d.row_bytes as usize).enumerate();
    let rows = rows.map(|(row, bytes)| {
        let segments = bytes.chunks(256).enumerate();
        reference::tree(segments.map(|(i, part)| leaf(d, row as u32, i as u32, part)).collect())
    });
    reference::tree(rows.collect())
}

#[test]
fn roots_follow_the_documented_bytes() {
    for row_bytes in WIDTHS {
        for rows in 1..=9 {
            let mut numbers = Numbers(u64::from(row_bytes * 10 + rows));
            let id = numbers.hash();
            let d = domain(&id, rows, row_bytes);
            let bytes = numbers.bytes((rows * row_bytes) as usize);
            assert_eq!(matrix_root(&d, &bytes), Some(root(&d, &bytes)), "{rows} rows of {row_bytes}");
        }
    }
}

#[test]
fn every_row_and_segment_is_proven_against_the_root() {
    for row_bytes in WIDTHS {
        let rows = 5;
        let mut numbers = Numbers(u64::from(row_bytes));
        let id = numbers.hash();
        let d = domain(&id, rows, row_bytes);
        let bytes = numbers.bytes((rows * row_bytes) as usize);
        let tree = MatrixTree::new(d, &bytes).unwrap();
        for (row, expected) in bytes.chunks(row_bytes as usize).enumerate() {
            let proof = tree.prove_row(row as u32);
            let (content, path) = proof.split_at(row_bytes as usize);
            assert_eq!(content, expected);
            let hash = row_root(&d, row as u32, content).unwrap();
            assert_eq!(merkle::fold(hash, row, 5, path), Some(tree.root()));
            for (segment, expected) in expected.chunks(SEGMENT).enumerate() {
                let proof = tree.prove_segments(row as u32, &[segment as u32]);
                let (content, path) = proof.split_at(expected.len());
                assert_eq!(content, expected);
                let (in_row, in_matrix) = path.split_at(32 * merkle::path_len(segment, d.segments()));
                let hash = d.leaf(row as u32, segment as u32, content);
                let hash = merkle::fold(hash, segment, d.segments(), in_row).unwrap();
                assert_eq!(merkle::fold(hash, row, 5, in_matrix), Some(tree.root()));
            }
        }
    }
}

#[test]
fn the_same_bytes_elsewhere_have_another_root() {
    let bytes = Numbers(1).bytes(24);
    let (job, other) = ([1; 32], [2; 32]);
    let d = domain(&job, 4, 6);
    let others = [
        d,
        Domain { tag: WEIGHTS, ..d },
        Domain { id: &other, ..d },
        Domain { layer: 4, ..d },
        Domain { rows: 6, row_bytes: 4, ..d },
        Domain { rows: 1, row_bytes: 24, ..d },
        Domain { rows: 24, row_bytes: 1, ..d },
    ];
    let roots: std::collections::BTreeSet<Hash> = others.iter().map(|d| matrix_root(d, &bytes).unwrap()).collect();
    assert_eq!(roots.len(), others.len());
}

#[test]
fn the_same_bytes_in_another_row_segment_or_length_have_another_leaf() {
    let d = domain(&[1; 32], 4, 600);
    let bytes = [5; SEGMENT];
    let leaves = [
        d.leaf(0, 0, &bytes),
        d.leaf(1, 0, &bytes),
        d.leaf(0, 1, &bytes),
        Domain { rows: 5, ..d }.leaf(0, 0, &bytes),
        Domain { row_bytes: 601, ..d }.leaf(0, 0, &bytes),
        d.leaf(0, 0, &bytes[1..]),
        d.leaf(0, 0, &[]),
    ];
    let distinct: std::collections::BTreeSet<Hash> = leaves.into_iter().collect();
    assert_eq!(distinct.len(), leaves.len());
    assert_ne!(row_root(&domain(&[1; 32], 1, 2), 0, &[1, 2]), row_root(&domain(&[1; 32], 1, 2), 1, &[1, 2]));
}

#[test]
fn a_short_last_segment_is_not_the_padded_one() {
    let (short, mut padded) = (vec![9; 257], vec![9; 257]);
    padded.resize(512, 0);
    let id = [0; 32];
    assert_ne!(row_root(&domain(&id, 1, 257), 0, &short), row_root(&domain(&id, 1, 512), 0, &padded));
    let d = domain(&id, 1, 257);
    assert_ne!(d.leaf(0, 1, &short[256..]), d.leaf(0, 1, &padded[256..]));
}

#[test]
fn sizes_that_do_not_fit_have_no_root() {
    let id = [0; 32];
    assert_eq!(matrix_root(&domain(&id, 0, 4), &[]), None);
    assert_eq!(matrix_root(&domain(&id, 4, 0), &[]), None);
    assert_eq!(matrix_root(&domain(&id, 2, 4), &[0; 7]), None);
    assert_eq!(matrix_root(&domain(&id, 2, 4), &[0; 9]), None);
    assert_eq!(matrix_root(&domain(&id, u32::MAX, u32::MAX), &[0; 9]), None);
    let longest = MAX_ROW_BYTES as u32;
    assert!(row_root(&domain(&id, 1, longest), 0, &vec![0; MAX_ROW_BYTES]).is_some());
    assert_eq!(row_root(&domain(&id, 1, longest + 1), 0, &vec![0; MAX_ROW_BYTES + 1]), None);
    assert_eq!(row_root(&domain(&id, 1, 4), 0, &[0; 3]), None);
    assert_eq!(row_root(&domain(&id, 1, 0), 0, &[]), None);
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn any_changed_byte_changes_the_root(
        rows in 1u32..6, row_bytes in prop_oneof![1u32..20, 250u32..600], seed in any::<u64>(), flip in 1u8..,
    ) {
        let mut numbers = Numbers(seed);
        let id = numbers.hash();
        let mut bytes = numbers.bytes((rows * row_bytes) as usize);
        let before = matrix_root(&domain(&id, rows, row_bytes), &bytes);
        let at = numbers.below(bytes.len());
        bytes[at] ^= flip;
        prop_assert_ne!(matrix_root(&domain(&id, rows, row_bytes), &bytes), before);
    }

    #[test]
    fn a_commitment_is_the_tree_of_its_layers(shape in shapes()) {
        let job = Job::new(&shape);
        let matrix = |index: usize, row_bytes| {
            let layer = index as u32;
            let d = Domain { tag: *b"IOAC", id: &job.id, layer, rows: job.rows, row_bytes };
            root(&d, &job.activations[index])
        };
        prop_assert_eq!(job.input_root, matrix(0, job.layers[0].in_row_bytes()));
        let roots: Vec<Hash> =
            job.layers.iter().enumerate().map(|(l, layer)| matrix(l + 1, layer.out_row_bytes())).collect();
        prop_assert_eq!(&output_roots(&job.claim(), &job.activations).unwrap(), &roots);
        prop_assert_eq!(job.commitment, reference::tree(roots));
    }
}

#[test]
fn the_order_of_layers_is_part_of_a_commitment() {
    let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
    assert_ne!(commitment_root(&[a, b, c]), commitment_root(&[b, a, c]));
    assert_ne!(commitment_root(&[a, b, c]), commitment_root(&[a, c, b]));
    assert_ne!(commitment_root(&[a, b]), commitment_root(&[a, b, b]));
}

#[test]
fn activations_and_weights_of_another_shape_are_refused() {
    let mut job = Job::new(&Shape { widths: vec![3, 4, 2], accumulators: false, rows: 2, seed: 1 });
    assert_eq!(input_root(&job.id, 2, 3, &[0; 5]), None);
    assert_eq!(cell::commit(&job.claim(), &job.activations[..2]), Err(JudgeError::Length));
    let prove = |job: &Job, columns: &[Vec<u8>]| {
        prove_cell(&job.claim(), &Witness { activations: &job.activations, columns }, 0, 0, 0)
    };
    assert_eq!(prove(&job, &job.columns[..1]), Err(JudgeError::Length));
    assert_eq!(prove(&job, &[vec![0; 27], vec![0; 16]]), Err(JudgeError::Length));
    job.activations[2].push(0);
    assert_eq!(cell::commit(&job.claim(), &job.activations), Err(JudgeError::Length));
    assert_eq!(prove(&job, &job.columns), Err(JudgeError::Length));
}
