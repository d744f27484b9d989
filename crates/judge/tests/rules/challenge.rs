//! The device challenge: what follows from a seed, by documented bytes, and what a segment with its path can prove.
use crate::job::Numbers;
use crate::reference;
use judge::challenge::*;
use judge::{Hash, MatrixTree, WEIGHTS, matrix_root, merkle};
use std::collections::BTreeSet;

const SOME: [u32; 4] = [0, 1, 77, 4095];

fn vector(tag: &[u8; 4], seed: &Hash, i: u32) -> Vec<u8> {
    let block = |b: u32| reference::sha256(&[tag.as_slice(), seed, &i.to_le_bytes(), &b.to_le_bytes()].concat());
    (0..32).flat_map(block).collect()
}

/// The cell with wide integers and floor division.
fn exact(seed: &Hash, i: u32, j: u32) -> u8 {
    let (a, b) = (vector(b"IOCA", seed, i), vector(b"IOCB", seed, j));
    let sum: i128 = a.iter().zip(&b).map(|(&x, &y)| i128::from(x as i8) * i128::from(y as i8)).sum();
    sum.div_euclid(256).rem_euclid(256) as u8
}

/// A whole answer, and the seed it is for. Full width; some columns are enough to compare with.
fn answer(numbers: &mut Numbers, rows: u32) -> (Hash, Vec<u8>) {
    let seed = numbers.hash();
    let columns: Vec<_> = (0..COLUMNS).map(|j| column(&seed, j)).collect();
    let cells = |i| {
        let row = row(&seed, i);
        columns.iter().map(move |column| byte_of(judge::dot::dot(&row, column))).collect::<Vec<u8>>()
    };
    (seed, (0..rows).flat_map(cells).collect())
}

fn evidence(seed: &Hash, rows: u32, bytes: &[u8], (i, j): (u32, u32)) -> ([u8; 256], Vec<u8>) {
    let tree = MatrixTree::new(domain(seed, rows), bytes).unwrap();
    let proof = tree.prove_segments(i, &[j / 256]);
    (proof[..256].try_into().unwrap(), proof[256..].to_vec())
}

#[test]
fn a_seed_and_its_vectors_are_the_documented_bytes() {
    let mut numbers = Numbers(1);
    let (slot, device) = (numbers.hash(), numbers.hash());
    let text = [b"IOCH".as_slice(), &slot, &9u64.to_le_bytes(), &device].concat();
    let seed = seed(&slot, 9, &device);
    assert_eq!(seed, reference::sha256(&text));
    for i in SOME {
        assert_eq!(row(&seed, i).to_vec(), vector(b"IOCA", &seed, i));
        assert_eq!(column(&seed, i).to_vec(), vector(b"IOCB", &seed, i));
        for j in SOME {
            assert_eq!(cell(&seed, i, j), exact(&seed, i, j));
        }
    }
}

/// Fixed from a run, so that a GPU's implementation, the chain's and this one can never drift together unseen.
#[test]
fn the_root_of_a_small_challenge_is_pinned() {
    let seed = [7u8; 32];
    let columns: Vec<_> = (0..COLUMNS).map(|j| column(&seed, j)).collect();
    let cells = |i| {
        let row = row(&seed, i);
        columns.iter().map(move |column| byte_of(judge::dot::dot(&row, column))).collect::<Vec<u8>>()
    };
    let bytes: Vec<u8> = (0..64).flat_map(cells).collect();
    let root = matrix_root(&domain(&seed, 64), &bytes).unwrap();
    let hex: String = root.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "eaf94401ced00df58c11f326e96e7116bb1b72a589521a22b1ad882b626316ad");
}

#[test]
fn another_slot_round_or_device_has_another_seed() {
    let mut numbers = Numbers(2);
    let (slot, device) = (numbers.hash(), numbers.hash());
    let seeds = [
        seed(&slot, 1, &device),
        seed(&slot, 2, &device),
        seed(&device, 1, &slot),
        seed(&slot, 1, &numbers.hash()),
        seed(&numbers.hash(), 1, &device),
    ];
    assert_eq!(BTreeSet::from(seeds).len(), seeds.len());
}

#[test]
fn every_cell_of_an_honest_answer_is_right() {
    let mut numbers = Numbers(3);
    for rows in [1, 64, 65] {
        let (seed, bytes) = answer(&mut numbers, rows);
        let root = matrix_root(&domain(&seed, rows), &bytes).unwrap();
        for n in 0..20 {
            let cell = (numbers.below(rows as usize) as u32, if n == 0 { 4095 } else { numbers.below(4096) as u32 });
            let (segment, path) = evidence(&seed, rows, &bytes, cell);
            assert_eq!(path.len(), path_bytes(rows, cell.0, cell.1));
            let judged = judge(&seed, rows, &root, cell, &segment, &path).unwrap();
            assert!(judged.is_right(), "{cell:?} of {rows} rows");
            assert_eq!(judged.expected, exact(&seed, cell.0, cell.1));
        }
    }
}

