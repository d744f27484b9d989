//! The device challenge: a matrix product that follows from a seed alone, so that one of its cells can be judged without
//! any upload. `A` has `rows` rows and `B` has [`COLUMNS`] columns, all of [`DEPTH`] bytes drawn with sha256 from the seed;
//! a cell is a byte from the middle of its accumulator. It is taken without clamping on purpose: every value is about
//! equally likely, so nothing can be guessed.
use crate::commitment::{Domain, SEGMENT};
use crate::dot::dot;
use crate::hash::{Hash, sha256};
use crate::merkle::{fold, path_len};

/// Products in a cell: bytes of a row of `A` and of a column of `B`.
pub const DEPTH: usize = 1024;
/// Columns of `B`: bytes in a row of the answer.
pub const COLUMNS: u32 = 4096;
/// Rows come in multiples of this, so that kernels need no edges.
pub const ROW_STEP: u32 = 64;
/// Cells that are judged of each answer.
pub const CELLS: usize = 16;
/// Tag of the answer. No job commits to anything under it, so no leaf of a job is one of a challenge. The seed stands in
/// the job's place, the layer is 0.
pub const CHALLENGE: [u8; 4] = *b"IOCM";

const SEED: &[u8; 4] = b"IOCH";
/// Tag of rows of `A` and of columns of `B`, see [`row`] and [`column`].
pub const A: [u8; 4] = *b"IOCA";
pub const B: [u8; 4] = *b"IOCB";
const DRAW: &[u8; 4] = b"IOCD";
/// sha256 gives this many bytes at a time.
const BLOCK: usize = 32;
/// The accumulator's lowest bit that a cell shows. Its standard deviation is about 2^17.4, so 16 bits from here wrap.
pub const SHIFT: u32 = 8;

/// What a device's challenge in a round follows from: `sha256("IOCH" | slot hash | round, u64 little-endian | device key)`.
/// It binds the device's key, so two devices never have the same work.
pub fn seed(slot_hash: &Hash, round: u64, device: &Hash) -> Hash {
    sha256(&[SEED, slot_hash, &round.to_le_bytes(), device])
}

/// Row `i` of `A`, i8 as bytes.
pub fn row(seed: &Hash, i: u32) -> [u8; DEPTH] {
    derive(A, seed, i)
}

/// Column `j` of `B`, i8 as bytes.
pub fn column(seed: &Hash, j: u32) -> [u8; DEPTH] {
    derive(B, seed, j)
}

/// Block `b` of vector `i` is `sha256(tag | seed | i | b)`, both u32 little-endian: 44 bytes, one block of sha256.
fn derive(tag: [u8; 4], seed: &Hash, i: u32) -> [u8; DEPTH] {
    let mut message = [0u8; 44];
    message[..4].copy_from_slice(&tag);
    message[4..36].copy_from_slice(seed);
    message[36..40].copy_from_slice(&i.to_le_bytes());
    let mut vector = [0u8; DEPTH];
    for (b, block) in (0u32..).zip(vector.chunks_exact_mut(BLOCK)) {
        message[40..].copy_from_slice(&b.to_le_bytes());
        block.copy_from_slice(&sha256(&[&message]));
    }
    vector
}

/// What a cell shows of its accumulator.
pub fn byte_of(accumulator: i32) -> u8 {
    (accumulator >> SHIFT) as u8
}

/// Cell of row `i` and column `j`.
pub fn cell(seed: &Hash, i: u32, j: u32) -> u8 {
    byte_of(dot(&row(seed, i), &column(seed, j)))
}

/// How an answer of `rows` rows is committed to.
pub fn domain(seed: &Hash, rows: u32) -> Domain<'_> {
    Domain { tag: CHALLENGE, id: seed, layer: 0, rows, row_bytes: COLUMNS }
}

/// Row and column of the drawn cell `index` of an answer with `rows` rows. `draw` is a slot hash from after the last
/// answer, so nobody knew it when committing.
///
/// # Panics
/// If there are no rows.
pub fn drawn_cell(draw: &Hash, seed: &Hash, rows: u32, index: u8) -> (u32, u32) {
    let hash = sha256(&[DRAW, draw, seed, &[index]]);
    let word = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| hash[at + i]));
    // The remainder of 64 bits: no row is more likely than another by more than 2^-32.
    ((word(0) % u64::from(rows)) as u32, (word(8) % u64::from(COLUMNS)) as u32)
}

/// Multiply-accumulates in an answer of `rows` rows.
pub const fn macs(rows: u32) -> u64 {
    rows as u64 * COLUMNS as u64 * DEPTH as u64
}

/// One cell as the seed gives it and as it was committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub expected: u8,
    pub committed: u8,
}

impl Judged {
    pub fn is_right(&self) -> bool {
        self.expected == self.committed
    }
}

/// How many bytes the path of a segment has: the siblings in its row, then those of the row.
pub fn path_bytes(rows: u32, i: u32, j: u32) -> usize {
    let segments = COLUMNS as usize / SEGMENT;
    32 * (path_len(j as usize / SEGMENT, segments) + path_len(i as usize, rows as usize))
}

/// Judges cell `(i, j)` of the answer with `root`, from the seed alone: `segment` is the part of the row with the cell, `path`
/// are the segment's siblings in its row and the row's in the matrix, from the bottom up. `None` if there is no such cell or
/// they do not lead to the root: then they prove nothing.
pub fn judge(
    seed: &Hash,
    rows: u32,
    root: &Hash,
    (i, j): (u32, u32),
    segment: &[u8; SEGMENT],
    path: &[u8],
) -> Option<Judged> {
    if j >= COLUMNS {
        return None;
    }
    let place = j as usize / SEGMENT;
    let segments = COLUMNS as usize / SEGMENT;
    let (in_row, in_matrix) = path.split_at_checked(32 * path_len(place, segments))?;
    let leaf = domain(seed, rows).leaf(i, place as u32, segment);
    let row_root = fold(leaf, place, segments, in_row)?;
    if fold(row_root, i as usize, rows as usize, in_matrix)? != *root {
        return None;
    }
    Some(Judged { expected: cell(seed, i, j), committed: segment[j as usize % SEGMENT] })
}
