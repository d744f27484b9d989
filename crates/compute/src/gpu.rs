//! The GPU backend: WGSL kernels through Vulkan. Activations stay on the device from layer to layer.
mod device;
mod kernels;
#[cfg(test)]
mod tests;

pub use device::GpuSelect;
pub(crate) use device::adapters;
pub use kernels::Dot;

use crate::cache::ModelCache;
use crate::columns::Columns;
use crate::{Backend, ComputeError, Description, Execution, Gemm};
use bytemuck::{Pod, Zeroable};
use device::Device;
use judge::Requant;
use model::Model;
use std::time::Duration;
use wgpu::BufferUsages as Usage;

/// Time for one band, unless another is given. Software drivers need seconds; a GPU that takes this long hangs.
pub const TIMEOUT: Duration = Duration::from_secs(120);
/// Most bytes read back for one band of rows. A model holds as much again on the device, and as much in mapped memory.
const BAND_BYTES: u64 = 64 << 20;
/// Most multiply-accumulates in one band: about 15 s of the slowest software driver, well under [`TIMEOUT`].
const BAND_MACS: u64 = 64 << 30;
/// Below this many rows one thread to a cell beats tiles that are mostly empty (measured on lavapipe at 1024 x 1024: a row
/// costs 0.6 ms, a started tile of 64 rows 18 to 25 ms).
const TILED_ROWS: usize = 32;
/// Longest sum, 32 times the widest model's. Mesa's software driver silently ends all loops of a shader after 65,535
/// iterations together; the tiled product takes 35 for every 64 elements.
const MAX_K: u64 = 1 << 16;
/// The least that every adapter allows in each dimension.
const MAX_WORKGROUPS: u32 = 65_535;

/// What the kernels are told; the order is that of the WGSL struct. Sizes: see [`kernels`].
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Params {
    m: u32,
    n: u32,
    words: u32,
    out_words: u32,
    shift1: u32,
    mul: i32,
    shift2: u32,
    zero_point: i32,
    lo: i32,
    hi: i32,
    pad: [u32; 2],
}

/// A layer whose weights are on the device.
struct Layer {
    k: usize,
    n: usize,
    requant: Option<Requant>,
    weights: wgpu::Buffer,
    bias: wgpu::Buffer,
}

impl Layer {
    /// Words in a row of input.
    fn words(&self) -> usize {
        self.k.div_ceil(4)
    }

    /// Words in a row of i8 output.
    fn out_words(&self) -> usize {
        self.n.div_ceil(4)
    }

    fn params(&self, m: usize) -> Params {
        let q = self.requant.unwrap_or(Requant { shift1: 0, mul: 1, shift2: 1, zero_point: 0, lo: 0, hi: 0 });
        Params {
            m: m as u32,
            n: self.n as u32,
            words: self.words() as u32,
            out_words: self.out_words() as u32,
            shift1: q.shift1.into(),
            mul: q.mul.into(),
            shift2: q.shift2.into(),
            zero_point: q.zero_point.into(),
            lo: q.lo.into(),
            hi: q.hi.into(),
            pad: [0; 2],
        }
    }
}

/// A model on the device, with working memory for one band.
struct Resident {
    layers: Vec<Layer>,
    scratch: Option<Scratch>,
}

struct Scratch {
    /// Rows there is room for.
    rows: usize,
    input: wgpu::Buffer,
    steps: Vec<Step>,
    staging: wgpu::Buffer,
}

/// One layer's working memory.
struct Step {
    params: wgpu::Buffer,
    accumulators: wgpu::Buffer,
    product: wgpu::BindGroup,
    /// Output and bindings, where there is a requantisation.
    requant: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

/// The GPU backend.
pub struct Gpu {
    device: Device,
    timeout: Duration,
    tiled: wgpu::ComputePipeline,
    narrow: wgpu::ComputePipeline,
    requant: wgpu::ComputePipeline,
    models: ModelCache<Resident>,
}

impl Gpu {
    /// Opens the best adapter that `select` accepts.
    ///
    /// # Errors
    /// [`ComputeError::NoAdapter`] if there is none, otherwise why it could not be opened.
    pub fn open(select: &GpuSelect) -> Result<Self, ComputeError> {
        Self::open_with(select, Dot::Packed, TIMEOUT)
    }

    /// As [`Gpu::open`], with a choice of product instruction and a limit on the time for one band of rows.
    ///
    /// # Errors
    /// As [`Gpu::open`].
    pub fn open_with(select: &GpuSelect, dot: Dot, timeout: Duration) -> Result<Self, ComputeError> {
        Self::open_adapter(&adapters(select)?[0], dot, timeout)
    }

