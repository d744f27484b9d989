//! What a machine's devices can do, tested and measured in one go: for whoever has a GPU that nobody has tried yet.
use crate::gpu::{self, Dot, HashSpeed};
use crate::{Backend, BackendKind, ComputeError, Cpu, Description, Gemm, Gpu, GpuSelect, SelfTest};
use crate::{measure, sample::Bytes, self_test};
use judge::Hash;
use judge::challenge::macs;
use std::time::Instant;

/// A device, and its figures or what is wrong with it.
pub type Tried = (Description, Result<Checked, ComputeError>);

/// A device that has passed the self-test.
#[derive(Clone, Debug)]
pub struct Checked {
    pub description: Description,
    pub self_test: SelfTest,
    /// GMAC/s on the fixed workload that backends are chosen by.
    pub model_gmacs: f64,
    pub products: Vec<ProductSpeed>,
    pub challenge: ChallengeSpeed,
    /// Of GPUs alone.
    pub gpu: Option<GpuChecked>,
}

/// A GPU's own figures.
#[derive(Clone, Debug)]
pub struct GpuChecked {
    /// The kernels that did best.
    pub kernels: String,
    /// GMAC/s of products of four i8 with nothing else to do.
    pub dot_peak_gmacs: f64,
    /// Of a matrix of [`HashSpeed::BYTES`].
    pub hashing: HashSpeed,
}

/// A square product. On a GPU its operands are on the device; on the CPU it includes packing them.
#[derive(Clone, Copy, Debug)]
pub struct ProductSpeed {
    pub n: usize,
    pub gmacs: f64,
}

/// A device challenge from seed to root.
#[derive(Clone, Copy, Debug)]
pub struct ChallengeSpeed {
    pub rows: u32,
    pub seconds: f64,
    pub gmacs: f64,
}

/// Sides of the products, by how fast a device is.
const GPU_SIDES: [usize; 5] = [512, 1024, 2048, 4096, 8192];
const CPU_SIDES: [usize; 3] = [512, 1024, 2048];
const SOFTWARE_SIDES: [usize; 2] = [256, 512];
/// Rows of the challenge.
const GPU_ROWS: u32 = 1 << 16;
const CPU_ROWS: u32 = 2048;
const SOFTWARE_ROWS: u32 = 256;
const SEED: Hash = [0xd6; 32];

/// Tests and measures every adapter that `select` accepts.
///
/// # Errors
/// [`ComputeError::NoAdapter`] if there is none. What one of them fails with is its own result.
pub fn check_gpus(select: &GpuSelect) -> Result<Vec<Tried>, ComputeError> {
    let adapters = gpu::adapters(select)?;
    Ok(adapters.iter().map(|adapter| (gpu::describe(adapter), check_gpu(adapter))).collect())
}

fn check_gpu(adapter: &wgpu::Adapter) -> Result<Checked, ComputeError> {
    let mut gpu = Gpu::open_adapter(adapter, Dot::Packed, gpu::TIMEOUT)?;
    let (sides, rows): (&[usize], u32) = match gpu.describe().kind {
        BackendKind::Gpu => (&GPU_SIDES, GPU_ROWS),
        _ => (&SOFTWARE_SIDES, SOFTWARE_ROWS),
    };
    // First of all: figures of wrong results mean nothing.
    let self_test = self_test(&mut gpu)?;
    let products = sides.iter().map(|&n| Ok(ProductSpeed { n, gmacs: gpu.product_speed(n)? }));
    let products = products.collect::<Result<_, ComputeError>>()?;
    let own = GpuChecked { kernels: gpu.kernels(), dot_peak_gmacs: gpu.dot_peak()?, hashing: gpu.hash_speed()? };
    finish(&mut gpu, self_test, products, rows, Some(own))
}

/// Tests and measures the CPU.
///
/// # Errors
/// [`ComputeError::SelfTest`] if it computes wrong.
pub fn check_cpu() -> Result<Checked, ComputeError> {
    let mut cpu = Cpu::new();
    let self_test = self_test(&mut cpu)?;
    let mut products = Vec::new();
    for n in CPU_SIDES {
        let mut random = Bytes(n as u64);
        let (a, b) = (random.take(n * n), random.take(n * n));
        let mut best = f64::INFINITY;
        for _ in 0..4 {
            let start = Instant::now();
            cpu.gemm(Gemm { m: n, n, k: n }, &a, &b)?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        products.push(ProductSpeed { n, gmacs: (n * n * n) as f64 / best / 1e9 });
    }
    finish(&mut cpu, self_test, products, CPU_ROWS, None)
}

fn finish(
    backend: &mut dyn Backend,
    self_test: SelfTest,
    products: Vec<ProductSpeed>,
    rows: u32,
    gpu: Option<GpuChecked>,
) -> Result<Checked, ComputeError> {
    let start = Instant::now();
    backend.challenge(&SEED, rows)?;
    let seconds = start.elapsed().as_secs_f64();
    let challenge = ChallengeSpeed { rows, seconds, gmacs: macs(rows) as f64 / seconds / 1e9 };
    let description = backend.describe().clone();
    Ok(Checked { description, self_test, model_gmacs: measure(backend)?, products, challenge, gpu })
}
