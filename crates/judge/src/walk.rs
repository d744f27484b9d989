//! From a commitment down to a wrong cell, by demands alone: for whoever has recomputed a job whose worker serves nothing.
//!
//! The roots of the layers name the first layer that differs from one's own. What it reads is what one has computed. Nodes
//! of its tree lead to the first row, nodes of the row's tree to the first segment, and its bytes to the first cell that differ.
//! The siblings that were answered on the way complete the evidence.
use crate::cell::{Claim, JudgeError, Witness, activations, output_roots, weights};
use crate::commitment::{Domain, MatrixTree};
use crate::demand::{MAX_DEPTH, Wanted};
use crate::hash::Hash;
use crate::merkle::{Tree, height};
use alloc::vec::Vec;

/// Where a walk stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// This must be demanded next; [`Walk::take`] takes the answer's data.
    Ask(Wanted),
    /// The committed result is one's own.
    Honest,
    /// A wrong cell, with evidence that convicts.
    Wrong { layer: u32, row: u32, column: u32, evidence: Vec<u8> },
}

/// One walk.
pub struct Walk<'a> {
    claim: &'a Claim<'a>,
    own: &'a Witness<'a>,
    roots: Vec<Hash>,
    /// The committed roots, once they are known.
    committed: Option<Tree>,
    stand: Stand,
    /// Siblings of the row and of the segment that were answered so far, the deepest first.
    row_path: Vec<u8>,
    segment_path: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// `claim.layers` are all layers; `own` is what one has computed from the posted input.
    ///
    /// # Errors
    /// [`JudgeError::Length`] if a matrix has not the model's shape.
    pub fn new(claim: &'a Claim<'a>, own: &'a Witness<'a>) -> Result<Self, JudgeError> {
        let roots = output_roots(claim, own.activations)?;
        let honest = Tree::new(roots.clone()).root() == *claim.commitment;
        let stand = if honest { Stand::Honest } else { Stand::Ask(Wanted::LayerRoots) };
        let (row_path, segment_path) = (Vec::new(), Vec::new());
        Ok(Walk { claim, own, roots, committed: None, stand, row_path, segment_path })
    }

    pub fn stand(&self) -> &Stand {
        &self.stand
    }

    /// Takes the data of the answer to what was asked for, which the chain has judged.
    ///
    /// # Errors
    /// [`JudgeError::Output`] if nothing in the data differs, so that it cannot be what the chain has judged;
    /// [`JudgeError::Length`] or [`JudgeError::OutOfRange`] if it has not the shape that was asked for.
    pub fn take(&mut self, data: &[u8]) -> Result<&Stand, JudgeError> {
        let Stand::Ask(wanted) = &self.stand else { return Ok(&self.stand) };
        self.stand = match *wanted {
            Wanted::LayerRoots => self.layer(data)?,
            Wanted::Nodes { layer, row, level, index, depth } => self.nodes((layer, row), level, index, depth, data)?,
            Wanted::Segments { layer, row, first, .. } => self.cell(layer, row, first, data)?,
        };
        Ok(&self.stand)
    }

    fn output(&self, layer: u32) -> Result<MatrixTree<'a>, JudgeError> {
        let spec = self.claim.layers.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
        let bytes = self.own.activations.get(layer as usize + 1).ok_or(JudgeError::OutOfRange)?;
        MatrixTree::new(activations(self.claim, layer + 1, spec.out_row_bytes()), bytes).ok_or(JudgeError::Length)
    }

    fn layer(&mut self, data: &[u8]) -> Result<Stand, JudgeError> {
        let roots = hashes(data);
        if roots.len() != self.roots.len() {
            return Err(JudgeError::Length);
        }
        let layer = first_difference(&roots, &self.roots)? as u32;
        self.committed = Some(Tree::new(roots));
        self.below(layer, None, height(self.claim.rows as usize), 0)
    }

    /// What to ask for under a node that differs.
    fn below(&self, layer: u32, row: Option<u32>, level: u32, index: u32) -> Result<Stand, JudgeError> {
        let wanted = match (level, row) {
            // A row is known: its own tree is next.
            (0, None) => {
                let spec = self.claim.layers.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
                let segments = activations(self.claim, layer + 1, spec.out_row_bytes()).segments();
                return self.below(layer, Some(index), height(segments), 0);
            }
            (0, Some(row)) => Wanted::Segments { layer, row, first: index, count: 1 },
            _ => Wanted::Nodes { layer, row, level, index, depth: level.min(MAX_DEPTH) },
        };
        Ok(Stand::Ask(wanted))
    }

    fn nodes(
        &mut self,
        (layer, row): (u32, Option<u32>),
        level: u32,
        index: u32,
        depth: u32,
        data: &[u8],
    ) -> Result<Stand, JudgeError> {
        let (output, nodes) = (self.output(layer)?, hashes(data));
        let first = (index as usize) << depth;
        let own = match row {
            None => output.rows().nodes(level - depth).to_vec(),
            Some(row) => output.row_tree(row).nodes(level - depth).to_vec(),
        };
        let own = own.get(first..first + nodes.len()).ok_or(JudgeError::Length)?;
        let here = first_difference(&nodes, own)?;
        // Siblings below this node stay inside its subtree; deeper ones come before them.
        let mut path = Tree::new(nodes).path(here);
        let known = if row.is_some() { &mut self.segment_path } else { &mut self.row_path };
        path.append(known);
        *known = path;
        self.below(layer, row, level - depth, (first + here) as u32)
    }

    fn cell(&self, layer: u32, row: u32, segment: u32, data: &[u8]) -> Result<Stand, JudgeError> {
        let spec = self.claim.layers.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
        let committed = self.committed.as_ref().ok_or(JudgeError::Output)?;
        let width = spec.out_row_bytes() as usize;
        let start = segment as usize * crate::commitment::SEGMENT;
        let own = &self.own.activations[layer as usize + 1][row as usize * width..][..width];
        let own = own.get(start..start + data.len()).ok_or(JudgeError::Length)?;
        let column = ((start + first_difference(data, own)?) / spec.out_size()) as u32;

        let mut evidence = Vec::new();
        let segments = spec.segments(column);
        for source in spec.sources() {
            let domain = activations(self.claim, source.into(), spec.in_row_bytes());
            let bytes = self.own.activations.get(usize::from(source)).ok_or(JudgeError::OutOfRange)?;
            let input = MatrixTree::new(domain, bytes).ok_or(JudgeError::Length)?;
            evidence.extend(input.prove_segments(row, &segments));
            if let Some(before) = usize::from(source).checked_sub(1) {
                evidence.extend(committed.path(before));
            }
        }
        if spec.weight_rows() > 0 {
            let domain: Domain = weights(layer, spec);
            let columns = self.own.columns.get(layer as usize).ok_or(JudgeError::OutOfRange)?;
            let columns = MatrixTree::new(domain, columns).ok_or(JudgeError::Length)?;
            evidence.extend(columns.prove_row(spec.weight_row(column)));
        }
        evidence.extend_from_slice(data);
        evidence.extend_from_slice(&self.segment_path);
        evidence.extend_from_slice(&self.row_path);
        evidence.extend(committed.path(layer as usize));
        Ok(Stand::Wrong { layer, row, column, evidence })
    }
}

fn hashes(data: &[u8]) -> Vec<Hash> {
    data.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).collect()
}

fn first_difference<T: PartialEq>(theirs: &[T], own: &[T]) -> Result<usize, JudgeError> {
    theirs.iter().zip(own).position(|(theirs, own)| theirs != own).ok_or(JudgeError::Output)
}
