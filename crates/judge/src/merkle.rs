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

/// Most levels of a tree above its leaves: places are `u32`.
const LEVELS: usize = 32;

/// Root over `leaves`, of which only one hash for each level is kept at a time: a program's heap takes nothing back.
/// `None` if there are none: an empty tree has no root.
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Option<Hash> {
    let leaves = leaves.into_iter();
    // Whole subtrees beside each other, each larger than the next, as the bits of the number of leaves say.
    let mut whole: Vec<Hash> = Vec::with_capacity(height(leaves.size_hint().0) as usize + 1);
    for (place, mut hash) in leaves.enumerate() {
        let mut left = place;
        while left % 2 == 1 {
            hash = node(&whole.pop()?, &hash);
            left /= 2;
        }
        whole.push(hash);
    }
    whole.into_iter().rev().reduce(|right, left| node(&left, &right))
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

/// How many siblings the leaves at `indices`, ascending and each below `count`, lack together in a tree of `count` leaves.
pub fn siblings_len(indices: &[u32], count: usize) -> usize {
    if indices.len() == count {
        return 0;
    }
    lacking(indices, count).iter().sum()
}

/// How many siblings the leaves at `indices`, ascending, lack on each level: the children of the nodes over them, less those
/// that are over them themselves.
fn lacking(indices: &[u32], count: usize) -> [usize; LEVELS] {
    let mut lacking = [0; LEVELS];
    let Some(&last) = indices.last() else { return lacking };
    // How many neighbours first have a node in common on each level.
    let mut joined = [0; LEVELS + 1];
    indices.windows(2).for_each(|pair| joined[(u32::BITS - (pair[0] ^ pair[1]).leading_zeros()) as usize] += 1);
    let (mut nodes, mut width) = (indices.len(), count);
    for level in 0.. {
        if width <= 1 {
            break;
        }
        let above = nodes - joined[level + 1];
        let promoted = width % 2 == 1 && (last >> level) as usize == width - 1;
        lacking[level] = 2 * above - usize::from(promoted) - nodes;
        (nodes, width) = (above, width.div_ceil(2));
    }
    lacking
}

/// Climbs from the `i`-th of the leaves at `indices`, ascending, to the root, or to a left half of a pair whose right half
/// has leaves that are still to come. Calls `meet` for each sibling on the way, with its level, its place and whether any of the
/// leaves is under it: called for all leaves in turn, it meets the siblings of each level from left to right. `halves`, zero for
/// the first leaf, is where it notes the levels on which such a half waits.
fn climb(indices: &[u32], i: usize, count: usize, halves: &mut u32, mut meet: impl FnMut(usize, u32, bool)) {
    let (mut place, mut width, mut level) = (indices[i], count, 0);
    let next = indices.get(i + 1);
    while width > 1 {
        let (sibling, bit) = (place ^ 1, 1 << level);
        if sibling < place {
            meet(level, sibling, *halves & bit != 0);
            *halves &= !bit;
        } else if (sibling as usize) < width {
            let waits = next.is_some_and(|leaf| leaf >> level == sibling);
            meet(level, sibling, waits);
            if waits {
                *halves |= bit;
                return;
            }
        }
        place /= 2;
        width = width.div_ceil(2);
        level += 1;
    }
}

/// The root that the leaves at `indices`, ascending, of `count` imply, given the siblings that they lack level by level
/// from left to right (32 bytes each). `leaf` is called for each index in turn, and one hash for each level is kept. `None` if
/// there are no indices, one is out of range or out of order, `leaf` gives none, or the siblings are too few or too many.
pub fn fold_many(
    indices: &[u32],
    mut leaf: impl FnMut(u32) -> Option<Hash>,
    count: usize,
    siblings: &[u8],
) -> Option<Hash> {
    let in_order = indices.windows(2).all(|pair| pair[0] < pair[1]);
    if !in_order || indices.last().is_none_or(|&last| last as usize >= count) {
        return None;
    }
    // Where the next sibling of each level is.
    let mut next = lacking(indices, count);
    let total = next.iter_mut().fold(0, |before, level| before + core::mem::replace(level, before));
    let (siblings, rest) = siblings.as_chunks::<32>();
    if siblings.len() != total || !rest.is_empty() {
        return None;
    }
    // Per level, the left half of a pair whose right half is still to come.
    let mut waiting = alloc::vec![[0; 32]; height(count) as usize];
    let (mut halves, mut hash) = (0, [0; 32]);
    for (i, &index) in indices.iter().enumerate() {
        hash = leaf(index)?;
        climb(indices, i, count, &mut halves, |level, sibling, known| {
            let is_right = sibling % 2 == 1;
            if known && is_right {
                waiting[level] = hash;
                return;
            }
            let beside = if known { &waiting[level] } else { &siblings[next[level]] };
            next[level] += usize::from(!known);
            hash = if is_right { node(&hash, beside) } else { node(beside, &hash) };
        });
    }
    Some(hash)
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
        let (mut path, mut halves) = (alloc::vec![Vec::new(); self.levels.len()], 0);
        for i in 0..indices.len() {
            climb(indices, i, self.levels[0].len(), &mut halves, |level, sibling, known| {
                if !known {
                    path[level].extend_from_slice(&self.levels[level][sibling as usize]);
                }
            });
        }
        path.concat()
    }
}
