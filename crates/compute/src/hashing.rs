//! Commitments hashed on the CPU: SHA-NI where the processor has it, rows spread over threads.
use crate::{Committed, Execution, Wanted};
use judge::merkle::Tree;
use judge::{ACTIVATIONS, Domain, Hash, row_root};
use model::Model;
use std::num::NonZero;

/// Bytes that pay for a thread: about 0.2 ms of hashing.
const BYTES_PER_THREAD: usize = 128 << 10;

/// Roots of the rows of a matrix from row `first` on.
///
/// # Panics
/// If `bytes` is not whole rows of the domain.
pub(crate) fn row_roots(domain: &Domain, first: u32, bytes: &[u8]) -> Vec<Hash> {
    let width = domain.row_bytes as usize;
    let rows = bytes.len() / width;
    let mut roots = vec![[0; 32]; rows];
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(bytes.len() / BYTES_PER_THREAD).max(1);
    let part = rows.div_ceil(threads).max(1);
    let hash = |index: usize, roots: &mut [Hash]| {
        for (row, root) in (index * part..).zip(roots) {
            let found = row_root(domain, first + row as u32, &bytes[row * width..][..width]);
            *root = found.unwrap_or_else(|| panic!("{width} bytes are no row of {domain:?}"));
        }
    };
    if threads == 1 {
        hash(0, &mut roots);
        return roots;
    }
    std::thread::scope(|scope| {
        for (index, roots) in roots.chunks_mut(part).enumerate() {
            scope.spawn(move || hash(index, roots));
        }
    });
    roots
}

/// Hashes an execution and drops what is not wanted of it.
pub(crate) fn commit(job: &Hash, model: &Model, mut execution: Execution, wanted: &Wanted) -> Committed {
    let rows = (execution.activations[0].len() / model.input_width() as usize) as u32;
    let mut roots = Vec::new();
    for (i, layer) in model.layers.iter().enumerate() {
        let row_bytes = layer.spec.out_row_bytes();
        let domain = Domain { tag: ACTIVATIONS, id: job, layer: i as u32 + 1, rows, row_bytes };
        roots.push(Tree::new(row_roots(&domain, 0, &execution.activations[i + 1])).root());
        if !wanted.outputs[i] {
            execution.activations[i + 1] = Vec::new();
        }
        if !wanted.accumulators[i] {
            execution.accumulators[i] = Vec::new();
        }
    }
    Committed { execution, roots }
}
