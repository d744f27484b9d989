//! Random audits: whether a committed job is drawn, and which of its cells. One definition for chain, worker and client.
//!
//! Everything follows from the seed, and the seed from a slot hash that nobody knew when the result was committed to.
use crate::hash::{Hash, sha256};
use crate::layer::Layer;
use core::borrow::Borrow;

/// Most cells in one audit: the answered ones are bits of a `u32`.
pub const MAX_CELLS: u8 = 32;

const SEED: &[u8; 4] = b"IOAU";
const CELL: &[u8; 4] = b"IOAC";
/// Basis points in one.
const BPS: u64 = 10_000;

/// One cell of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
}

/// sha256(`"IOAU"` | slot hash | commitment | job): of this result of this job alone.
pub fn seed(slot_hash: &Hash, commitment: &Hash, job: &Hash) -> Hash {
    sha256(&[SEED, slot_hash, commitment, job])
}

/// Whether a job with this seed is among the `audit_bps` of 10,000 that are audited: the seed's first eight bytes (little-endian)
/// modulo 10,000 are below it. The modulus favours no share by more than 2^-50.
pub fn is_drawn(seed: &Hash, audit_bps: u16) -> bool {
    word(seed, 0) % BPS < u64::from(audit_bps)
}

/// Cell `index` of the audit of a job with `rows` rows, from sha256(`"IOAC"` | seed | index): its layer in proportion to
/// multiply-accumulates and cells together, its row and its column uniformly. Cells are drawn independently, so two may be
/// the same. `None` if there are no layers, rows or cells.
///
/// `layers` are gone through twice: the chain reads them one by one, since its heap holds no table of them.
pub fn cell<L>(seed: &Hash, index: u8, layers: L, rows: u32) -> Option<Cell>
where
    L: IntoIterator<Item: Borrow<Layer>> + Clone,
{
    let works = |layers: L| {
        layers.into_iter().map(|layer| {
            let layer = layer.borrow();
            (layer.macs() + u64::from(layer.cells()), layer.cells())
        })
    };
    let draw = sha256(&[CELL, seed, &[index]]);
    let total = works(layers.clone()).map(|(work, _)| work).sum();
    let mut at = below(word(&draw, 0), total)?;
    for (layer, (work, cells)) in (0..).zip(works(layers)) {
        match at.checked_sub(work) {
            Some(rest) => at = rest,
            None => {
                let row = below(word(&draw, 8), rows.into())? as u32;
                let column = below(word(&draw, 16), cells.into())? as u32;
                return Some(Cell { layer, row, column });
            }
        }
    }
    None
}

/// Eight bytes of a digest.
fn word(digest: &Hash, at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[at..at + 8]);
    u64::from_le_bytes(bytes)
}

/// A number below `bound` from a random `word`, as the high half of their product: none is likelier than another by more than
/// `bound / 2^64`. `None` if `bound` is zero.
fn below(word: u64, bound: u64) -> Option<u64> {
    let high = (u128::from(word) * u128::from(bound)) >> 64;
    (bound > 0).then_some(high as u64)
}
