//! Withheld data: what may be asked for under a commitment, and whether an answer is what was committed to.
//!
//! An answer's lengths follow from the job alone, as a cell's evidence does. With the nodes of a tree, whoever has
//! recomputed the job walks down to the first difference, from a worker that serves nothing; the nodes and bytes met on the
//! way are the evidence against the cell found there.
use crate::cell::{Claim, JudgeError, activations, output_roots, take};
use crate::commitment::{Domain, MAX_ROW_BYTES, MatrixTree, SEGMENT};
use crate::evidence::MAX_EVIDENCE;
use crate::hash::Hash;
use crate::layer::MAX_LAYERS;
use crate::merkle::{self, Tree, height, path_len, width};
use alloc::vec::Vec;

/// Most segments that one demand can name.
pub const MAX_SEGMENTS: u32 = 8;
/// Most levels that one demand can go down in a tree: 64 nodes.
pub const MAX_DEPTH: u32 = 6;
/// Longest data of an answer, bytes, without the path that leads from it to the commitment.
pub const MAX_DATA: usize = 2_048;

const _: () = assert!(MAX_SEGMENTS as usize * SEGMENT <= MAX_DATA && (32 << MAX_DEPTH) <= MAX_DATA);
const _: () = assert!(32 * MAX_LAYERS <= MAX_DATA, "the roots of all layers are one answer");
/// Levels of the trees over the segments of the longest row, the rows of the largest batch, and the layers.
const LEVELS: usize = (MAX_ROW_BYTES / SEGMENT).ilog2() as usize + 20 + MAX_LAYERS.next_power_of_two().ilog2() as usize;
const _: () = assert!(MAX_DATA + 32 * (LEVELS + 2 * MAX_ROW_BYTES.ilog2() as usize) <= MAX_EVIDENCE);

/// Something that hangs under a commitment, named exactly. Layers are those of the model: layer `l` has output `l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The roots of the outputs of all layers.
    LayerRoots,
    /// The nodes `depth` levels under a node of the tree of a layer's rows, or of the tree of one row's segments. Level 0
    /// are the leaves: the rows' roots, or the row's segments.
    Nodes { layer: u32, row: Option<u32>, level: u32, index: u32, depth: u32 },
    /// The bytes of `count` consecutive segments of one row.
    Segments { layer: u32, row: u32, first: u32, count: u32 },
}

impl Wanted {
    /// The layer that it is about, if it is about one.
    pub fn layer(&self) -> Option<u32> {
        match *self {
            Wanted::LayerRoots => None,
            Wanted::Nodes { layer, .. } | Wanted::Segments { layer, .. } => Some(layer),
        }
    }
}

/// The committed matrix that is asked about: output of one of the `layers` layers of a job.
#[derive(Clone, Copy, Debug)]
pub struct Committed<'a> {
    /// The job's address.
    pub job: &'a Hash,
    /// How many layers the model has.
    pub layers: usize,
    /// Rows in the batch.
    pub rows: u32,
    /// Bytes in each row of the layer that [`Wanted::layer`] names; not looked at if it names none.
    pub row_bytes: u32,
    pub commitment: &'a Hash,
}