    pub(crate) fn open_adapter(adapter: &wgpu::Adapter, dot: Dot, timeout: Duration) -> Result<Self, ComputeError> {
        let device = Device::open(adapter)?;
        let product = layout(&device, 3);
        let gpu = Gpu {
            tiled: pipeline(&device, "tiled product", &kernels::tiled(dot), &product),
            narrow: pipeline(&device, "narrow product", &kernels::narrow(dot), &product),
            requant: pipeline(&device, "requantiser", &kernels::requant(), &layout(&device, 1)),
            device,
            timeout,
            models: ModelCache::new(),
        };
        gpu.device.check()?;
        Ok(gpu)
    }
}

/// Bindings of a kernel: parameters, `inputs` read-only buffers, one written.
fn layout(device: &Device, inputs: u32) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = (0..inputs + 2)
        .map(|binding| {
            let ty = match binding {
                0 => wgpu::BufferBindingType::Uniform,
                _ => wgpu::BufferBindingType::Storage { read_only: binding <= inputs },
            };
            wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
                count: None,
            }
        })
        .collect();
    let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
    device.handle.create_bind_group_layout(&descriptor)
}

fn pipeline(device: &Device, name: &str, text: &str, bindings: &wgpu::BindGroupLayout) -> wgpu::ComputePipeline {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    let module = device.handle.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source });
    let layout = device.handle.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(bindings)],
        immediate_size: 0,
    });
    device.handle.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: Default::default(),
        cache: None,
    })
}

fn buffer(device: &Device, what: &'static str, words: usize, usage: Usage) -> Result<wgpu::Buffer, ComputeError> {
    let size = 4 * words as u64;
    if usage.contains(Usage::STORAGE) {
        device.check_limit(what, size, device.max_binding)?;
    }
    let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false };
    Ok(device.handle.create_buffer(&descriptor))
}

fn bind(device: &Device, pipeline: &wgpu::ComputePipeline, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let layout = pipeline.get_bind_group_layout(0);
    device.handle.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries })
}

/// Rows of `width` bytes as rows of whole words, padded with zeros.
fn pad<'a>(rows: impl Iterator<Item = &'a [u8]>, width: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        out.extend_from_slice(row);
        out.resize(out.len() + width.next_multiple_of(4) - width, 0);
    }
    out
}

fn upload(device: &Device, columns: Columns, requant: Option<Requant>) -> Result<Layer, ComputeError> {
    let Columns { k, n, .. } = columns;
    let usage = Usage::STORAGE | Usage::COPY_DST;
    let weights = buffer(device, "bytes of weights", n * k.div_ceil(4), usage)?;
    let bias = buffer(device, "bytes of biases", n, usage)?;
    device.queue.write_buffer(&weights, 0, &pad(columns.iter().map(|(column, _)| column), k));
    let biases: Vec<i32> = columns.iter().map(|(_, bias)| bias).collect();
    device.queue.write_buffer(&bias, 0, bytemuck::cast_slice(&biases));
    device.check()?;
    Ok(Layer { k, n, requant, weights, bias })
}

/// How many of `rows` rows go through the device at once: no binding, read-back or waiting time may get too large.
fn band_rows(layers: &[Layer], max_binding: u64, rows: usize) -> usize {
    let widest = layers.iter().map(|layer| layer.words().max(layer.n)).max().unwrap_or(1);
    let back: usize = layers.iter().map(|layer| layer.n + layer.out_words()).sum();
    let macs: usize = layers.iter().map(|layer| layer.k * layer.n).sum();
    let band = (max_binding / (4 * widest as u64)).min(BAND_BYTES / (4 * back as u64)).min(BAND_MACS / macs as u64);
    rows.min(band as usize).max(1)
}

impl Gpu {
    fn scratch(&self, layers: &[Layer], rows: usize) -> Result<Scratch, ComputeError> {
        let device = &self.device;
        let input = buffer(device, "bytes of input", rows * layers[0].words(), Usage::STORAGE | Usage::COPY_DST)?;
        let result = Usage::STORAGE | Usage::COPY_SRC;
        let mut steps: Vec<Step> = Vec::new();
        let mut back = 0;
        for layer in layers {
            let params = buffer(device, "parameters", size_of::<Params>() / 4, Usage::UNIFORM | Usage::COPY_DST)?;
            let accumulators = buffer(device, "bytes of accumulators", rows * layer.n, result)?;
            let before = steps.last().and_then(|step| step.requant.as_ref()).map_or(&input, |(out, _)| out);
            let operands = [&params, before, &layer.weights, &layer.bias, &accumulators];
            let product = bind(device, &self.tiled, &operands);
            back += rows * layer.n;
            let requant = if layer.requant.is_some() {
                let out = buffer(device, "bytes of output", rows * layer.out_words(), result)?;
                let group = bind(device, &self.requant, &[&params, &accumulators, &out]);
                back += rows * layer.out_words();
                Some((out, group))
            } else {
                None
            };
            steps.push(Step { params, accumulators, product, requant });
        }
        let staging = buffer(device, "read-back", back, Usage::MAP_READ | Usage::COPY_DST)?;
        device.check()?;
        Ok(Scratch { rows, input, steps, staging })
    }

