//! Binary Merkle trees over a known number of leaves. An odd node is promoted to the next level unchanged.
//!
//! The number of leaves is always fixed by something already agreed on (the model and the batch size), and leaves
//! are domain-separated by their header, so a promoted node cannot be taken for a leaf or for another tree.
use crate::hash::{Hash, sha256};
use alloc::vec::Vec;

/// What every inner node's hash begins with.
pub const NODE: &[u8; 4] = b"IOND";

/// Parent of two nodes: sha256(`"IOND"` | left | right).
pub fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[NODE, left, right])
}

/// Root over `nodes`, which is used as scratch space.
///
/// # Panics
/// If `nodes` is empty: an empty tree has no root.
pub fn root_in_place(nodes: &mut [Hash]) -> Hash {
    let mut count = nodes.len();
    while count > 1 {
        for i in 0..count / 2 {
            nodes[i] = node(&nodes[2 * i], &nodes[2 * i + 1]);
        }
        if count % 2 == 1 {
            nodes[count / 2] = nodes[count - 1];
        }
        count = count.div_ceil(2);
    }
    nodes[0]
}

/// How many levels a tree of `count` leaves has above them.
pub fn height(count: usize) -> u32 {
    count.max(1).next_power_of_two().ilog2()
}

/// How many nodes a tree of `count` leaves has at `level`; the leaves are level 0.
pub fn width(count: usize, level: u32) -> usize {
    1usize.checked_shl(level).map_or(1, |below| count.div_ceil(below))
}

/// How many siblings the path of leaf `index` has in a tree of `count` leaves.
pub fn path_len(mut index: usize, mut count: usize) -> usize {
    let mut len = 0;
    while count > 1 {
        if index ^ 1 < count {
            len += 1;
        }
        index /= 2;
        count = count.div_ceil(2);
    }
    len
}

/// How many siblings the leaves at `indices`, ascending, have together in a tree of `count` leaves.
pub fn siblings_len(indices: &[u32], count: usize) -> usize {
    if indices.len() == count {
        return 0;
    }
    let mut len = 0;
    climb(indices, count, |_, _| len += 1);
    len
}

/// Calls `lacking` with the level and the place of every node that is needed to get from the leaves at `indices`,
/// ascending, to the root: level by level, from left to right.
fn climb(indices: &[u32], mut count: usize, mut lacking: impl FnMut(usize, usize)) {
    let mut known: Vec<u32> = indices.to_vec();
    let mut level = 0;
    while count > 1 {
        for i in 0..known.len() {
            let sibling = known[i] ^ 1;
            let beside = if sibling > known[i] { known.get(i + 1) } else { i.checked_sub(1).map(|i| &known[i]) };
            if (sibling as usize) < count && beside != Some(&sibling) {
                lacking(level, sibling as usize);
            }
        }
        known.iter_mut().for_each(|index| *index /= 2);
        known.dedup();
        count = count.div_ceil(2);
        level += 1;
    }
}

/// The root that `nodes`, leaves with their indices in ascending order, imply, given the siblings that they lack level by
/// level from left to right (32 bytes each). `None` if there are no leaves, an index is out of range or out of order, or
/// the siblings are too few or too many. `nodes` is used as scratch space.
pub fn fold_many(nodes: &mut Vec<(u32, Hash)>, mut count: usize, siblings: &[u8]) -> Option<Hash> {
    let in_order = nodes.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !in_order || nodes.last().is_none_or(|last| last.0 as usize >= count) {
        return None;
    }
    let mut siblings = siblings.chunks_exact(32);
    while count > 1 {
        let (mut next, mut above) = (0, 0);
        while let Some(&(index, hash)) = nodes.get(next) {
            next += 1;
            let parent = if (index ^ 1) as usize >= count {
                hash
            } else if let Some(&(_, right)) = nodes.get(next).filter(|(beside, _)| *beside == index ^ 1) {
                next += 1;
                node(&hash, &right)
            } else {
                let sibling: &Hash = siblings.next()?.try_into().ok()?;
                if index.is_multiple_of(2) { node(&hash, sibling) } else { node(sibling, &hash) }
            };
            nodes[above] = (index / 2, parent);
            above += 1;
        }
        nodes.truncate(above);
        count = count.div_ceil(2);
    }
    (siblings.next().is_none() && siblings.remainder().is_empty()).then(|| nodes[0].1)
}

/// The root that `leaf` at `index` of `count` leaves implies, given its siblings from the bottom up (32 bytes each).
/// `None` if `index` is out of range or the path has the wrong length.
pub fn fold(leaf: Hash, mut index: usize, mut count: usize, path: &[u8]) -> Option<Hash> {
    if index >= count || path.len() != 32 * path_len(index, count) {
        return None;
    }
    let mut siblings = path.chunks_exact(32);
    let mut hash = leaf;
    while count > 1 {
        if index ^ 1 < count {
            let sibling: &Hash = siblings.next()?.try_into().ok()?;
            hash = if index.is_multiple_of(2) { node(&hash, sibling) } else { node(sibling, &hash) };
        }
        index /= 2;
        count = count.div_ceil(2);
    }
    Some(hash)
}

/// A whole tree, kept so that paths can be read from it.
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// # Panics
    /// If `leaves` is empty.
    pub fn new(leaves: Vec<Hash>) -> Self {
        assert!(!leaves.is_empty(), "a tree needs at least one leaf");
        let mut levels = alloc::vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| if let [l, r] = pair { node(l, r) } else { pair[0] }).collect();
            levels.push(above);
        }
        Tree { levels }
    }

    pub fn root(&self) -> Hash {
        self.levels[self.levels.len() - 1][0]
    }

    /// Siblings of leaf `index`, bottom up, as [`fold`] wants them.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn path(&self, index: usize) -> Vec<u8> {
        self.path_from(0, index)
    }

    /// Siblings of node `index` of `level`, bottom up.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn path_from(&self, level: u32, mut index: usize) -> Vec<u8> {
        let from = level as usize;
        assert!(index < self.levels[from].len(), "node {index} of {}", self.levels[from].len());
        let mut path = Vec::new();
        for level in &self.levels[from..] {
            if let Some(sibling) = level.get(index ^ 1) {
                path.extend_from_slice(sibling);
            }
            index /= 2;
        }
        path
    }

    /// The nodes of a level; the leaves are level 0.
    ///
    /// # Panics
    /// If there is no such level.
    pub fn nodes(&self, level: u32) -> &[Hash] {
        &self.levels[level as usize]
    }

    /// Siblings that the leaves at `indices`, ascending, lack, as [`fold_many`] wants them.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn path_many(&self, indices: &[u32]) -> Vec<u8> {
        let mut path = Vec::new();
        climb(indices, self.levels[0].len(), |level, place| path.extend_from_slice(&self.levels[level][place]));
        path
    }
}
