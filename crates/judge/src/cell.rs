//! The judgement: recompute one cell from committed data and compare it with what was committed.
use crate::commitment::{ACTIVATIONS, Domain, SEGMENT, WEIGHTS, row_root};
use crate::hash::Hash;
use crate::layer::Layer;
use crate::merkle::{self, Tree, path_len};
use crate::value::Row;
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
    /// The input does not lead to the committed (or posted) root.
    Input,
    /// The weight column or lookup table does not lead to the model's root.
    Weights,
    /// The output segment does not lead to the committed root.
    Output,
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            JudgeError::OutOfRange => "layer, row or column outside the job",
            JudgeError::Length => "the proof is not as long as this cell's evidence must be",
            JudgeError::Input => "the input does not lead to the committed root",
            JudgeError::Weights => "the weights do not lead to the model's root",
            JudgeError::Output => "the output segment does not lead to the committed root",
        })
    }
}

impl core::error::Error for JudgeError {}

/// Evidence about one cell. The parts' lengths follow from the job, so the bytes carry none:
/// for each source: the segments that the cell depends on | the siblings they lack in the row | the row's path | its
/// layer's path; then the weight column with bias, or the lookup table | its path | output segment | its path in the row |
/// the row's path | its layer's path. Source 0 has no layer path: the posted root is used. Where a cell depends on its
/// whole row, the segments are the row and lack nothing.
#[derive(Clone, Copy, Debug)]
pub struct CellProof<'a> {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    pub evidence: &'a [u8],
}

const NO_ID: &Hash = &[0; 32];

pub(crate) fn activations<'a>(claim: &Claim<'a>, source: u32, row_bytes: u32) -> Domain<'a> {
    Domain { tag: ACTIVATIONS, id: claim.job, layer: source, rows: claim.rows, row_bytes }
}

/// Domain of the committed weights, or of the lookup table, of layer `index`.
pub fn weights(index: u32, layer: &Layer) -> Domain<'static> {
    Domain { tag: WEIGHTS, id: NO_ID, layer: index, rows: layer.weight_rows(), row_bytes: layer.column_bytes() }
}

/// Takes `n` bytes off the front of `rest`.
pub(crate) fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], JudgeError> {
    let (head, tail) = rest.split_at_checked(n).ok_or(JudgeError::Length)?;
    *rest = tail;
    Ok(head)
}

/// Recomputes one cell from evidence and says whether the committed value is right.
///
/// # Errors
/// When the evidence is not about this job, this model or this commitment.
pub fn judge_cell(claim: &Claim, proof: &CellProof) -> Result<Verdict, JudgeError> {
    let layer = claim.layers.get(proof.layer as usize).ok_or(JudgeError::OutOfRange)?;
    judge_cell_of(claim, layer, claim.layers.len(), proof)
}

/// [`judge_cell`] for who has read only the cell's layer, out of `layers`. The claim's own layers are not looked at.
///
/// # Errors
/// As [`judge_cell`].
pub fn judge_cell_of(claim: &Claim, layer: &Layer, layers: usize, proof: &CellProof) -> Result<Verdict, JudgeError> {
    let CellProof { row, column, .. } = *proof;
    if proof.layer as usize >= layers || row >= claim.rows || column >= layer.cells() {
        return Err(JudgeError::OutOfRange);
    }
    let rest = &mut { proof.evidence };
    let segments = layer.segments(column);
    let known = Known { claim, layers, row, segments: &segments };
    let mut inputs = [Row::whole(&[]); 2];
    for (input, source) in inputs.iter_mut().zip(layer.sources()) {
        *input = Row::part(known.input(rest, layer, source.into())?, &segments);
    }
    let column_bytes = weight_row(rest, layer, proof)?;
    let committed = known.output(rest, layer, proof)?;
    let expected = layer.cell(inputs, column_bytes, column);
    Ok(if expected == committed { Verdict::Honest } else { Verdict::Fault { expected, committed } })
}

/// What is needed to check parts of the evidence about one row.
struct Known<'a> {
    claim: &'a Claim<'a>,
    layers: usize,
    row: u32,
    /// The segments of an input row that the cell depends on.
    segments: &'a [u32],
}

