//! The judgement: recompute one cell from committed data and compare it with what was committed.
use crate::commitment::{ACTIVATIONS, Domain, SEGMENT, WEIGHTS, row_root};
use crate::hash::Hash;
use crate::layer::Layer;
use crate::merkle::{self, Tree, path_len};
use crate::{MatrixTree, commitment_root};
use alloc::vec::Vec;
use core::fmt;

/// What the chain knows about a job whose result is in question.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The job's address.
    pub job: &'a Hash,
    pub layers: &'a [Layer],
    /// Rows in the batch.
    pub rows: u32,
    /// Root of layer 0, fixed when the job was posted.
    pub input_root: &'a Hash,
    /// What the worker committed to: [`commitment_root`] over the outputs of all layers.
    pub commitment: &'a Hash,
}

/// The outcome of a judgement whose evidence is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The committed cell is what the model gives.
    Honest,
    /// It is not.
    Fault { expected: i32, committed: i32 },
}

/// Why evidence proves nothing. It never speaks against the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgeError {
    /// Layer, row or column outside the job.
    OutOfRange,
    /// Not exactly as long as this cell's evidence must be.
    Length,
    /// The input row does not lead to the committed (or posted) root.
    Input,
    /// The weight column does not lead to the model's root.
    Weights,
    /// The output segment does not lead to the committed root.
    Output,
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            JudgeError::OutOfRange => "layer, row or column outside the job",
            JudgeError::Length => "the proof is not as long as this cell's evidence must be",
            JudgeError::Input => "the input row does not lead to the committed root",
            JudgeError::Weights => "the weight column does not lead to the model's root",
            JudgeError::Output => "the output segment does not lead to the committed root",
        })
    }
}

impl core::error::Error for JudgeError {}

/// Evidence about one cell. The parts' lengths follow from the job, so the bytes carry none:
/// input row | its path | its layer's path | weight column with bias | its path | output segment | its path in the row |
/// the row's path | its layer's path. Layer 0 has no layer path for its input: the posted root is used.
#[derive(Clone, Copy, Debug)]
pub struct CellProof<'a> {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    pub evidence: &'a [u8],
}

struct Shape<'a> {
    layer: &'a Layer,
    output: Domain<'a>,
    input: Domain<'a>,
    weights: Domain<'a>,
    segment: usize,
    segment_bytes: usize,
}

const NO_ID: &Hash = &[0; 32];

fn shape<'a>(claim: &Claim<'a>, layer: u32, row: u32, column: u32) -> Result<Shape<'a>, JudgeError> {
    let spec = claim.layers.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
    if row >= claim.rows || column >= spec.n {
        return Err(JudgeError::OutOfRange);
    }
    let row_bytes = spec.out_row_bytes();
    let segment = column as usize * spec.out_size() / SEGMENT;
    Ok(Shape {
        layer: spec,
        input: activations(claim, layer, spec.k),
        output: activations(claim, layer + 1, row_bytes),
        weights: weights(layer, spec),
        segment,
        segment_bytes: (row_bytes as usize - segment * SEGMENT).min(SEGMENT),
    })
}

fn activations<'a>(claim: &Claim<'a>, layer: u32, row_bytes: u32) -> Domain<'a> {
    Domain { tag: ACTIVATIONS, id: claim.job, layer, rows: claim.rows, row_bytes }
}

/// Domain of the committed weights of `layer`.
pub fn weights(index: u32, layer: &Layer) -> Domain<'static> {
    Domain { tag: WEIGHTS, id: NO_ID, layer: index, rows: layer.n, row_bytes: layer.column_bytes() }
}

/// Takes `n` bytes off the front of `rest`.
fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], JudgeError> {
    let (head, tail) = rest.split_at_checked(n).ok_or(JudgeError::Length)?;
    *rest = tail;
    Ok(head)
}

