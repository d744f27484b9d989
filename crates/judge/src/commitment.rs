//! Commitments to matrices of bytes: rows cut in segments of 256 bytes, a row is a subtree, a matrix is a tree of rows.
//!
//! Rows, not square tiles: the next layer's proof needs a whole row of the layer before it.
use crate::hash::{Hash, sha256};
use crate::merkle::{Tree, fold_many, root};
use alloc::vec::Vec;

/// Bytes in a segment; the last one of a row may be shorter and carries its length in the header.
pub const SEGMENT: usize = 256;
/// Longest row that can be committed to, in bytes.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// Tag of activations. Layer 0 is the input, layer `l + 1` is the output of layer `l` of the model.
pub const ACTIVATIONS: [u8; 4] = *b"IOAC";
/// Tag of weights: row `j` is column `j` of the layer's weight matrix followed by its bias (i32, little-endian).
pub const WEIGHTS: [u8; 4] = *b"IOWT";

/// What a matrix is, so that no leaf can be replayed as another matrix's.
#[derive(Clone, Copy, Debug)]
pub struct Domain<'a> {
    pub tag: [u8; 4],
    /// The job's address for activations, zero for weights.
    pub id: &'a Hash,
    pub layer: u32,
    pub rows: u32,
    /// Bytes in each row.
    pub row_bytes: u32,
}

impl Domain<'_> {
    /// Leaf of one segment: sha256(64-byte header | bytes). The header fills exactly one sha256 block.
    pub fn leaf(&self, row: u32, segment: u32, bytes: &[u8]) -> Hash {
        self.leaves(row).leaf(segment, bytes)
    }

    /// The header of a leaf over `bytes` bytes.
    pub fn header(&self, row: u32, segment: u32, bytes: u32) -> [u8; 64] {
        *self.leaves(row).header(segment, bytes)
    }

    /// The leaves of one row.
    fn leaves(&self, row: u32) -> Leaves {
        let mut header = [0u8; 64];
        header[..4].copy_from_slice(&self.tag);
        header[4..36].copy_from_slice(self.id);
        header[36..40].copy_from_slice(&self.layer.to_le_bytes());
        header[40..44].copy_from_slice(&row.to_le_bytes());
        header[48..52].copy_from_slice(&self.rows.to_le_bytes());
        header[52..56].copy_from_slice(&self.row_bytes.to_le_bytes());
        Leaves { header }
    }

    /// How many segments each row has.
    pub fn segments(&self) -> usize {
        (self.row_bytes as usize).div_ceil(SEGMENT)
    }

    /// Bytes in one of them.
    pub fn segment_bytes(&self, segment: usize) -> usize {
        (self.row_bytes as usize).saturating_sub(segment * SEGMENT).min(SEGMENT)
    }

    /// Root of the row's subtree, given the segments at `indices`, ascending, one after another in `bytes`, and the
    /// siblings that they lack. `None` if they do not fit the row.
    pub fn row_root_of(&self, row: u32, indices: &[u32], bytes: &[u8], siblings: &[u8]) -> Option<Hash> {
        if indices.len() == self.segments() {
            // The whole row.
            return if siblings.is_empty() { row_root(self, row, bytes) } else { None };
        }
        let (mut rest, mut row) = (bytes, self.leaves(row));
        let leaf = |segment: u32| {
            let (part, tail) = rest.split_at_checked(self.segment_bytes(segment as usize))?;
            rest = tail;
            Some(row.leaf(segment, part))
        };
        let root = fold_many(indices, leaf, self.segments(), siblings)?;
        rest.is_empty().then_some(root)
    }
}

/// A header without its segment and its length.
struct Leaves {
    header: [u8; 64],
}

impl Leaves {
    fn header(&mut self, segment: u32, bytes: u32) -> &[u8; 64] {
        self.header[44..48].copy_from_slice(&segment.to_le_bytes());
        self.header[56..60].copy_from_slice(&bytes.to_le_bytes());
        &self.header
    }

    fn leaf(&mut self, segment: u32, bytes: &[u8]) -> Hash {
        sha256(&[self.header(segment, bytes.len() as u32), bytes])
    }
}

/// Root of one row's subtree. `None` if the row has the wrong length or is longer than [`MAX_ROW_BYTES`].
pub fn row_root(domain: &Domain, row: u32, bytes: &[u8]) -> Option<Hash> {
    if bytes.len() != domain.row_bytes as usize || bytes.is_empty() || bytes.len() > MAX_ROW_BYTES {
        return None;
    }
    let mut row = domain.leaves(row);
    root(bytes.chunks(SEGMENT).zip(0..).map(|(part, segment)| row.leaf(segment, part)))
}

/// Root of a row-major matrix of `rows * row_bytes` bytes. `None` if the sizes do not fit.
pub fn matrix_root(domain: &Domain, bytes: &[u8]) -> Option<Hash> {
    Some(MatrixTree::new(*domain, bytes)?.root())
}

/// A committed matrix that can prove its rows and segments.
pub struct MatrixTree<'a> {
    domain: Domain<'a>,
    bytes: &'a [u8],
    rows: Tree,
}

impl<'a> MatrixTree<'a> {
    /// `None` if `bytes` is not `rows * row_bytes` long, or a row is empty or too long.
    pub fn new(domain: Domain<'a>, bytes: &'a [u8]) -> Option<Self> {
        let width = domain.row_bytes as usize;
        if width == 0 || domain.rows == 0 || bytes.len() != width.checked_mul(domain.rows as usize)? {
            return None;
        }
        let roots: Option<Vec<Hash>> =
            bytes.chunks_exact(width).enumerate().map(|(row, part)| row_root(&domain, row as u32, part)).collect();
        Some(MatrixTree { domain, bytes, rows: Tree::new(roots?) })
    }

    pub fn root(&self) -> Hash {
        self.rows.root()
    }

    /// The row's bytes followed by the path of its subtree in the matrix.
    pub fn prove_row(&self, row: u32) -> Vec<u8> {
        let mut proof = self.row(row).to_vec();
        proof.extend(self.rows.path(row as usize));
        proof
    }

    /// The bytes of these segments, ascending, the siblings that they lack in the row, and the row's path in the matrix.
    ///
    /// # Panics
    /// If the row has no such segment.
    pub fn prove_segments(&self, row: u32, segments: &[u32]) -> Vec<u8> {
        let parts: Vec<&[u8]> = self.row(row).chunks(SEGMENT).collect();
        let mut proof: Vec<u8> = segments.iter().flat_map(|&segment| parts[segment as usize]).copied().collect();
        proof.extend(self.row_tree(row).path_many(segments));
        proof.extend(self.rows.path(row as usize));
        proof
    }

    /// The tree over the rows' roots.
    pub fn rows(&self) -> &Tree {
        &self.rows
    }

    /// The tree over one row's segments.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_tree(&self, row: u32) -> Tree {
        let parts = self.row(row).chunks(SEGMENT).zip(0..);
        Tree::new(parts.map(|(part, segment)| self.domain.leaf(row, segment, part)).collect())
    }

    fn row(&self, row: u32) -> &'a [u8] {
        let width = self.domain.row_bytes as usize;
        &self.bytes[row as usize * width..][..width]
    }
}

/// Root over the outputs of all layers, in order. This is what a worker commits to; the input is not in it, because
/// posting the job has fixed the input's root already.
///
/// # Panics
/// If `layer_roots` is empty.
pub fn commitment_root(layer_roots: &[Hash]) -> Hash {
    Tree::new(layer_roots.to_vec()).root()
}
