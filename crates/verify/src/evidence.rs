//! Evidence about one cell, for the chain's judge.
use crate::check::Case;
use judge::cell::{Witness, prove_cell};
use judge::{CellProof, JudgeError, Verdict, judge_cell};

/// Why there is no evidence of a fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EvidenceError {
    /// The cell is outside the job, or the outputs are not those committed to.
    #[error("layer {layer}, row {row}, column {column}: {reason}")]
    Unprovable { layer: u32, row: u32, column: u32, reason: JudgeError },
    /// The committed cell is right.
    #[error("layer {layer}, row {row}, column {column}: the committed cell is right")]
    Honest { layer: u32, row: u32, column: u32 },
}

/// Evidence that a committed cell is wrong, as the chain's judge takes it. The judge's verdict has been tried here first.
///
/// `outputs` are the served outputs of all layers, which the commitment is about.
///
/// # Errors
/// If the evidence would not convict: a challenger who submits it would lose the deposit.
pub fn evidence(case: &Case, outputs: &[Vec<u8>], layer: u32, row: u32, column: u32) -> Result<Vec<u8>, EvidenceError> {
    let unprovable = |reason| EvidenceError::Unprovable { layer, row, column, reason };
    let layers = case.model.specs();
    let claim = case.claim(&layers);
    let mut activations = vec![case.input.to_vec()];
    activations.extend_from_slice(outputs);
    let columns = case.model.columns();
    let witness = Witness { activations: &activations, columns: &columns };
    let evidence = prove_cell(&claim, &witness, layer, row, column).map_err(unprovable)?;
    let proof = CellProof { layer, row, column, evidence: &evidence };
    match judge_cell(&claim, &proof).map_err(unprovable)? {
        Verdict::Fault { .. } => Ok(evidence),
        Verdict::Honest => Err(EvidenceError::Honest { layer, row, column }),
    }
}