/// Recomputes one cell from evidence and says whether the committed value is right.
///
/// # Errors
/// When the evidence is not about this job, this model or this commitment.
pub fn judge_cell(claim: &Claim, proof: &CellProof) -> Result<Verdict, JudgeError> {
    let s = shape(claim, proof.layer, proof.row, proof.column)?;
    let (layers, rows, row) = (claim.layers.len(), claim.rows as usize, proof.row as usize);
    let rest = &mut { proof.evidence };

    let input = take(rest, s.layer.k as usize)?;
    let row_path = take(rest, 32 * path_len(row, rows))?;
    let hash = row_root(&s.input, proof.row, input).ok_or(JudgeError::Input)?;
    let root = merkle::fold(hash, row, rows, row_path).ok_or(JudgeError::Input)?;
    let root_is_right = if proof.layer == 0 {
        root == *claim.input_root
    } else {
        let index = proof.layer as usize - 1;
        let path = take(rest, 32 * path_len(index, layers))?;
        merkle::fold(root, index, layers, path).ok_or(JudgeError::Input)? == *claim.commitment
    };
    if !root_is_right {
        return Err(JudgeError::Input);
    }

    let column = take(rest, s.layer.column_bytes() as usize)?;
    let (index, count) = (proof.column as usize, s.layer.n as usize);
    let path = take(rest, 32 * path_len(index, count))?;
    let hash = row_root(&s.weights, proof.column, column).ok_or(JudgeError::Weights)?;
    if merkle::fold(hash, index, count, path).ok_or(JudgeError::Weights)? != s.layer.weight_root {
        return Err(JudgeError::Weights);
    }

    let segment = take(rest, s.segment_bytes)?;
    let segments = s.output.segments();
    let in_row = take(rest, 32 * path_len(s.segment, segments))?;
    let in_matrix = take(rest, 32 * path_len(row, rows))?;
    let in_layers = take(rest, 32 * path_len(proof.layer as usize, layers))?;
    if !rest.is_empty() {
        return Err(JudgeError::Length);
    }
    let leaf = s.output.leaf(proof.row, s.segment as u32, segment);
    let root = merkle::fold(leaf, s.segment, segments, in_row)
        .and_then(|hash| merkle::fold(hash, row, rows, in_matrix))
        .and_then(|hash| merkle::fold(hash, proof.layer as usize, layers, in_layers));
    if root != Some(*claim.commitment) {
        return Err(JudgeError::Output);
    }

    let at = proof.column as usize * s.layer.out_size() - s.segment * SEGMENT;
    let committed = if s.layer.out_size() == 1 {
        i32::from(segment[at] as i8)
    } else {
        i32::from_le_bytes([segment[at], segment[at + 1], segment[at + 2], segment[at + 3]])
    };
    let expected = s.layer.cell(input, column);
    Ok(if expected == committed { Verdict::Honest } else { Verdict::Fault { expected, committed } })
}

/// Everything a prover holds: the activations of layer 0 (input) to the last, and the weight columns with biases.
pub struct Witness<'a> {
    /// `layers + 1` row-major matrices.
    pub activations: &'a [Vec<u8>],
    /// Per layer, `n` rows of `k + 4` bytes.
    pub columns: &'a [Vec<u8>],
}

/// Builds the evidence for one cell.
///
/// # Errors
/// [`JudgeError::OutOfRange`] for a cell outside the job, [`JudgeError::Length`] if the witness does not fit the model.
pub fn prove_cell(claim: &Claim, witness: &Witness, layer: u32, row: u32, column: u32) -> Result<Vec<u8>, JudgeError> {
    let s = shape(claim, layer, row, column)?;
    let l = layer as usize;
    if witness.activations.len() != claim.layers.len() + 1 || witness.columns.len() != claim.layers.len() {
        return Err(JudgeError::Length);
    }
    let roots = output_roots(claim, witness.activations)?;
    let input = MatrixTree::new(s.input, &witness.activations[l]).ok_or(JudgeError::Length)?;
    let output = MatrixTree::new(s.output, &witness.activations[l + 1]).ok_or(JudgeError::Length)?;
    let weights = MatrixTree::new(s.weights, &witness.columns[l]).ok_or(JudgeError::Length)?;
    let layer_tree = Tree::new(roots);

    let mut evidence = input.prove_row(row);
    if layer > 0 {
        evidence.extend(layer_tree.path(l - 1));
    }
    evidence.extend(weights.prove_row(column));
    evidence.extend(output.prove_segment(row, s.segment as u32));
    evidence.extend(layer_tree.path(l));
    Ok(evidence)
}

/// Root of the input as layer 0 of `job`. `None` if `input` is not `rows * k` bytes.
pub fn input_root(job: &Hash, rows: u32, k: u32, input: &[u8]) -> Option<Hash> {
    crate::matrix_root(&Domain { tag: ACTIVATIONS, id: job, layer: 0, rows, row_bytes: k }, input)
}

/// Roots of the outputs of all layers. `activations[0]` is the input and is skipped.
///
/// # Errors
/// [`JudgeError::Length`] if a matrix does not have the model's shape.
pub fn output_roots(claim: &Claim, activations: &[Vec<u8>]) -> Result<Vec<Hash>, JudgeError> {
    if activations.len() != claim.layers.len() + 1 {
        return Err(JudgeError::Length);
    }
    let matrices = activations[1..].iter().zip(claim.layers).enumerate();
    matrices
        .map(|(i, (bytes, layer))| {
            let domain = self::activations(claim, i as u32 + 1, layer.out_row_bytes());
            crate::matrix_root(&domain, bytes).ok_or(JudgeError::Length)
        })
        .collect()
}

/// What a worker commits to.
///
/// # Errors
/// As [`output_roots`].
pub fn commit(claim: &Claim, activations: &[Vec<u8>]) -> Result<Hash, JudgeError> {
    Ok(commitment_root(&output_roots(claim, activations)?))
}