    /// Encodes all layers over `rows` rows, and copies their results to the staging buffer one after another.
    fn encode(&self, layers: &[Layer], scratch: &Scratch, rows: usize) -> wgpu::CommandBuffer {
        let mut encoder = self.device.handle.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for (layer, step) in layers.iter().zip(&scratch.steps) {
            self.device.queue.write_buffer(&step.params, 0, bytemuck::bytes_of(&layer.params(rows)));
            let (m, n) = (rows as u32, layer.n as u32);
            // Both products have the same bindings, so one group serves both.
            pass.set_bind_group(0, &step.product, &[]);
            if rows < TILED_ROWS {
                pass.set_pipeline(&self.narrow);
                pass.dispatch_workgroups(n.div_ceil(kernels::NARROW), m, 1);
            } else {
                pass.set_pipeline(&self.tiled);
                pass.dispatch_workgroups(n.div_ceil(kernels::TILE), m.div_ceil(kernels::TILE), 1);
            }
            if let Some((_, group)) = &step.requant {
                let groups = (m * layer.out_words() as u32).div_ceil(kernels::REQUANT);
                let high = groups.div_ceil(MAX_WORKGROUPS);
                pass.set_pipeline(&self.requant);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(groups.div_ceil(high), high, 1);
            }
        }
        drop(pass);
        let mut at = 0;
        let mut copy = |from: &wgpu::Buffer, words: usize| {
            let bytes = 4 * words as u64;
            encoder.copy_buffer_to_buffer(from, 0, &scratch.staging, at, bytes);
            at += bytes;
        };
        for (layer, step) in layers.iter().zip(&scratch.steps) {
            copy(&step.accumulators, rows * layer.n);
            if let Some((out, _)) = &step.requant {
                copy(out, rows * layer.out_words());
            }
        }
        encoder.finish()
    }

    /// Runs a resident model over whole rows.
    fn run(&self, resident: &mut Resident, input: &[u8]) -> Result<Execution, ComputeError> {
        let Resident { layers, scratch } = resident;
        self.device.check()?;
        let k = layers[0].k;
        let rows = input.len() / k;
        let band = band_rows(layers, self.device.max_binding, rows);
        // Working memory is put back only after success: a failed run may leave its buffers mapped.
        let space = match scratch.take() {
            Some(space) if space.rows >= band => space,
            _ => self.scratch(layers, band)?,
        };
        let mut execution = Execution {
            activations: vec![Vec::new(); layers.len() + 1],
            accumulators: layers.iter().map(|layer| Vec::with_capacity(rows * layer.n)).collect(),
        };
        for part in input.chunks(band * k) {
            let rows = part.len() / k;
            self.device.queue.write_buffer(&space.input, 0, &pad(part.chunks_exact(k), k));
            let commands = self.encode(layers, &space, rows);
            self.device
                .run(commands, &space.staging, self.timeout, |bytes| collect(layers, rows, bytes, &mut execution))?;
        }
        execution.activations[0] = input.to_vec();
        *scratch = Some(space);
        Ok(execution)
    }
}

/// Appends one band's results, laid out as [`Gpu::encode`] copies them.
fn collect(layers: &[Layer], rows: usize, bytes: &[u8], execution: &mut Execution) {
    let mut rest = bytes;
    let mut take = |words: usize| {
        let (head, tail) = rest.split_at(4 * words);
        rest = tail;
        head
    };
    let outputs = execution.activations[1..].iter_mut().zip(&mut execution.accumulators);
    for (layer, (out, accumulators)) in layers.iter().zip(outputs) {
        let raw = take(rows * layer.n);
        accumulators.extend(raw.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)));
        if layer.requant.is_some() {
            let words = take(rows * layer.out_words());
            words.chunks_exact(4 * layer.out_words()).for_each(|row| out.extend_from_slice(&row[..layer.n]));
        } else {
            out.extend_from_slice(raw);
        }
    }
}

impl Backend for Gpu {
    fn describe(&self) -> &Description {
        &self.device.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        model.check_input(input)?;
        if model
            .layers
            .iter()
            .enumerate()
            .any(|(i, layer)| layer.spec.k() == 0 || layer.spec.places() != 1 || usize::from(layer.spec.from) != i)
        {
            return Err(self.device.failed("only chains of fully connected layers run here"));
        }
        // Taken out for the time of the run, which borrows the rest of `self`.
        let mut models = std::mem::replace(&mut self.models, ModelCache::new());
        let result = models
            .get_or_prepare(model.root(), || {
                let layers = model.layers.iter();
                let layers = layers.map(|l| upload(&self.device, Columns::of_layer(l)?, l.spec.requant));
                Ok(Resident { layers: layers.collect::<Result<_, ComputeError>>()?, scratch: None })
            })
            .and_then(|resident| self.run(resident, input));
        self.models = models;
        result
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        shape.check(a, b)?;
        self.device.check_limit("elements in a sum", shape.k as u64, MAX_K)?;
        let layer = upload(&self.device, Columns::plain(shape.k, shape.n, b), None)?;
        let mut resident = Resident { layers: vec![layer], scratch: None };
        Ok(self.run(&mut resident, a)?.accumulators.swap_remove(0))
    }
}
