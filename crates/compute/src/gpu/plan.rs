//! Working memory for a band of rows, and the commands that run all layers over it.
use super::params::{Params, Size};
use super::{
    BAND_BYTES, BAND_MACS, BAND_ROWS, GATHER_BYTES, Gpu, Layer, MAX_WORKGROUPS, TILED_ROWS, Usage, Weights, bind,
    buffer, kernels, words,
};
use crate::{ComputeError, Execution};
use judge::Op;

pub(super) struct Scratch {
    /// Rows there is room for.
    pub rows: usize,
    pub input: wgpu::Buffer,
    steps: Vec<Step>,
    pub staging: wgpu::Buffer,
}

/// One layer's working memory.
struct Step {
    sums: Option<wgpu::Buffer>,
    out: Option<wgpu::Buffer>,
    /// Parts of the product, with as many product rows each as can be gathered at once.
    parts: Vec<Part>,
    part_rows: usize,
    /// What writes i8 output: the requantiser, or the whole of a layer that is no product.
    last: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

struct Part {
    params: wgpu::Buffer,
    gather: Option<wgpu::BindGroup>,
    product: wgpu::BindGroup,
}

/// How many of `rows` rows go through the device at once: no binding, read-back or waiting time may get too large.
pub(super) fn band_rows(layers: &[Layer], max_binding: u64, rows: usize) -> usize {
    let sizes = || layers.iter().map(|layer| &layer.size);
    let binding = |size: &Size| size.in_words().max(size.sums()).max(size.out_words());
    let widest = sizes().map(binding).max().unwrap_or(1);
    let back: usize = sizes().map(Size::back).sum();
    let macs: usize = sizes().map(Size::macs).sum();
    let band = (max_binding / (4 * widest as u64)).min(BAND_BYTES / (4 * back as u64)).min(BAND_MACS / macs as u64);
    rows.min(band.min(BAND_ROWS) as usize).max(1)
}

/// Product rows of a convolution gathered at once.
fn part_rows(size: &Size, max_binding: u64, rows: usize) -> usize {
    let all = rows * size.spec.places() as usize;
    let most = GATHER_BYTES.min(max_binding) / (4 * size.words() as u64);
    // Workgroups of the tiled product in one dimension.
    let most = most.min(u64::from(MAX_WORKGROUPS) * u64::from(kernels::TILE));
    all.min(most as usize).max(1)
}

impl Gpu {
    pub(super) fn scratch(&self, layers: &[Layer], rows: usize) -> Result<Scratch, ComputeError> {
        let device = &self.device;
        let words = rows * layers[0].size.in_words();
        let input = buffer(device, "bytes of input", words, Usage::STORAGE | Usage::COPY_DST)?;
        let parts = |size: &Size| part_rows(size, device.max_binding, rows);
        let convs = layers.iter().map(|layer| &layer.size).filter(|size| matches!(size.spec.op, Op::Conv { .. }));
        let patches = convs.map(|size| parts(size) * size.words()).max().unwrap_or(1);
        let patches = buffer(device, "bytes of patches", patches, Usage::STORAGE)?;
        let mut steps: Vec<Step> = Vec::new();
        for layer in layers {
            let sources = layer.size.spec.sources().map(|source| match usize::from(source).checked_sub(1) {
                None => &input,
                Some(before) => steps[before].out.as_ref().unwrap_or(&input),
            });
            let step = self.step(layer, &sources.collect::<Vec<_>>(), &patches, rows)?;
            steps.push(step);
        }
        let back: usize = layers.iter().map(|layer| rows * layer.size.back()).sum();
        let staging = buffer(device, "read-back", back, Usage::MAP_READ | Usage::COPY_DST)?;
        device.check()?;
        Ok(Scratch { rows, input, steps, staging })
    }

    fn step(
        &self,
        layer: &Layer,
        sources: &[&wgpu::Buffer],
        patches: &wgpu::Buffer,
        rows: usize,
    ) -> Result<Step, ComputeError> {
        let (device, size) = (&self.device, &layer.size);
        let result = Usage::STORAGE | Usage::COPY_SRC;
        let params = || buffer(device, "parameters", size_of::<Params>() / 4, Usage::UNIFORM | Usage::COPY_DST);
        let out = match size.is_i8() {
            true => Some(buffer(device, "bytes of output", rows * size.out_words(), result)?),
            false => None,
        };
        let mut step = Step { sums: None, out, parts: Vec::new(), part_rows: rows, last: None };
        if let Weights::Columns { weights, bias } = &layer.weights {
            let sums = buffer(device, "bytes of accumulators", rows * size.sums(), result)?;
            let is_conv = matches!(size.spec.op, Op::Conv { .. });
            if is_conv {
                step.part_rows = part_rows(size, device.max_binding, rows);
            }
            for _ in 0..(rows * size.spec.places() as usize).div_ceil(step.part_rows) {
                let params = params()?;
                let gather = is_conv.then(|| bind(device, &self.gather, &[&params, sources[0], patches]));
                let left = if is_conv { patches } else { sources[0] };
                let product = bind(device, &self.tiled, &[&params, left, weights, bias, &sums]);
                step.parts.push(Part { params, gather, product });
            }
            step.sums = Some(sums);
        }
        if let Some(out) = &step.out {
            let params = params()?;
            let group = match (&step.sums, &layer.weights, sources) {
                (Some(sums), _, _) => bind(device, &self.requant, &[&params, sums, out]),
                (None, Weights::Table(table), _) => bind(device, &self.lookup, &[&params, sources[0], table, out]),
                (None, _, &[x, y]) => bind(device, &self.add, &[&params, x, y, out]),
                _ => bind(device, &self.pool, &[&params, sources[0], out]),
            };
            step.last = Some((params, group));
        }
        Ok(step)
    }

