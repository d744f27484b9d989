//! Commitments at the machine's speed: the roots that `judge` defines, on all threads, and 16 hashes at a time where the
//! processor has AVX-512. Leaves and nodes are short and as long as one another, which suits that better than SHA-NI: one
//! hash's rounds depend on each other, so that SHA-NI waits for itself. Without AVX-512 each hash is `judge`'s own, which
//! uses SHA-NI.
#[cfg(target_arch = "x86_64")]
mod lanes;

use crate::threads::{available, share};
use judge::commitment::{MAX_ROW_BYTES, SEGMENT};
use judge::merkle;
use judge::{ACTIVATIONS, Claim, Domain, Hash, JudgeError, commitment_root, row_root};

/// Bytes that pay for a thread: about 0.2 ms.
const BYTES_PER_THREAD: usize = 128 << 10;

/// How hashes are computed. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hasher {
    /// 16 at a time with AVX-512.
    Lanes,
    /// One at a time, with SHA-NI where there is one.
    Single,
}

impl Hasher {
    /// Those that this processor can run, fastest first.
    pub fn available() -> Vec<Hasher> {
        [Hasher::Lanes, Hasher::Single].into_iter().filter(|hasher| hasher.is_available()).collect()
    }

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Hasher::Lanes => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
            #[cfg(not(target_arch = "x86_64"))]
            Hasher::Lanes => false,
            Hasher::Single => true,
        }
    }

    /// Root of a row-major matrix, as [`judge::matrix_root`] defines it, on at most `threads` threads. `None` if the sizes
    /// do not fit.
    ///
    /// # Panics
    /// If this processor lacks the instructions.
    pub fn matrix_root(self, domain: &Domain, bytes: &[u8], threads: usize) -> Option<Hash> {
        assert!(self.is_available(), "{self:?} on a processor without it");
        let (width, rows) = (domain.row_bytes as usize, domain.rows as usize);
        if width == 0 || width > MAX_ROW_BYTES || rows == 0 || bytes.len() != width.checked_mul(rows)? {
            return None;
        }
        Some(self.root_in_place(&mut self.rows(domain, 0, bytes, threads)))
    }

    /// Roots of whole rows, the first of them number `first`, on at most `threads` threads.
    fn rows(self, domain: &Domain, first: u32, bytes: &[u8], threads: usize) -> Vec<Hash> {
        let width = domain.row_bytes as usize;
        let mut roots = vec![[0; 32]; bytes.len() / width];
        let threads = threads.min(bytes.len() / BYTES_PER_THREAD).max(1);
        // Enough segments to fill all lanes, few enough for threads to share.
        let block = roots.len().div_ceil(8 * threads).min((16 << 10) / domain.segments()).max(1);
        let blocks = roots.chunks_mut(block).zip(bytes.chunks(block * width)).enumerate();
        share(threads, blocks, |scratch: &mut Vec<Hash>, (index, (roots, bytes))| {
            self.row_roots(domain, first + (index * block) as u32, bytes, roots, scratch);
        });
        roots
    }

    /// Roots of whole rows, the first of them number `first`.
    fn row_roots(self, domain: &Domain, first: u32, bytes: &[u8], roots: &mut [Hash], scratch: &mut Vec<Hash>) {
        let rows = bytes.chunks_exact(domain.row_bytes as usize).zip(first..);
        match self {
            #[cfg(target_arch = "x86_64")]
            Hasher::Lanes => {
                let segments = domain.segments();
                scratch.clear();
                scratch.resize(roots.len() * segments, [0; 32]);
                // Full segments first, then the rows' last ones if they are shorter: lanes hash messages of one length.
                let full = domain.row_bytes as usize / SEGMENT;
                for range in [0..full, full..segments] {
                    let leaves = rows.clone().enumerate().flat_map(|(i, (row, number))| {
                        row.chunks(SEGMENT).enumerate().take(range.end).skip(range.start).map(move |(segment, part)| {
                            (i * segments + segment, (domain.header(number, segment as u32, part.len() as u32), part))
                        })
                    });
                    // SAFETY: only hashers that are available get here.
                    unsafe { lanes::leaves(leaves, scratch) };
                }
                let mut count = segments;
                while count > 1 {
                    // SAFETY: as above.
                    unsafe { lanes::level(scratch, segments, count) };
                    count = count.div_ceil(2);
                }
                roots.iter_mut().zip(scratch.iter().step_by(segments)).for_each(|(root, first)| *root = *first);
            }
            _ => {
                for (root, (row, number)) in roots.iter_mut().zip(rows) {
                    // The sizes fit, so no root is missing; if one were, zeros would match nothing.
                    *root = row_root(domain, number, row).unwrap_or_default();
                }
            }
        }
    }

    /// Root over `nodes`, which is used as scratch space.
    fn root_in_place(self, nodes: &mut [Hash]) -> Hash {
        match self {
            #[cfg(target_arch = "x86_64")]
            Hasher::Lanes => {
                let mut count = nodes.len();
                while count > 1 {
                    // SAFETY: only hashers that are available get here.
                    unsafe { lanes::level(nodes, nodes.len(), count) };
                    count = count.div_ceil(2);
                }
                nodes[0]
            }
            _ => merkle::root(nodes.iter().copied()).expect("a matrix has rows"),
        }
    }
}

/// Root of a matrix of activations: of source `layer` of `claim`'s job, where source 0 is the input.
fn activations_root(claim: &Claim, layer: u32, row_bytes: u32, bytes: &[u8]) -> Option<Hash> {
    let domain = Domain { tag: ACTIVATIONS, id: claim.job, layer, rows: claim.rows, row_bytes };
    matrix_root(&domain, bytes)
}

/// [`judge::matrix_root`] by the fastest hasher on all threads.
pub fn matrix_root(domain: &Domain, bytes: &[u8]) -> Option<Hash> {
    Hasher::available()[0].matrix_root(domain, bytes, available())
}

/// Roots of whole rows of a matrix, the first of them number `first`, by the fastest hasher on all threads.
pub(crate) fn row_roots(domain: &Domain, first: u32, bytes: &[u8]) -> Vec<Hash> {
    Hasher::available()[0].rows(domain, first, bytes, available())
}

/// [`judge::cell::input_root`] by the fastest hasher on all threads.
pub fn input_root(job: &Hash, rows: u32, k: u32, input: &[u8]) -> Option<Hash> {
    matrix_root(&Domain { tag: ACTIVATIONS, id: job, layer: 0, rows, row_bytes: k }, input)
}

/// [`judge::cell::commit`] by the fastest hasher on all threads.
///
/// # Errors
/// [`JudgeError::Length`] if a matrix does not have the model's shape.
pub fn commit(claim: &Claim, activations: &[impl AsRef<[u8]>]) -> Result<Hash, JudgeError> {
    if activations.len() != claim.layers.len() + 1 {
        return Err(JudgeError::Length);
    }
    let outputs = activations[1..].iter().zip(claim.layers).zip(1..);
    let roots: Option<Vec<Hash>> = outputs
        .map(|((bytes, layer), source)| activations_root(claim, source, layer.out_row_bytes(), bytes.as_ref()))
        .collect();
    Ok(commitment_root(&roots.ok_or(JudgeError::Length)?))
}
