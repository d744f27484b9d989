//! The GPU backend: WGSL kernels through Vulkan. Activations stay on the device from layer to layer.
mod device;
mod kernels;
mod params;
mod plan;
#[cfg(test)]
mod tests;
mod words;

pub use device::GpuSelect;
pub(crate) use device::adapters;
pub use kernels::Dot;

use crate::cache::ModelCache;
use crate::columns::Columns;
use crate::{Backend, ComputeError, Description, Execution, Gemm};
use device::Device;
use model::{Model, ModelLayer};
use params::Size;
use plan::Scratch;
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
/// Longest sum, 16 times the widest model's. Mesa's software driver silently ends all loops of a shader after 65,535
/// iterations together; the tiled product takes 35 for every 64 elements.
const MAX_K: u64 = 1 << 16;
/// Most rows in a band: far fewer than a tiled product's workgroups in one dimension allow.
const BAND_ROWS: u64 = 1 << 20;
/// Most bytes of patches gathered at once for a convolution.
const GATHER_BYTES: u64 = 32 << 20;
/// The least that every adapter allows in each dimension.
const MAX_WORKGROUPS: u32 = 65_535;

/// A layer whose weights are on the device.
struct Layer {
    size: Size,
    weights: Weights,
}

enum Weights {
    Columns { weights: wgpu::Buffer, bias: wgpu::Buffer },
    Table(wgpu::Buffer),
    None,
}

/// A model on the device, with working memory for one band.
struct Resident {
    layers: Vec<Layer>,
    scratch: Option<Scratch>,
}

/// The GPU backend.
pub struct Gpu {
    device: Device,
    timeout: Duration,
    tiled: wgpu::ComputePipeline,
    narrow: wgpu::ComputePipeline,
    requant: wgpu::ComputePipeline,
    gather: wgpu::ComputePipeline,
    pool: wgpu::ComputePipeline,
    add: wgpu::ComputePipeline,
    lookup: wgpu::ComputePipeline,
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
            requant: pipeline(&device, "requantiser", &words::requant(), &layout(&device, 1)),
            gather: pipeline(&device, "patches", &words::gather(), &layout(&device, 1)),
            pool: pipeline(&device, "pool", &words::pool(), &layout(&device, 1)),
            add: pipeline(&device, "sum", &words::add(), &layout(&device, 2)),
            lookup: pipeline(&device, "lookup", &words::lookup(), &layout(&device, 2)),
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

fn upload(device: &Device, layer: &ModelLayer) -> Result<Layer, ComputeError> {
    let size = Size::of(layer.spec);
    if layer.spec.is_product() {
        return upload_columns(device, Columns::of_layer(layer)?, size);
    }
    let weights = if layer.columns.is_empty() {
        Weights::None
    } else {
        let table = buffer(device, "bytes of a table", layer.columns.len() / 4, Usage::STORAGE | Usage::COPY_DST)?;
        device.queue.write_buffer(&table, 0, &layer.columns);
        Weights::Table(table)
    };
    device.check()?;
    Ok(Layer { size, weights })
}

fn upload_columns(device: &Device, columns: Columns, size: Size) -> Result<Layer, ComputeError> {
    let Columns { k, n, .. } = columns;
    let usage = Usage::STORAGE | Usage::COPY_DST;
    let weights = buffer(device, "bytes of weights", n * k.div_ceil(4), usage)?;
    let bias = buffer(device, "bytes of biases", n, usage)?;
    device.queue.write_buffer(&weights, 0, &pad(columns.iter().map(|(column, _)| column), k));
    let biases: Vec<i32> = columns.iter().map(|(_, bias)| bias).collect();
    device.queue.write_buffer(&bias, 0, bytemuck::cast_slice(&biases));
    device.check()?;
    Ok(Layer { size, weights: Weights::Columns { weights, bias } })
}

impl Gpu {
    /// Runs a resident model over whole rows.
    fn run(&self, resident: &mut Resident, input: &[u8]) -> Result<Execution, ComputeError> {
        let Resident { layers, scratch } = resident;
        self.device.check()?;
        let k = layers[0].size.in_bytes();
        let rows = input.len() / k;
        let band = plan::band_rows(layers, self.device.max_binding, rows);
        // Working memory is put back only after success: a failed run may leave its buffers mapped.
        let space = match scratch.take() {
            Some(space) if space.rows >= band => space,
            _ => self.scratch(layers, band)?,
        };
        let mut execution = Execution {
            activations: vec![Vec::new(); layers.len() + 1],
            accumulators: layers.iter().map(|layer| Vec::with_capacity(rows * layer.size.sums())).collect(),
        };
        for part in input.chunks(band * k) {
            let rows = part.len() / k;
            self.device.queue.write_buffer(&space.input, 0, &pad(part.chunks_exact(k), k));
            let commands = self.encode(layers, &space, rows);
            self.device.run(commands, &space.staging, self.timeout, |bytes| {
                plan::collect(layers, rows, bytes, &mut execution);
            })?;
        }
        execution.activations[0] = input.to_vec();
        *scratch = Some(space);
        Ok(execution)
    }
}

impl Backend for Gpu {
    fn describe(&self) -> &Description {
        &self.device.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        model.check_input(input)?;
        // Taken out for the time of the run, which borrows the rest of `self`.
        let mut models = std::mem::replace(&mut self.models, ModelCache::new());
        let result = models
            .get_or_prepare(model.root(), || {
                let layers = model.layers.iter();
                let layers = layers.map(|layer| upload(&self.device, layer));
                Ok(Resident { layers: layers.collect::<Result<_, ComputeError>>()?, scratch: None })
            })
            .and_then(|resident| self.run(resident, input));
        self.models = models;
        result
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        shape.check(a, b)?;
        self.device.check_limit("elements in a sum", shape.k as u64, MAX_K)?;
        let columns = Columns::plain(shape.k, shape.n, b);
        let layer = upload_columns(&self.device, columns, Size::plain(shape.k, shape.n))?;
        let mut resident = Resident { layers: vec![layer], scratch: None };
        Ok(self.run(&mut resident, a)?.accumulators.swap_remove(0))
    }
}