    /// Encodes all layers over `rows` rows, and copies their results to the staging buffer one after another.
    pub(super) fn encode(&self, layers: &[Layer], scratch: &Scratch, rows: usize) -> wgpu::CommandBuffer {
        let mut encoder = self.device.handle.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for (layer, step) in layers.iter().zip(&scratch.steps) {
            self.encode_product(&mut pass, &layer.size, step, rows);
            if let Some((params, group)) = &step.last {
                self.tell(params, &Params::new(&layer.size, rows, 0, 0));
                pass.set_pipeline(match layer.size.spec.op {
                    Op::Gemm { .. } | Op::Conv { .. } => &self.requant,
                    Op::MaxPool { .. } | Op::AveragePool { .. } => &self.pool,
                    Op::Add { .. } => &self.add,
                    Op::Lookup => &self.lookup,
                });
                pass.set_bind_group(0, group, &[]);
                dispatch_words(&mut pass, rows * layer.size.out_words());
            }
        }
        drop(pass);
        let mut at = 0;
        let mut copy = |from: &Option<wgpu::Buffer>, words: usize| {
            if let Some(from) = from {
                let bytes = 4 * words as u64;
                encoder.copy_buffer_to_buffer(from, 0, &scratch.staging, at, bytes);
                at += bytes;
            }
        };
        for (layer, step) in layers.iter().zip(&scratch.steps) {
            copy(&step.sums, rows * layer.size.sums());
            copy(&step.out, rows * layer.size.out_words());
        }
        encoder.finish()
    }

    fn encode_product(&self, pass: &mut wgpu::ComputePass, size: &Size, step: &Step, rows: usize) {
        let product_rows = rows * size.spec.places() as usize;
        for (i, part) in step.parts.iter().enumerate() {
            let first = i * step.part_rows;
            let m = step.part_rows.min(product_rows.saturating_sub(first));
            if m == 0 {
                break;
            }
            self.tell(&part.params, &Params::new(size, rows, first, m));
            if let Some(gather) = &part.gather {
                pass.set_pipeline(&self.gather);
                pass.set_bind_group(0, gather, &[]);
                dispatch_words(pass, m * size.words());
            }
            // Both products have the same bindings, so one group serves both.
            pass.set_bind_group(0, &part.product, &[]);
            let n = size.n as u32;
            if m < TILED_ROWS {
                pass.set_pipeline(&self.narrow);
                pass.dispatch_workgroups(n.div_ceil(kernels::NARROW), m as u32, 1);
            } else {
                pass.set_pipeline(&self.tiled);
                pass.dispatch_workgroups(n.div_ceil(kernels::TILE), (m as u32).div_ceil(kernels::TILE), 1);
            }
        }
    }

    fn tell(&self, buffer: &wgpu::Buffer, params: &Params) {
        self.device.queue.write_buffer(buffer, 0, bytemuck::bytes_of(params));
    }
}

/// One thread to a word.
fn dispatch_words(pass: &mut wgpu::ComputePass, count: usize) {
    let groups = (count as u32).div_ceil(words::WORDS);
    let high = groups.div_ceil(MAX_WORKGROUPS);
    pass.dispatch_workgroups(groups.div_ceil(high), high, 1);
}

/// Appends one band's results, laid out as [`Gpu::encode`] copies them.
pub(super) fn collect(layers: &[Layer], rows: usize, bytes: &[u8], execution: &mut Execution) {
    let mut rest = bytes;
    let mut take = |words: usize| {
        let (head, tail) = rest.split_at(4 * words);
        rest = tail;
        head
    };
    let outputs = execution.activations[1..].iter_mut().zip(&mut execution.accumulators);
    for (Layer { size, .. }, (out, accumulators)) in layers.iter().zip(outputs) {
        let raw = take(rows * size.sums());
        accumulators.extend(raw.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)));
        if size.is_i8() {
            let words = take(rows * size.out_words());
            words.chunks_exact(4 * size.out_words()).for_each(|row| out.extend_from_slice(&row[..size.cells()]));
        } else {
            out.extend_from_slice(raw);
        }
    }
}
