//! Working memory for a band of rows, and the commands that run all layers over it.
use super::bindings::{Arena, Notes, bind, buffer};
use super::hash::{self, DIGEST, Hashers, Leaves, Nodes};
use super::params::{HashParams, Params, Size};
use super::{BAND_BYTES, BAND_MACS, BAND_ROWS, GATHER_BYTES, Gpu, HashPlace, Layer, Usage, Weights, product, words};
use crate::{ComputeError, Wanted};
use judge::{ACTIVATIONS, Domain, Hash, Op};

/// What a pass over a model gives besides its last layer.
pub(super) struct Order<'a> {
    pub wanted: &'a Wanted,
    pub hashing: Option<Commitment<'a>>,
}

/// A commitment in the making.
#[derive(Clone, Copy)]
pub(super) struct Commitment<'a> {
    pub job: &'a Hash,
    /// Rows of the whole batch.
    pub rows: u32,
    /// Who hashes it.
    pub place: HashPlace,
}

impl Order<'_> {
    pub(super) fn on_device(&self) -> bool {
        self.hashing.is_some_and(|hashing| hashing.place == HashPlace::Device)
    }

    /// Whether a layer's output comes back: what the host hashes must.
    pub(super) fn output(&self, index: usize) -> bool {
        self.wanted.outputs[index] || self.hashing.is_some_and(|hashing| hashing.place == HashPlace::Host)
    }
}

impl Commitment<'_> {
    /// Of the output of layer `index`.
    pub(super) fn domain(&self, index: usize, size: &Size) -> Domain<'_> {
        Domain {
            tag: ACTIVATIONS,
            id: self.job,
            layer: index as u32 + 1,
            rows: self.rows,
            row_bytes: size.committed_bytes() as u32,
        }
    }
}

pub(super) struct Slot {
    /// Rows there is room for, and whether there is room for hashes.
    pub rows: usize,
    pub hashes: bool,
    pub input: wgpu::Buffer,
    pub staging: wgpu::Buffer,
    pub arena: Arena,
    steps: Vec<Step>,
    nodes: Option<Nodes>,
}

/// One layer's working memory.
struct Step {
    sums: Option<wgpu::Buffer>,
    out: Option<wgpu::Buffer>,
    /// The patches of a convolution, gathered as many at once as there is room for.
    gather: Option<wgpu::BindGroup>,
    product: Option<wgpu::BindGroup>,
    /// Rows of the product in one part.
    part_rows: usize,
    /// What writes i8 output: the requantiser, or the whole of a layer that is no product.
    last: Option<wgpu::BindGroup>,
    leaves: Option<Leaves>,
}

impl Step {
    /// What is committed to.
    fn committed(&self) -> Option<&wgpu::Buffer> {
        self.out.as_ref().or(self.sums.as_ref())
    }
}

/// How many of `rows` rows go through the device at once: no binding, read-back or waiting time may get too large, and where
/// there is enough work several bands are under way at a time. If there is more than one band, its rows are a power of two,
/// so that a band is a subtree of the batch's commitment.
pub(super) fn band_rows(layers: &[Layer], order: &Order, max_binding: u64, rows: usize) -> usize {
    let sizes = || layers.iter().map(|layer| &layer.size);
    let hashes = |size: &Size| if order.on_device() { DIGEST * size.segments() } else { 0 };
    let binding = |size: &Size| size.in_words().max(size.sums()).max(size.out_words()).max(hashes(size));
    let widest = sizes().map(binding).max().unwrap_or(1);
    let back: usize = (0..).zip(sizes()).map(|(i, size)| back(i, size, order)).sum::<usize>().max(1);
    let macs: usize = sizes().map(Size::macs).sum::<usize>().max(1);
    let most = (max_binding / (4 * widest as u64))
        .min(BAND_BYTES / (4 * back as u64))
        .min(BAND_MACS / macs as u64)
        .min(BAND_ROWS);
    let enough =
        (rows.saturating_mul(macs) / ENOUGH_MACS).max(rows.saturating_mul(4 * back) / ENOUGH_BYTES).clamp(1, BANDS);
    let band = (most as usize).min(rows.div_ceil(enough)).max(1);
    if band >= rows { rows } else { 1 << band.ilog2() }
}

