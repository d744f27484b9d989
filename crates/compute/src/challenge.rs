//! The device challenge: [`judge::challenge`]'s product computed as fast as a backend can, kept only as roots. What is drawn
//! of it later is computed again from the seed.
use crate::threads::{available, share};
use crate::{Backend, ComputeError, Cpu, Gemm, roots};
use judge::Hash;
use judge::challenge::{self, COLUMNS, DEPTH, ROW_STEP};
use judge::commitment::SEGMENT;
use judge::merkle::Tree;

/// Rows that the CPU works on at a time: 16 MiB of accumulators.
const BAND: u32 = 1024;

/// Vectors that a thread draws at a time: about 0.1 ms.
const PART: usize = 16;

/// A computed challenge.
pub struct Answer {
    seed: Hash,
    rows: u32,
    /// Over the roots of each [`ROW_STEP`] rows: whole subtrees of the commitment.
    groups: Tree,
}

/// A cell's evidence, as [`judge::challenge::judge`] wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub segment: [u8; SEGMENT],
    /// Siblings in the row, then those of the row, from the bottom up.
    pub path: Vec<u8>,
}

impl Answer {
    /// From the roots of each [`ROW_STEP`] rows, in order; there is at least one.
    pub(crate) fn new(seed: Hash, groups: Vec<Hash>) -> Self {
        Answer { seed, rows: groups.len() as u32 * ROW_STEP, groups: Tree::new(groups) }
    }

    /// What is committed to.
    pub fn root(&self) -> Hash {
        self.groups.root()
    }

    /// Rows of the product.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Evidence about cells `(row, column)`, computed from the seed on the CPU: about 0.1 s, whatever the number of rows.
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if a cell is outside the product.
    pub fn open(&self, cells: &[(u32, u32)]) -> Result<Vec<Opening>, ComputeError> {
        let mut cpu = Cpu::new();
        let columns = columns(&self.seed);
        let mut openings = Vec::new();
        for &(row, column) in cells {
            for (what, limit, found) in [("row of the challenge", self.rows, row), ("column", COLUMNS, column)] {
                if found >= limit {
                    let (expected, found) = (limit as usize, found as usize);
                    return Err(ComputeError::Shape { what: what.into(), expected, found });
                }
            }
            let group = row / ROW_STEP;
            let bytes = band(&mut cpu, &self.seed, &columns, group * ROW_STEP, ROW_STEP)?;
            let domain = challenge::domain(&self.seed, self.rows);
            let row_roots = Tree::new(roots::row_roots(&domain, group * ROW_STEP, &bytes));
            let within = (row % ROW_STEP) as usize;
            let segments = bytes[within * COLUMNS as usize..][..COLUMNS as usize].as_chunks::<SEGMENT>().0;
            let place = column as usize / SEGMENT;
            let leaves = (0..).zip(segments).map(|(i, segment)| domain.leaf(row, i, segment));
            let mut path = Tree::new(leaves.collect()).path(place);
            path.extend(row_roots.path(within));
            path.extend(self.groups.path(group as usize));
            openings.push(Opening { segment: segments[place], path });
        }
        Ok(openings)
    }
}

/// Refuses what is no challenge: rows are a multiple of [`ROW_STEP`], and there are some.
pub(crate) fn check_rows(rows: u32) -> Result<(), ComputeError> {
    let expected = rows.max(1).next_multiple_of(ROW_STEP) as usize;
    if expected == rows as usize {
        return Ok(());
    }
    Err(ComputeError::Shape { what: "rows of a device challenge".into(), expected, found: rows as usize })
}

/// Computes a challenge with a backend's product, and hashes it on the CPU.
pub(crate) fn with_products<B: Backend + ?Sized>(
    backend: &mut B,
    seed: &Hash,
    rows: u32,
) -> Result<Answer, ComputeError> {
    check_rows(rows)?;
    let columns = columns(seed);
    let domain = challenge::domain(seed, rows);
    let mut groups = Vec::new();
    for first in (0..rows).step_by(BAND as usize) {
        let count = BAND.min(rows - first);
        let bytes = band(backend, seed, &columns, first, count)?;
        let roots = roots::row_roots(&domain, first, &bytes);
        groups.extend(roots.chunks(ROW_STEP as usize).map(|roots| Tree::new(roots.to_vec()).root()));
    }
    Ok(Answer::new(*seed, groups))
}

/// The right matrix by columns.
fn columns(seed: &Hash) -> Vec<u8> {
    vectors(COLUMNS, |j| challenge::column(seed, j))
}

/// Rows `first..first + count` of the answer.
fn band<B: Backend + ?Sized>(
    backend: &mut B,
    seed: &Hash,
    columns: &[u8],
    first: u32,
    count: u32,
) -> Result<Vec<u8>, ComputeError> {
    let rows = vectors(count, |i| challenge::row(seed, first + i));
    let shape = Gemm { m: count as usize, n: COLUMNS as usize, k: DEPTH };
    let accumulators = backend.gemm(shape, &rows, columns)?;
    Ok(accumulators.into_iter().map(challenge::byte_of).collect())
}

/// `count` vectors one after another, drawn on all threads.
fn vectors(count: u32, draw: impl Fn(u32) -> [u8; DEPTH] + Sync) -> Vec<u8> {
    let mut bytes = vec![0; count as usize * DEPTH];
    let parts = (0..).step_by(PART).zip(bytes.chunks_mut(PART * DEPTH));
    share(available(), parts, |(): &mut (), (first, part): (u32, &mut [u8])| {
        (first..).zip(part.chunks_exact_mut(DEPTH)).for_each(|(i, vector)| vector.copy_from_slice(&draw(i)));
    });
    bytes
}
