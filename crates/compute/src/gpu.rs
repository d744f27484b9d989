//! The GPU backend: WGSL kernels through Vulkan. Activations stay on the device from layer to layer.
mod bands;
mod bindings;
mod challenge;
mod device;
mod hash;
mod params;
mod peak;
mod plan;
mod product;
mod sha;
#[cfg(test)]
mod tests;
mod tune;
mod words;

pub use device::GpuSelect;
pub(crate) use device::{adapters, describe};
pub use product::Dot;
pub use tune::HashSpeed;

use crate::cache::ModelCache;
use crate::challenge::Answer;
use crate::columns::Columns;
use crate::{Backend, Committed, ComputeError, Description, Execution, Gemm, Wanted};
use bindings::{buffer, layout, pipeline};
use challenge::Drawers;
use device::Device;
use hash::Hashers;
use judge::Hash;
use model::{Model, ModelLayer};
use params::Size;
use plan::{Commitment, Order, Slot};
use product::Products;
use std::cell::OnceCell;
use std::time::Duration;
use wgpu::BufferUsages as Usage;

/// Time for one band, unless another is given. Software drivers need seconds; a GPU that takes this long hangs.
pub const TIMEOUT: Duration = Duration::from_secs(120);
/// Most bytes read back for one band of rows. A model holds as much again on the device, and as much in mapped memory.
const BAND_BYTES: u64 = 64 << 20;
/// Most multiply-accumulates in one band: about 15 s of lavapipe, well under [`TIMEOUT`].
const BAND_MACS: u64 = 16 << 30;
/// Longest sum, 16 times the widest model's. Mesa's software driver silently ends all loops of a shader after 65,535
/// iterations together; a tiled product takes at most 3 for every 32 elements.
const MAX_K: u64 = 1 << 16;
/// Most rows in a band: fewer than a product's workgroups in one dimension allow.
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

/// A model on the device, with working memory for the bands under way.
struct Resident {
    layers: Vec<Layer>,
    slots: Vec<Slot>,
}

/// The GPU backend.
pub struct Gpu {
    device: Device,
    timeout: Duration,
    products: Products,
    requant: wgpu::ComputePipeline,
    gather: wgpu::ComputePipeline,
    pool: wgpu::ComputePipeline,
    add: wgpu::ComputePipeline,
    lookup: wgpu::ComputePipeline,
    models: ModelCache<Resident>,
    hashers: OnceCell<Hashers>,
    drawers: OnceCell<Drawers>,
    place: OnceCell<HashPlace>,
}

/// Who hashes what is committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashPlace {
    Device,
    Host,
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
        let products = tune::products(&device, dot)?;
        Self::with_products(device, products, timeout)
    }

    fn with_products(device: Device, products: Products, timeout: Duration) -> Result<Self, ComputeError> {
        let gpu = Gpu {
            products,
            requant: pipeline(&device, "requantiser", &words::requant(), &layout(&device, 1)),
            gather: pipeline(&device, "patches", &words::gather(), &layout(&device, 1)),
            pool: pipeline(&device, "pool", &words::pool(), &layout(&device, 1)),
            add: pipeline(&device, "sum", &words::add(), &layout(&device, 2)),
            lookup: pipeline(&device, "lookup", &words::lookup(), &layout(&device, 2)),
            device,
            timeout,
            models: ModelCache::new(),
            hashers: OnceCell::new(),
            drawers: OnceCell::new(),
            place: OnceCell::new(),
        };
        gpu.device.check()?;
        Ok(gpu)
    }

    fn hashers(&self) -> &Hashers {
        self.hashers.get_or_init(|| Hashers::new(&self.device))
    }
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
    let stride = params::row_words(k);
    product::check_columns(device, n)?;
    let weights = buffer(device, "bytes of weights", n * stride, usage)?;
    let bias = buffer(device, "bytes of biases", n, usage)?;
    let mut padded = vec![0; 4 * n * stride];
    for (to, (column, _)) in padded.chunks_exact_mut(4 * stride).zip(columns.iter()) {
        to[..k].copy_from_slice(column);
    }
    device.queue.write_buffer(&weights, 0, &padded);
    let biases: Vec<i32> = columns.iter().map(|(_, bias)| bias).collect();
    device.queue.write_buffer(&bias, 0, bytemuck::cast_slice(&biases));
    device.check()?;
    Ok(Layer { size, weights: Weights::Columns { weights, bias } })
}

