//! What a demand is about, as the judge sees it.
use crate::errors::JobsError;
use crate::state::{Job, LayerRecord, Model};
use anchor_lang::prelude::*;
use judge::{Committed, Wanted};

/// The matrix under the job's commitment that `wanted` names. Of the table only that layer is read.
///
/// # Errors
/// [`JobsError::DemandOutOfRange`] for a layer that the model does not have.
pub fn committed<'a>(job: &'a Job, address: &'a [u8; 32], model: &Model, wanted: &Wanted) -> Result<Committed<'a>> {
    let row_bytes = match wanted.layer() {
        None => 0,
        Some(layer) => {
            let record = model.layers.get(layer as usize).map(LayerRecord::layer);
            record.ok_or(JobsError::DemandOutOfRange)??.out_row_bytes()
        }
    };
    let (layers, rows, commitment) = (model.layers.len(), job.rows, &job.commitment);
    Ok(Committed { job: address, layers, rows, row_bytes, commitment })
}
