//! Commitments on the device: leaves of the rows of a matrix, then node by node to the roots of groups of rows.
use super::bindings::{Arena, Notes, bind, buffer, layout, pipeline};
use super::device::Device;
use super::params::HashParams;
use super::{Usage, sha, words};
use crate::ComputeError;

/// The kernels that hash, compiled when first needed: their text is long.
pub(super) struct Hashers {
    leaf: wgpu::ComputePipeline,
    node: wgpu::ComputePipeline,
}

impl Hashers {
    pub(super) fn new(device: &Device) -> Self {
        let bindings = layout(device, 1);
        Hashers {
            leaf: pipeline(device, "leaves", &sha::leaf(), &bindings),
            node: pipeline(device, "nodes", &sha::node(), &bindings),
        }
    }
}

/// Most dispatches of one [`Nodes::encode`]: a leaf, and levels over at most 2^12 segments and 2^20 rows.
pub(super) const DISPATCHES: usize = 1 + 12 + 20;
/// Words of a digest.
pub(super) const DIGEST: usize = 8;

/// Working memory for trees, shared by the matrices of a band one after another.
pub(super) struct Nodes {
    even: wgpu::Buffer,
    /// Every level goes from one buffer to the other, the last to `roots`: indexed by source and whether it is the last.
    folds: [[wgpu::BindGroup; 2]; 2],
    pub roots: wgpu::Buffer,
}

/// A matrix's rows as input of the leaves.
pub(super) struct Leaves {
    inner: wgpu::BindGroup,
    /// Where a matrix is a single segment its leaf is the root.
    only: wgpu::BindGroup,
}

impl Nodes {
    /// Room for `leaves` leaves and `roots` roots.
    pub(super) fn new(
        device: &Device,
        hashers: &Hashers,
        arena: &Arena,
        leaves: usize,
        roots: usize,
    ) -> Result<Self, ComputeError> {
        let even = buffer(device, "bytes of leaves", leaves * DIGEST, Usage::STORAGE)?;
        let odd = buffer(device, "bytes of nodes", leaves * DIGEST, Usage::STORAGE)?;
        let roots = buffer(device, "bytes of roots", roots * DIGEST, Usage::STORAGE | Usage::COPY_SRC)?;
        let layout = hashers.node.get_bind_group_layout(0);
        let fold = |from, to| bind(device, &layout, arena, &[from, to]);
        let folds = [[fold(&even, &odd), fold(&even, &roots)], [fold(&odd, &even), fold(&odd, &roots)]];
        Ok(Nodes { even, folds, roots })
    }

    /// For a matrix in `source`.
    pub(super) fn leaves(&self, device: &Device, hashers: &Hashers, arena: &Arena, source: &wgpu::Buffer) -> Leaves {
        let layout = hashers.leaf.get_bind_group_layout(0);
        let to = |to| bind(device, &layout, arena, &[source, to]);
        Leaves { inner: to(&self.even), only: to(&self.roots) }
    }

    /// Encodes the roots of each `group` rows of a matrix into `roots`. `params` holds what
    /// [`HashParams::of`] gives, the first row, the rows here, a whole number of groups, and their stride and segments;
    /// and where the first root goes.
    pub(super) fn encode(
        &self,
        pass: &mut wgpu::ComputePass,
        notes: &mut Notes,
        hashers: &Hashers,
        leaves: &Leaves,
        params: HashParams,
        group: u32,
    ) {
        let mut levels = Vec::new();
        for (groups, mut count) in [(params.rows, params.segments), (params.rows / group, group)] {
            while count > 1 {
                levels.push((groups, count));
                count = count.div_ceil(2);
            }
        }
        let to = |last: bool| if last { params.out_at } else { 0 };
        let only = levels.is_empty();
        pass.set_pipeline(&hashers.leaf);
        notes.set(pass, if only { &leaves.only } else { &leaves.inner }, &HashParams { out_at: to(only), ..params });
        words::dispatch(pass, params.rows * params.segments, sha::HASHES);
        pass.set_pipeline(&hashers.node);
        for (i, &(groups, count)) in levels.iter().enumerate() {
            let last = i + 1 == levels.len();
            notes.set(
                pass,
                &self.folds[i % 2][usize::from(last)],
                &HashParams { groups, count, out_at: to(last), ..params },
            );
            words::dispatch(pass, groups * count.div_ceil(2), sha::HASHES);
        }
    }
}