impl<'a> Committed<'a> {
    fn domain(&self, layer: u32) -> Domain<'a> {
        let claim =
            Claim { job: self.job, layers: &[], rows: self.rows, input_root: self.job, commitment: self.commitment };
        activations(&claim, layer.saturating_add(1), self.row_bytes)
    }

    /// How many leaves the tree has that is asked about.
    fn leaves(&self, layer: u32, row: Option<u32>) -> usize {
        if row.is_some() { self.domain(layer).segments() } else { self.rows as usize }
    }

    /// Refuses what no committed job has: nobody can be asked for it. Whatever passes can be answered by whoever holds
    /// the outputs of all layers.
    ///
    /// # Errors
    /// [`JudgeError::OutOfRange`].
    pub fn check(&self, wanted: &Wanted) -> Result<(), JudgeError> {
        let is_layer = |layer: u32| (layer as usize) < self.layers;
        let fits = match *wanted {
            Wanted::LayerRoots => true,
            Wanted::Nodes { layer, row, level, index, depth } => {
                let leaves = self.leaves(layer, row);
                is_layer(layer)
                    && row.is_none_or(|row| row < self.rows)
                    && (1..=MAX_DEPTH.min(level)).contains(&depth)
                    && level <= height(leaves)
                    && (index as usize) < width(leaves, level)
            }
            Wanted::Segments { layer, row, first, count } => {
                let end = first.checked_add(count).map(|end| end as usize);
                is_layer(layer)
                    && row < self.rows
                    && (1..=MAX_SEGMENTS).contains(&count)
                    && end.is_some_and(|end| end <= self.domain(layer).segments())
            }
        };
        if fits { Ok(()) } else { Err(JudgeError::OutOfRange) }
    }

    /// Judges an answer: the wanted data, followed by the path that leads from it to the commitment: siblings in the row,
    /// the row's path, the layer's path, as far as there are such. Returns the data.
    ///
    /// # Errors
    /// [`JudgeError::OutOfRange`] as [`Committed::check`]; [`JudgeError::Length`] for bytes that are not as long as this
    /// answer must be; [`JudgeError::Output`] if they do not lead to the commitment.
    pub fn judge<'e>(&self, wanted: &Wanted, answer: &'e [u8]) -> Result<&'e [u8], JudgeError> {
        self.check(wanted)?;
        let rest = &mut { answer };
        let (data, root) = match *wanted {
            Wanted::LayerRoots => {
                let data = take(rest, 32 * self.layers)?;
                (data, root_of(data))
            }
            Wanted::Nodes { layer, row, level, index, depth } => {
                let leaves = self.leaves(layer, row);
                let places = under(leaves, level, index, depth);
                let data = take(rest, 32 * places.len())?;
                let (index, count) = (index as usize, width(leaves, level));
                let path = take(rest, 32 * path_len(index, count))?;
                let top = root_of(data).and_then(|node| merkle::fold(node, index, count, path));
                (data, self.above(rest, layer, row, top)?)
            }
            Wanted::Segments { layer, row, first, count } => {
                let domain = self.domain(layer);
                let indices: Vec<u32> = (first..first + count).collect();
                let bytes = indices.iter().map(|&segment| domain.segment_bytes(segment as usize)).sum();
                let data = take(rest, bytes)?;
                let siblings = take(rest, 32 * merkle::siblings_len(&indices, domain.segments()))?;
                let top = domain.row_root_of(row, &indices, data, siblings);
                (data, self.above(rest, layer, Some(row), top)?)
            }
        };
        if !rest.is_empty() {
            return Err(JudgeError::Length);
        }
        if root == Some(*self.commitment) { Ok(data) } else { Err(JudgeError::Output) }
    }

    /// The commitment that the root of a row, or of a layer, implies with the rest of the answer.
    fn above(
        &self,
        rest: &mut &[u8],
        layer: u32,
        row: Option<u32>,
        root: Option<Hash>,
    ) -> Result<Option<Hash>, JudgeError> {
        let mut root = root;
        if let Some(row) = row {
            let (row, rows) = (row as usize, self.rows as usize);
            let path = take(rest, 32 * path_len(row, rows))?;
            root = root.and_then(|hash| merkle::fold(hash, row, rows, path));
        }
        let path = take(rest, 32 * path_len(layer as usize, self.layers))?;
        Ok(root.and_then(|hash| merkle::fold(hash, layer as usize, self.layers, path)))
    }
}

/// The nodes `depth` levels under node `index` of `level`: their places in their level.
fn under(leaves: usize, level: u32, index: u32, depth: u32) -> core::ops::Range<usize> {
    let below = width(leaves, level - depth);
    let first = (index as usize) << depth;
    first..(first + (1 << depth)).min(below)
}

/// The node over a run of nodes that begins at an even place on every level up to it.
fn root_of(nodes: &[u8]) -> Option<Hash> {
    merkle::root(nodes.as_chunks::<32>().0.iter().copied())
}

/// Who holds the outputs of all layers and can answer for them.
pub struct Holder<'a> {
    claim: &'a Claim<'a>,
    activations: &'a [Vec<u8>],
    roots: Vec<Hash>,
}

impl<'a> Holder<'a> {
    /// Hashes everything once. `claim.layers` are all layers of the model; `activations[0]` is the input and is not looked at.
    ///
    /// # Errors
    /// [`JudgeError::Length`] if a matrix has not the model's shape.
    pub fn new(claim: &'a Claim<'a>, activations: &'a [Vec<u8>]) -> Result<Self, JudgeError> {
        Ok(Holder { claim, activations, roots: output_roots(claim, activations)? })
    }

    /// The answer to a demand, as [`Committed::judge`] wants it.
    ///
    /// # Errors
    /// [`JudgeError::OutOfRange`] for what no such job has.
    pub fn answer(&self, wanted: &Wanted) -> Result<Vec<u8>, JudgeError> {
        let (claim, layer) = (self.claim, wanted.layer().unwrap_or(0));
        let spec = claim.layers.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
        let committed = Committed {
            job: claim.job,
            layers: claim.layers.len(),
            rows: claim.rows,
            row_bytes: spec.out_row_bytes(),
            commitment: claim.commitment,
        };
        committed.check(wanted)?;
        let bytes = self.activations.get(layer as usize + 1).ok_or(JudgeError::OutOfRange)?;
        let output = || MatrixTree::new(committed.domain(layer), bytes).ok_or(JudgeError::Length);
        let mut answer = match *wanted {
            Wanted::LayerRoots => return Ok(self.roots.concat()),
            Wanted::Nodes { row, level, index, depth, .. } => {
                let (output, places) = (output()?, under(committed.leaves(layer, row), level, index, depth));
                let from = |tree: &Tree| {
                    let mut nodes = tree.nodes(level - depth)[places.clone()].concat();
                    nodes.extend(tree.path_from(level, index as usize));
                    nodes
                };
                match row {
                    None => from(output.rows()),
                    Some(row) => {
                        let mut nodes = from(&output.row_tree(row));
                        nodes.extend(output.rows().path(row as usize));
                        nodes
                    }
                }
            }
            Wanted::Segments { row, first, count, .. } => {
                let indices: Vec<u32> = (first..first + count).collect();
                output()?.prove_segments(row, &indices)
            }
        };
        answer.extend(Tree::new(self.roots.clone()).path(layer as usize));
        Ok(answer)
    }
}
