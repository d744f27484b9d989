use crate::job::Numbers;
use crate::reference;
use judge::Hash;
use judge::merkle::{Tree, fold, fold_many, path_len, root, siblings_len};

const SIZES: std::ops::RangeInclusive<usize> = 1..=70;

fn leaves(count: usize) -> Vec<Hash> {
    let mut numbers = Numbers(count as u64);
    (0..count).map(|_| numbers.hash()).collect()
}

#[test]
fn every_root_follows_the_definition() {
    for count in SIZES {
        let nodes = leaves(count);
        let expected = reference::tree(nodes.clone());
        assert_eq!(Tree::new(nodes.clone()).root(), expected, "{count} leaves");
        assert_eq!(root(nodes), Some(expected), "{count} leaves");
    }
}

#[test]
fn every_path_of_every_tree_folds_to_the_root() {
    for count in SIZES {
        let leaves = leaves(count);
        let tree = Tree::new(leaves.clone());
        for (index, &leaf) in leaves.iter().enumerate() {
            let path = tree.path(index);
            assert_eq!(path.len(), 32 * path_len(index, count));
            assert_eq!(fold(leaf, index, count, &path), Some(tree.root()), "leaf {index} of {count}");
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_path_or_leaf_misses_the_root() {
    for count in SIZES {
        let leaves = leaves(count);
        let tree = Tree::new(leaves.clone());
        for (index, &leaf) in leaves.iter().enumerate() {
            let path = tree.path(index);
            for at in 0..path.len() {
                let mut wrong = path.clone();
                wrong[at] ^= 1 << ((at + index) % 8);
                assert_ne!(fold(leaf, index, count, &wrong), Some(tree.root()), "byte {at}, leaf {index} of {count}");
            }
            let mut wrong = leaf;
            wrong[index % 32] ^= 1 << (count % 8);
            assert_ne!(fold(wrong, index, count, &path), Some(tree.root()), "leaf {index} of {count}");
        }
    }
}

#[test]
fn a_path_read_at_another_index_misses_the_root() {
    for count in SIZES {
        let leaves = leaves(count);
        let tree = Tree::new(leaves.clone());
        for (index, &leaf) in leaves.iter().enumerate() {
            let path = tree.path(index);
            for other in (0..count).filter(|&other| other != index) {
                assert_ne!(fold(leaf, other, count, &path), Some(tree.root()), "leaf {index} as {other} of {count}");
            }
            for outside in [count, count + 1, 2 * count, usize::MAX] {
                assert_eq!(fold(leaf, outside, count, &path), None);
            }
        }
    }
}

#[test]
fn a_path_of_another_length_is_refused() {
    for count in SIZES {
        let leaves = leaves(count);
        let tree = Tree::new(leaves.clone());
        for (index, &leaf) in leaves.iter().enumerate() {
            let mut path = tree.path(index);
            for short in 0..path.len() {
                assert_eq!(fold(leaf, index, count, &path[..short]), None, "{short} bytes, leaf {index} of {count}");
            }
            for _ in 0..33 {
                path.push(0);
                assert_eq!(fold(leaf, index, count, &path), None, "{} bytes, leaf {index} of {count}", path.len());
            }
        }
    }
}

#[test]
fn a_tree_of_one_leaf_is_the_leaf_and_has_an_empty_path() {
    let leaf = [7; 32];
    assert_eq!(Tree::new(vec![leaf]).root(), leaf);
    assert_eq!(fold(leaf, 0, 1, &[]), Some(leaf));
    assert_eq!(fold(leaf, 0, 0, &[]), None);
}

#[test]
fn the_largest_batch_has_a_path_of_32_siblings() {
    let count = u32::MAX as usize;
    assert_eq!(path_len(0, count), 32);
    assert!(fold([0; 32], count - 1, count, &vec![0; 32 * path_len(count - 1, count)]).is_some());
}

#[test]
#[should_panic(expected = "at least one leaf")]
fn a_tree_without_leaves_is_a_bug_in_the_caller() {
    Tree::new(Vec::new());
}

#[test]
fn no_leaves_have_no_root() {
    assert_eq!(root([]), None);
}

/// [`fold_many`] of leaves with their places.
fn fold_these(nodes: &[(u32, Hash)], count: usize, siblings: &[u8]) -> Option<Hash> {
    let indices: Vec<u32> = nodes.iter().map(|node| node.0).collect();
    let mut leaves = nodes.iter();
    let in_turn = |index| leaves.next().filter(|node| node.0 == index).map(|node| node.1);
    fold_many(&indices, in_turn, count, siblings)
}

#[test]
fn any_set_of_leaves_folds_to_the_root_with_the_siblings_it_lacks() {
    for count in 1..=11u32 {
        let leaves = leaves(count as usize);
        let tree = Tree::new(leaves.clone());
        for set in 1u32..1 << count {
            let indices: Vec<u32> = (0..count).filter(|i| set >> i & 1 == 1).collect();
            let siblings = tree.path_many(&indices);
            assert_eq!(siblings.len(), 32 * siblings_len(&indices, count as usize), "{indices:?} of {count}");
            let known = || indices.iter().map(|&i| (i, leaves[i as usize])).collect::<Vec<_>>();
            let fold = |nodes: Vec<(u32, Hash)>, siblings: &[u8]| fold_these(&nodes, count as usize, siblings);
            assert_eq!(fold(known(), &siblings), Some(tree.root()));
            assert_eq!(fold(known(), &[&siblings[..], &[0]].concat()), None);
            assert_eq!(fold(known(), &[&siblings[..], &[0; 32]].concat()), None);
            if let Some((_, short)) = siblings.split_last() {
                assert_eq!(fold(known(), short), None);
                let mut wrong = siblings.clone();
                wrong[set as usize % siblings.len()] ^= 4;
                assert_ne!(fold(known(), &wrong), Some(tree.root()), "{indices:?} of {count}");
            }
            let mut wrong = known();
            wrong[0].1[0] ^= 1;
            assert_ne!(fold(wrong, &siblings), Some(tree.root()), "{indices:?} of {count}");
            assert_eq!(fold_many(&indices, |_| None, count as usize, &siblings), None);
        }
    }
}

#[test]
fn a_set_of_one_leaf_has_the_leafs_own_path() {
    for count in SIZES {
        let tree = Tree::new(leaves(count));
        for index in 0..count {
            assert_eq!(tree.path_many(&[index as u32]), tree.path(index));
        }
    }
}

#[test]
fn no_leaves_and_leaves_out_of_order_or_range_are_refused() {
    let leaf = [7; 32];
    for nodes in [vec![], vec![(2, leaf), (1, leaf)], vec![(1, leaf), (1, leaf)], vec![(0, leaf), (3, leaf)]] {
        assert_eq!(fold_these(&nodes, 3, &[0; 32]), None);
        assert_eq!(fold_these(&nodes, 3, &[]), None);
    }
}
