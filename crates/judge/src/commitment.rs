//! Commitments to matrices of bytes: rows cut in segments of 256 bytes, a row is a subtree, a matrix is a tree of rows.
//!
//! Rows, not square tiles: the next layer's proof needs a whole row of the layer before it.
use crate::hash::{Hash, sha256};
use crate::merkle::{Tree, root_in_place};
use alloc::vec::Vec;

/// Bytes in a segment; the last one of a row may be shorter and carries its length in the header.
pub const SEGMENT: usize = 256;
/// Longest row that can be committed to, in bytes.
pub const MAX_ROW_BYTES: usize = 4096;
const MAX_SEGMENTS: usize = MAX_ROW_BYTES / SEGMENT;

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
        let mut header = [0u8; 64];
        header[..4].copy_from_slice(&self.tag);
        header[4..36].copy_from_slice(self.id);
        let fields = [self.layer, row, segment, self.rows, self.row_bytes, bytes.len() as u32];
        for (slot, field) in header[36..].chunks_exact_mut(4).zip(fields) {
            slot.copy_from_slice(&field.to_le_bytes());
        }
        sha256(&[&header, bytes])
    }

    /// How many segments each row has.
    pub fn segments(&self) -> usize {
        (self.row_bytes as usize).div_ceil(SEGMENT)
    }
}

/// Root of one row's subtree. `None` if the row has the wrong length or is longer than [`MAX_ROW_BYTES`].
pub fn row_root(domain: &Domain, row: u32, bytes: &[u8]) -> Option<Hash> {
    if bytes.len() != domain.row_bytes as usize || bytes.is_empty() || bytes.len() > MAX_ROW_BYTES {
        return None;
    }
    let mut leaves = [[0u8; 32]; MAX_SEGMENTS];
    let count = domain.segments();
    for (segment, part) in bytes.chunks(SEGMENT).enumerate() {
        leaves[segment] = domain.leaf(row, segment as u32, part);
    }
    Some(root_in_place(&mut leaves[..count]))
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

    /// The segment's bytes, its path in the row, and the row's path in the matrix.
    pub fn prove_segment(&self, row: u32, segment: u32) -> Vec<u8> {
        let parts = self.row(row).chunks(SEGMENT);
        let leaves = parts.clone().enumerate().map(|(i, part)| self.domain.leaf(row, i as u32, part)).collect();
        let mut proof = parts.clone().nth(segment as usize).unwrap_or_default().to_vec();
        proof.extend(Tree::new(leaves).path(segment as usize));
        proof.extend(self.rows.path(row as usize));
        proof
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