impl Backend for Gpu {
    fn describe(&self) -> &Description {
        &self.device.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        let wanted = Wanted::everything(model);
        Ok(self.pass(model, input, &Order { wanted: &wanted, hashing: None })?.0)
    }

    fn commit(&mut self, job: &Hash, model: &Model, input: &[u8], wanted: &Wanted) -> Result<Committed, ComputeError> {
        let place = self.hash_place()?;
        self.commit_at(place, job, model, input, wanted)
    }

    fn challenge(&mut self, seed: &Hash, rows: u32) -> Result<Answer, ComputeError> {
        self.answer(seed, rows)
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        shape.check(a, b)?;
        let Gemm { m, n, k } = shape;
        self.device.check_limit("elements in a sum", k as u64, MAX_K)?;
        let column = 4 * params::row_words(k) as u64;
        self.device.check_limit("bytes of a column", column, self.device.max_binding)?;
        // Weights larger than a binding are worked in bands of columns, one resident at a time.
        let most = (self.device.max_binding / column).min(MAX_COLUMNS) as usize;
        let wanted = Wanted { outputs: vec![false], accumulators: vec![true] };
        let order = Order { wanted: &wanted, hashing: None };
        let mut product = Vec::new();
        for (i, part) in b.chunks(most * k).enumerate() {
            let (first, width) = (i * most, part.len() / k);
            let layer = upload_columns(&self.device, Columns::plain(k, width, part), Size::plain(k, width))?;
            let mut resident = Resident { layers: vec![layer], slots: Vec::new() };
            let sums = self.run(&mut resident, a, &order)?.0.accumulators.swap_remove(0);
            if width == n {
                return Ok(sums);
            }
            product.resize(m * n, 0);
            for (row, sums) in product.chunks_exact_mut(n).zip(sums.chunks_exact(width)) {
                row[first..first + width].copy_from_slice(sums);
            }
        }
        Ok(product)
    }
}

/// Most columns of a plain product at a time.
const MAX_COLUMNS: u64 = 1 << 16;

impl Gpu {
    /// As [`Backend::commit`], hashed where `place` says.
    ///
    /// # Errors
    /// As [`Backend::execute`].
    pub fn commit_at(
        &mut self,
        place: HashPlace,
        job: &Hash,
        model: &Model,
        input: &[u8],
        wanted: &Wanted,
    ) -> Result<Committed, ComputeError> {
        let rows = model.check_input(input)?;
        let order = Order { wanted, hashing: Some(Commitment { job, rows, place }) };
        let (execution, roots) = self.pass(model, input, &order)?;
        Ok(Committed { execution, roots })
    }

    fn pass(&mut self, model: &Model, input: &[u8], order: &Order) -> Result<(Execution, Vec<Hash>), ComputeError> {
        model.check_input(input)?;
        // Taken out for the time of the run, which borrows the rest of `self`.
        let mut models = std::mem::replace(&mut self.models, ModelCache::new());
        let result = models
            .get_or_prepare(model.root(), || {
                let layers = model.layers.iter();
                let layers = layers.map(|layer| upload(&self.device, layer));
                Ok(Resident { layers: layers.collect::<Result<_, ComputeError>>()?, slots: Vec::new() })
            })
            .and_then(|resident| self.run(resident, input, order));
        // Weights are kept for several models, working memory only for the last.
        models.others().for_each(|resident| resident.slots.clear());
        self.models = models;
        result
    }
}