/// Work and read-back that pay for a band of its own: about 0.1 ms of a large GPU.
const ENOUGH_MACS: usize = 4 << 30;
const ENOUGH_BYTES: usize = 4 << 20;
/// Bands that a batch is cut into if each is worth it.
const BANDS: usize = 8;

/// Words read back for a row of layer `index`.
fn back(index: usize, size: &Size, order: &Order) -> usize {
    let [sums, out] = parts(index, size, order);
    usize::from(sums) * size.sums() + usize::from(out) * size.out_words()
}

/// Whether accumulators and i8 output of a layer come back.
pub(super) fn parts(index: usize, size: &Size, order: &Order) -> [bool; 2] {
    let out = order.output(index);
    [order.wanted.accumulators[index] || (out && !size.is_i8()), out && size.is_i8()]
}

/// Product rows of a convolution gathered at once.
fn part_rows(size: &Size, max_binding: u64, rows: usize) -> usize {
    let all = rows * size.spec.places() as usize;
    if !size.is_conv() {
        return all;
    }
    let most = GATHER_BYTES.min(max_binding) / (4 * size.words() as u64);
    all.min(most.min(product::MAX_ROWS) as usize).max(1)
}

impl Gpu {
    /// Working memory for bands of `rows` rows, with room to read everything back.
    pub(super) fn slot(&self, layers: &[Layer], rows: usize, hashers: Option<&Hashers>) -> Result<Slot, ComputeError> {
        let device = &self.device;
        let words = rows * layers[0].size.in_words();
        let input = buffer(device, "bytes of input", words, Usage::STORAGE | Usage::COPY_DST)?;
        let part = |size: &Size| part_rows(size, device.max_binding, rows);
        let sizes = || layers.iter().map(|layer| &layer.size);
        let patches = sizes().filter(|size| size.is_conv()).map(|size| part(size) * size.words()).max();
        let patches = buffer(device, "bytes of patches", patches.unwrap_or(4), Usage::STORAGE)?;
        let dispatches = |size: &Size| {
            let product = (rows * size.spec.places() as usize).div_ceil(part(size));
            2 * product + 1 + if hashers.is_some() { hash::DISPATCHES } else { 0 }
        };
        let arena = Arena::new(device, sizes().map(dispatches).sum())?;
        let leaves = sizes().map(|size| rows * size.segments()).max().unwrap_or(1);
        let nodes = match hashers {
            Some(hashers) => Some(Nodes::new(device, hashers, &arena, leaves, layers.len())?),
            None => None,
        };
        let mut steps: Vec<Step> = Vec::new();
        for layer in layers {
            let sources = layer.size.spec.sources().map(|source| match usize::from(source).checked_sub(1) {
                None => &input,
                Some(before) => steps[before].out.as_ref().unwrap_or(&input),
            });
            let mut step = self.step(layer, &sources.collect::<Vec<_>>(), &patches, &arena, rows)?;
            if let (Some(nodes), Some(hashers), Some(source)) = (&nodes, hashers, step.committed()) {
                step.leaves = Some(nodes.leaves(device, hashers, &arena, source));
            }
            steps.push(step);
        }
        let back: usize = sizes().map(|size| rows * (size.sums() + size.out_words())).sum();
        let roots = if nodes.is_some() { DIGEST * layers.len() } else { 0 };
        let staging = buffer(device, "read-back", back + roots, Usage::MAP_READ | Usage::COPY_DST)?;
        device.check()?;
        Ok(Slot { rows, hashes: nodes.is_some(), input, staging, arena, steps, nodes })
    }