#[test]
fn a_wrong_byte_is_seen_at_its_cell_and_nowhere_else() {
    let mut numbers = Numbers(4);
    let (seed, mut bytes) = answer(&mut numbers, 64);
    bytes[3 * 4096 + 1000] ^= 1;
    let root = matrix_root(&domain(&seed, 64), &bytes).unwrap();
    for (cell, right) in [((3, 1000), false), ((3, 999), true), ((2, 1000), true)] {
        let (segment, path) = evidence(&seed, 64, &bytes, cell);
        assert_eq!(judge(&seed, 64, &root, cell, &segment, &path).unwrap().is_right(), right, "{cell:?}");
    }
}

#[test]
fn evidence_from_another_place_root_or_seed_proves_nothing() {
    let mut numbers = Numbers(5);
    let (seed, bytes) = answer(&mut numbers, 64);
    let root = matrix_root(&domain(&seed, 64), &bytes).unwrap();
    let cell = (5, 300);
    let (segment, path) = evidence(&seed, 64, &bytes, cell);
    let (another_seed, another_root) = (numbers.hash(), numbers.hash());
    assert!(judge(&seed, 64, &root, cell, &segment, &path).is_some());
    // The same segment holds columns 256 to 511 of row 5 and nothing else.
    assert!(judge(&seed, 64, &root, (5, 511), &segment, &path).is_some());
    for other in [(5, 512), (5, 255), (4, 300), (64, 300), (5, 4096), (5, u32::MAX), (u32::MAX, 300)] {
        assert_eq!(judge(&seed, 64, &root, other, &segment, &path), None, "{other:?}");
    }
    assert_eq!(judge(&another_seed, 64, &root, cell, &segment, &path), None);
    assert_eq!(judge(&seed, 128, &root, cell, &segment, &path), None);
    assert_eq!(judge(&seed, 63, &root, cell, &segment, &path), None);
    assert_eq!(judge(&seed, 64, &another_root, cell, &segment, &path), None);
    for at in [0, 255] {
        let mut wrong = segment;
        wrong[at] ^= 0x80;
        assert_eq!(judge(&seed, 64, &root, cell, &wrong, &path), None);
    }
    for at in [0, path.len() - 1] {
        let mut wrong = path.clone();
        wrong[at] ^= 1;
        assert_eq!(judge(&seed, 64, &root, cell, &segment, &wrong), None);
    }
    for len in [0, 31, 128, path.len() - 32, path.len() - 1] {
        assert_eq!(judge(&seed, 64, &root, cell, &segment, &path[..len]), None);
    }
    assert_eq!(judge(&seed, 64, &root, cell, &segment, &[path.as_slice(), &[0; 32]].concat()), None);
}

#[test]
fn no_leaf_of_a_job_is_one_of_a_challenge() {
    let seed = [1; 32];
    let mine = domain(&seed, 64);
    for tag in [judge::ACTIVATIONS, WEIGHTS] {
        assert_ne!(mine.leaf(0, 0, &[0; 256]), judge::Domain { tag, ..mine }.leaf(0, 0, &[0; 256]));
    }
}

#[test]
fn a_node_cannot_stand_for_a_row() {
    // The root of a matrix whose two halves are folded already: the path is one node shorter and must be refused.
    let seed = [2; 32];
    let leaf = domain(&seed, 2).leaf(0, 0, &[9; 256]);
    let siblings = [[3u8; 32]; 4].concat();
    let row = merkle::fold(leaf, 0, 16, &siblings).unwrap();
    let root = merkle::node(&row, &[4; 32]);
    let full = [siblings.as_slice(), &[4; 32]].concat();
    assert!(judge(&seed, 2, &root, (0, 0), &[9; 256], &full).is_some());
    assert_eq!(judge(&seed, 1, &row, (0, 0), &[9; 256], &siblings), None, "the header binds the number of rows");
}

#[test]
fn drawn_cells_lie_in_the_answer_and_follow_from_the_documented_bytes() {
    let mut numbers = Numbers(6);
    let mut seen = BTreeSet::new();
    for rows in [64, 4096, 1 << 16] {
        for _ in 0..50 {
            let (draw, seed) = (numbers.hash(), numbers.hash());
            for index in 0..CELLS as u8 {
                let (i, j) = drawn_cell(&draw, &seed, rows, index);
                let hash = reference::sha256(&[b"IOCD".as_slice(), &draw, &seed, &[index]].concat());
                let word = |at: usize| u64::from_le_bytes(hash[at..at + 8].try_into().unwrap());
                assert_eq!((u64::from(i), u64::from(j)), (word(0) % u64::from(rows), word(8) % 4096));
                seen.insert((i, j));
            }
        }
    }
    assert!(seen.len() > 2_300, "{} of 2,400 cells differ", seen.len());
}

#[test]
fn no_value_of_a_cell_is_worth_guessing() {
    let seed = [8; 32];
    let (rows, columns) = (256u32, 256u32);
    let columns: Vec<_> = (0..columns).map(|j| column(&seed, j)).collect();
    let mut count = [0u32; 256];
    for i in 0..rows {
        let row = row(&seed, i);
        columns.iter().for_each(|column| count[usize::from(byte_of(judge::dot::dot(&row, column)))] += 1);
    }
    // 256 of each value are expected; six standard deviations are 96.
    let (least, most) = (count.iter().min().unwrap(), count.iter().max().unwrap());
    assert!((160..=352).contains(least) && (160..=352).contains(most), "between {least} and {most}");
}
