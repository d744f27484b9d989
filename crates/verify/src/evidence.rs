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
    /// The committed cell is wrong.
    #[error(
        "layer {layer}, row {row}, column {column} is {expected}, committed was {committed}: it cannot be answered for"
    )]
    Wrong { layer: u32, row: u32, column: u32, expected: i32, committed: i32 },
}

/// Evidence that a committed cell is wrong, as the chain's judge takes it. The judge's verdict has been tried here first.
///
/// `outputs` are the served outputs of all layers, which the commitment is about.
///
/// # Errors
/// If the evidence would not convict: a challenger who submits it would lose the deposit.
pub fn evidence(case: &Case, outputs: &[Vec<u8>], layer: u32, row: u32, column: u32) -> Result<Vec<u8>, EvidenceError> {
    match judged(case, outputs, layer, row, column)? {
        (evidence, Verdict::Fault { .. }) => Ok(evidence),
        (_, Verdict::Honest) => Err(EvidenceError::Honest { layer, row, column }),
    }
}

/// Evidence that a committed cell is right: an answer to an audit. The judge's verdict has been tried here first.
///
/// # Errors
/// If the committed cell is wrong, or the outputs are not those committed to.
pub fn answer(case: &Case, outputs: &[Vec<u8>], layer: u32, row: u32, column: u32) -> Result<Vec<u8>, EvidenceError> {
    match judged(case, outputs, layer, row, column)? {
        (evidence, Verdict::Honest) => Ok(evidence),
        (_, Verdict::Fault { expected, committed }) => {
            Err(EvidenceError::Wrong { layer, row, column, expected, committed })
        }
    }
}

fn judged(
    case: &Case,
    outputs: &[Vec<u8>],
    layer: u32,
    row: u32,
    column: u32,
) -> Result<(Vec<u8>, Verdict), EvidenceError> {
    let unprovable = |reason| EvidenceError::Unprovable { layer, row, column, reason };
    let layers = case.model.specs();
    let claim = case.claim(&layers);
    let mut activations = vec![case.input.to_vec()];
    activations.extend_from_slice(outputs);
    let columns = case.model.columns();
    let witness = Witness { activations: &activations, columns: &columns };
    let evidence = prove_cell(&claim, &witness, layer, row, column).map_err(unprovable)?;
    let proof = CellProof { layer, row, column, evidence: &evidence };
    let verdict = judge_cell(&claim, &proof).map_err(unprovable)?;
    Ok((evidence, verdict))
}