    fn step(
        &self,
        layer: &Layer,
        sources: &[&wgpu::Buffer],
        patches: &wgpu::Buffer,
        arena: &Arena,
        rows: usize,
    ) -> Result<Step, ComputeError> {
        let (device, size) = (&self.device, &layer.size);
        let group = |pipeline: &wgpu::ComputePipeline, buffers: &[&wgpu::Buffer]| {
            bind(device, &pipeline.get_bind_group_layout(0), arena, buffers)
        };
        let result = Usage::STORAGE | Usage::COPY_SRC;
        let mut step = Step {
            sums: None,
            out: None,
            gather: None,
            product: None,
            part_rows: part_rows(size, device.max_binding, rows),
            last: None,
            leaves: None,
        };
        if size.is_i8() {
            step.out = Some(buffer(device, "bytes of output", rows * size.out_words(), result)?);
        }
        if let Weights::Columns { weights, bias } = &layer.weights {
            let sums = buffer(device, "bytes of accumulators", rows * size.sums(), result)?;
            step.gather = size.is_conv().then(|| group(&self.gather, &[sources[0], patches]));
            let left = if size.is_conv() { patches } else { sources[0] };
            step.product = Some(bind(device, &self.products.bindings(), arena, &[left, weights, bias, &sums]));
            step.sums = Some(sums);
        }
        if let Some(out) = &step.out {
            step.last = Some(match (&step.sums, &layer.weights, sources) {
                (Some(sums), _, _) => group(&self.requant, &[sums, out]),
                (None, Weights::Table(table), _) => group(&self.lookup, &[sources[0], table, out]),
                (None, _, &[x, y]) => group(&self.add, &[x, y, out]),
                _ => group(&self.pool, &[sources[0], out]),
            });
        }
        Ok(step)
    }

    /// Encodes all layers over the batch's rows `first..first + rows`, their hashes if they are wanted, and copies what is
    /// wanted to the staging buffer.
    pub(super) fn encode(
        &self,
        layers: &[Layer],
        slot: &Slot,
        order: &Order,
        first: usize,
        rows: usize,
    ) -> wgpu::CommandBuffer {
        let mut notes = Notes::new(&slot.arena);
        let mut encoder = self.device.handle.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for (i, (Layer { size, .. }, step)) in layers.iter().zip(&slot.steps).enumerate() {
            self.encode_product(&mut pass, &mut notes, size, step, rows);
            if let Some(group) = &step.last {
                pass.set_pipeline(match size.spec.op {
                    Op::Gemm { .. } | Op::Conv { .. } => &self.requant,
                    Op::MaxPool { .. } | Op::AveragePool { .. } => &self.pool,
                    Op::Add { .. } => &self.add,
                    Op::Lookup => &self.lookup,
                });
                notes.set(&mut pass, group, &Params::new(size, rows, 0, 0));
                words::dispatch(&mut pass, (rows * size.out_words()) as u32, words::WORDS);
            }
            if let (Some(commitment), Some(nodes), Some(leaves), Some(hashers)) =
                (order.hashing.filter(|_| order.on_device()), &slot.nodes, &step.leaves, self.hashers.get())
            {
                let params = HashParams {
                    first: first as u32,
                    rows: rows as u32,
                    stride: size.committed_words() as u32,
                    segments: size.segments() as u32,
                    out_at: i as u32,
                    ..HashParams::of(&commitment.domain(i, size))
                };
                nodes.encode(&mut pass, &mut notes, hashers, leaves, params, rows as u32);
            }
        }
        drop(pass);
        let mut at = 0;
        let mut copy = |from: &wgpu::Buffer, words: usize| {
            let bytes = 4 * words as u64;
            encoder.copy_buffer_to_buffer(from, 0, &slot.staging, at, bytes);
            at += bytes;
        };
        for (i, (Layer { size, .. }, step)) in layers.iter().zip(&slot.steps).enumerate() {
            let [sums, out] = parts(i, size, order);
            if let Some(from) = step.sums.as_ref().filter(|_| sums) {
                copy(from, rows * size.sums());
            }
            if let Some(from) = step.out.as_ref().filter(|_| out) {
                copy(from, rows * size.out_words());
            }
        }
        if let Some(nodes) = slot.nodes.as_ref().filter(|_| order.on_device()) {
            copy(&nodes.roots, DIGEST * layers.len());
        }
        notes.upload(&self.device);
        encoder.finish()
    }

    fn encode_product(&self, pass: &mut wgpu::ComputePass, notes: &mut Notes, size: &Size, step: &Step, rows: usize) {
        let Some(product) = &step.product else { return };
        let all = rows * size.spec.places() as usize;
        for first in (0..all).step_by(step.part_rows) {
            let m = step.part_rows.min(all - first);
            let params = Params::new(size, rows, first, m);
            if let Some(gather) = &step.gather {
                pass.set_pipeline(&self.gather);
                notes.set(pass, gather, &params);
                words::dispatch(pass, (m * size.words()) as u32, words::WORDS);
            }
            notes.set(pass, product, &params);
            self.products.dispatch(pass, m as u32, size.n as u32);
        }
    }
}