impl Known<'_> {
    /// Takes the segments of one source and checks that they lead to its root.
    fn input<'e>(&self, rest: &mut &'e [u8], layer: &Layer, source: u32) -> Result<&'e [u8], JudgeError> {
        let (rows, row) = (self.claim.rows as usize, self.row as usize);
        let domain = activations(self.claim, source, layer.in_row_bytes());
        let bytes = self.segments.iter().map(|&segment| domain.segment_bytes(segment as usize)).sum();
        let bytes = take(rest, bytes)?;
        let siblings = take(rest, 32 * merkle::siblings_len(self.segments, domain.segments()))?;
        let row_path = take(rest, 32 * path_len(row, rows))?;
        let root = domain.row_root_of(self.row, self.segments, bytes, siblings).ok_or(JudgeError::Input)?;
        let root = merkle::fold(root, row, rows, row_path).ok_or(JudgeError::Input)?;
        let root_is_right = match (source as usize).checked_sub(1) {
            None => root == *self.claim.input_root,
            Some(index) => {
                let path = take(rest, 32 * path_len(index, self.layers))?;
                merkle::fold(root, index, self.layers, path).ok_or(JudgeError::Input)? == *self.claim.commitment
            }
        };
        if root_is_right { Ok(bytes) } else { Err(JudgeError::Input) }
    }

    /// Takes the output segment, which is the evidence's last part, checks that it leads to the commitment, and reads the
    /// cell in it.
    fn output(&self, rest: &mut &[u8], layer: &Layer, proof: &CellProof) -> Result<i32, JudgeError> {
        let (rows, row, index) = (self.claim.rows as usize, self.row as usize, proof.layer as usize);
        let domain = activations(self.claim, proof.layer + 1, layer.out_row_bytes());
        let (segment, segments) = (layer.segment_of(proof.column), domain.segments());
        let bytes = take(rest, domain.segment_bytes(segment))?;
        let in_row = take(rest, 32 * path_len(segment, segments))?;
        let in_matrix = take(rest, 32 * path_len(row, rows))?;
        let in_layers = take(rest, 32 * path_len(index, self.layers))?;
        if !rest.is_empty() {
            return Err(JudgeError::Length);
        }
        let leaf = domain.leaf(self.row, segment as u32, bytes);
        let root = merkle::fold(leaf, segment, segments, in_row)
            .and_then(|hash| merkle::fold(hash, row, rows, in_matrix))
            .and_then(|hash| merkle::fold(hash, index, self.layers, in_layers));
        if root != Some(*self.claim.commitment) {
            return Err(JudgeError::Output);
        }
        let at = proof.column as usize * layer.out_size() - segment * SEGMENT;
        Ok(if layer.out_size() == 1 {
            i32::from(bytes[at] as i8)
        } else {
            i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        })
    }
}

/// Takes the weight column or lookup table, if the layer has one, and checks that it leads to the model's root.
fn weight_row<'e>(rest: &mut &'e [u8], layer: &Layer, proof: &CellProof) -> Result<&'e [u8], JudgeError> {
    if layer.weight_rows() == 0 {
        return Ok(&[]);
    }
    let domain = weights(proof.layer, layer);
    let (row, rows) = (layer.weight_row(proof.column), layer.weight_rows() as usize);
    let bytes = take(rest, domain.row_bytes as usize)?;
    let path = take(rest, 32 * path_len(row as usize, rows))?;
    let hash = row_root(&domain, row, bytes).ok_or(JudgeError::Weights)?;
    let root = merkle::fold(hash, row as usize, rows, path);
    if root == Some(layer.weight_root) { Ok(bytes) } else { Err(JudgeError::Weights) }
}

/// Everything a prover holds: the activations of the input and of every layer, and the weights.
pub struct Witness<'a> {
    /// `layers + 1` row-major matrices.
    pub activations: &'a [Vec<u8>],
    /// Per layer, `n` rows of `k + 4` bytes, or the lookup table, or nothing.
    pub columns: &'a [Vec<u8>],
}

/// Builds the evidence for one cell.
///
/// # Errors
/// [`JudgeError::OutOfRange`] for a cell outside the job, [`JudgeError::Length`] if the witness does not fit the model.
pub fn prove_cell(claim: &Claim, witness: &Witness, layer: u32, row: u32, column: u32) -> Result<Vec<u8>, JudgeError> {
    let l = layer as usize;
    let spec = claim.layers.get(l).ok_or(JudgeError::OutOfRange)?;
    if row >= claim.rows || column >= spec.cells() {
        return Err(JudgeError::OutOfRange);
    }
    if witness.activations.len() != claim.layers.len() + 1 || witness.columns.len() != claim.layers.len() {
        return Err(JudgeError::Length);
    }
    let layer_tree = Tree::new(output_roots(claim, witness.activations)?);
    let segments = spec.segments(column);
    let mut evidence = Vec::new();
    for source in spec.sources() {
        let domain = activations(claim, source.into(), spec.in_row_bytes());
        let bytes = witness.activations.get(usize::from(source)).ok_or(JudgeError::OutOfRange)?;
        let input = MatrixTree::new(domain, bytes).ok_or(JudgeError::Length)?;
        evidence.extend(input.prove_segments(row, &segments));
        if let Some(before) = usize::from(source).checked_sub(1) {
            evidence.extend(layer_tree.path(before));
        }
    }
    if spec.weight_rows() > 0 {
        let weights = MatrixTree::new(weights(layer, spec), &witness.columns[l]).ok_or(JudgeError::Length)?;
        evidence.extend(weights.prove_row(spec.weight_row(column)));
    }
    let domain = activations(claim, layer + 1, spec.out_row_bytes());
    let output = MatrixTree::new(domain, &witness.activations[l + 1]).ok_or(JudgeError::Length)?;
    evidence.extend(output.prove_segments(row, &[spec.segment_of(column) as u32]));
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
