//! Commitments of whole executions, hashed on the CPU.
use crate::{Committed, Execution, Wanted, roots::matrix_root};
use judge::{ACTIVATIONS, Domain, Hash};
use model::Model;

/// Hashes an execution and drops what is not wanted of it.
pub(crate) fn commit(job: &Hash, model: &Model, mut execution: Execution, wanted: &Wanted) -> Committed {
    let rows = (execution.activations[0].len() / model.input_width() as usize) as u32;
    let mut roots = Vec::new();
    for (i, layer) in model.layers.iter().enumerate() {
        let row_bytes = layer.spec.out_row_bytes();
        let domain = Domain { tag: ACTIVATIONS, id: job, layer: i as u32 + 1, rows, row_bytes };
        // An execution's matrices have the model's shapes.
        roots.push(matrix_root(&domain, &execution.activations[i + 1]).unwrap_or_default());
        if !wanted.outputs[i] {
            execution.activations[i + 1] = Vec::new();
        }
        if !wanted.accumulators[i] {
            execution.accumulators[i] = Vec::new();
        }
    }
    Committed { execution, roots }
}
