//! The CPU backend: exact int8 kernels chosen at run time, rows spread over threads.
#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(target_arch = "x86_64")]
mod vnni;

use crate::cache::ModelCache;
use crate::columns::Columns;
use crate::{Backend, BackendKind, ComputeError, Description, Execution, Gemm};
use judge::Requant;
use model::{Model, ModelLayer};
use std::num::NonZero;

/// Work that pays for a thread: about 0.1 ms of the fastest kernel, several times what starting a thread takes.
const MACS_PER_THREAD: usize = 16 << 20;
/// Rows that a thread handles at once, so that they and their accumulators stay in its cache. A multiple of all tiles.
const BLOCK_ROWS: usize = 96;

/// An instruction set for the product. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// AVX-512 VNNI, x86-64.
    Vnni,
    /// AVX2, x86-64.
    Avx2,
    /// Plain Rust.
    Portable,
}

impl Kernel {
    /// The kernels this processor can run, fastest first.
    pub fn available() -> Vec<Kernel> {
        [Kernel::Vnni, Kernel::Avx2, Kernel::Portable].into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Vnni | Kernel::Avx2 => false,
            Kernel::Portable => true,
        }
    }

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Vnni => "AVX-512 VNNI",
            Kernel::Avx2 => "AVX2",
            Kernel::Portable => "portable",
        }
    }
}

/// A weight matrix with its biases, laid out for one kernel.
enum Weights {
    #[cfg(target_arch = "x86_64")]
    Vnni(vnni::Weights),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Weights),
    Portable(portable::Weights),
}

struct Packed {
    k: usize,
    n: usize,
    weights: Weights,
}

impl Packed {
    fn new(kernel: Kernel, columns: Columns) -> Self {
        let weights = match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => Weights::Vnni(vnni::Weights::new(columns)),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => Weights::Avx2(avx2::Weights::new(columns)),
            _ => Weights::Portable(portable::Weights::new(columns)),
        };
        Packed { k: columns.k, n: columns.n, weights }
    }

    /// `c = bias + input x weights`, wrapping at 32 bits, for the whole rows in `input`.
    fn multiply(&self, input: &[u8], c: &mut [i32]) {
        match &self.weights {
            #[cfg(target_arch = "x86_64")]
            Weights::Vnni(weights) => weights.multiply(self.k, input, c),
            #[cfg(target_arch = "x86_64")]
            Weights::Avx2(weights) => weights.multiply(self.k, input, c),
            Weights::Portable(weights) => weights.multiply(input, c),
        }
    }

    /// As [`Packed::multiply`], and requantises into `out` if there is a rule. Spreads blocks of rows over `threads`.
    fn layer(&self, threads: usize, requant: Option<Requant>, input: &[u8], c: &mut [i32], out: &mut [u8]) {
        let rows = input.len() / self.k;
        let macs = rows.saturating_mul(self.k * self.n);
        let threads = threads.min(macs / MACS_PER_THREAD).max(1);
        let band = rows.div_ceil(threads).next_multiple_of(12);
        // Without a rule there is no i8 output: one byte stands for each band, so that the chunks stay aligned.
        let out_band = if requant.is_some() { band * self.n } else { 1 };
        let mut spare = vec![0u8; threads];
        let out = if requant.is_some() { out } else { &mut spare };
        let bands = input.chunks(band * self.k).zip(c.chunks_mut(band * self.n)).zip(out.chunks_mut(out_band));
        let run = |((input, c), out): ((&[u8], &mut [i32]), &mut [u8])| {
            let blocks = input.chunks(BLOCK_ROWS * self.k).zip(c.chunks_mut(BLOCK_ROWS * self.n));
            for (i, (input, c)) in blocks.enumerate() {
                self.multiply(input, c);
                if let Some(requant) = requant {
                    requantise(&requant, c, &mut out[i * BLOCK_ROWS * self.n..]);
                }
            }
        };
        if threads == 1 {
            return bands.for_each(run);
        }
        std::thread::scope(|scope| {
            for band in bands {
                scope.spawn(move || run(band));
            }
        });
    }
}

/// Requantises each accumulator with the judge's own definition.
fn requantise(requant: &Requant, accumulators: &[i32], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if Kernel::Avx2.is_available() {
        // SAFETY: the processor has AVX2.
        return unsafe { requantise_avx2(requant, accumulators, out) };
    }
    requantise_portable(requant, accumulators, out);
}

#[inline(always)]
fn requantise_portable(requant: &Requant, accumulators: &[i32], out: &mut [u8]) {
    let requant = *requant;
    // Every model that was loaded has such a rule. Saying so here lets the compiler drop the overflow checks, without
    // which the loop runs on several lanes.
    let valid = requant.shift1 <= 31 && (1..=30).contains(&requant.shift2) && requant.mul <= 32767;
    assert!(valid, "{requant:?} is not a rule that layer tables allow");
    for (byte, &acc) in out.iter_mut().zip(accumulators) {
        *byte = requant.apply(acc) as u8;
    }
}

/// The portable loop, compiled with 32-bit multiplication and clamping on eight lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn requantise_avx2(requant: &Requant, accumulators: &[i32], out: &mut [u8]) {
    requantise_portable(requant, accumulators, out);
}

/// The CPU backend.
pub struct Cpu {
    description: Description,
    kernel: Kernel,
    threads: usize,
    models: ModelCache<Vec<Packed>>,
}

impl Cpu {
    /// The fastest kernel on all processors.
    pub fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::build(Kernel::available()[0], threads)
    }

    /// A given kernel on at most `threads` threads (0 counts as 1).
    ///
    /// # Errors
    /// [`ComputeError::NoKernel`] if this processor cannot run it.
    pub fn with(kernel: Kernel, threads: usize) -> Result<Self, ComputeError> {
        if !kernel.is_available() {
            return Err(ComputeError::NoKernel { kernel: kernel.name() });
        }
        Ok(Self::build(kernel, threads.max(1)))
    }

    fn build(kernel: Kernel, threads: usize) -> Self {
        let plural = if threads == 1 { "" } else { "s" };
        let name = format!("{}, {threads} thread{plural}", kernel.name());
        let description = Description { kind: BackendKind::Cpu, name, driver: String::new() };
        Cpu { description, kernel, threads, models: ModelCache::new() }
    }

    /// One layer on its own: its accumulators (`rows * n`, with bias) and its output as committed to. Packs the weights
    /// anew each time.
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if `input` is not whole rows of `k` bytes, or the layer's weights are not its size.
    ///
    /// # Panics
    /// If the requantisation is outside what [`judge::check_layers`] allows; no [`Model`] has such a layer.
    pub fn layer(&self, layer: &ModelLayer, input: &[u8]) -> Result<(Vec<i32>, Vec<u8>), ComputeError> {
        let columns = Columns::of_layer(layer)?;
        if input.is_empty() || !input.len().is_multiple_of(columns.k) {
            let expected = columns.k * input.len().div_ceil(columns.k).max(1);
            return Err(ComputeError::Shape { what: "layer input".into(), expected, found: input.len() });
        }
        Ok(run_layer(&Packed::new(self.kernel, columns), self.threads, layer.spec.requant, input))
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

fn run_layer(packed: &Packed, threads: usize, requant: Option<Requant>, input: &[u8]) -> (Vec<i32>, Vec<u8>) {
    let cells = input.len() / packed.k * packed.n;
    let mut accumulators = vec![0; cells];
    let mut out = vec![0; if requant.is_some() { cells } else { 0 }];
    packed.layer(threads, requant, input, &mut accumulators, &mut out);
    if requant.is_none() {
        out = accumulators.iter().flat_map(|acc: &i32| acc.to_le_bytes()).collect();
    }
    (accumulators, out)
}

impl Backend for Cpu {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        model.check_input(input)?;
        let kernel = self.kernel;
        let layers = self.models.get_or_prepare(model.root(), || {
            let layers = model.layers.iter();
            layers.map(|layer| Ok(Packed::new(kernel, Columns::of_layer(layer)?))).collect::<Result<_, ComputeError>>()
        })?;
        let mut execution = Execution { activations: vec![input.to_vec()], accumulators: Vec::new() };
        for (i, (packed, layer)) in layers.iter().zip(&model.layers).enumerate() {
            let (accumulators, out) = run_layer(packed, self.threads, layer.spec.requant, &execution.activations[i]);
            execution.accumulators.push(accumulators);
            execution.activations.push(out);
        }
        Ok(execution)
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        shape.check(a, b)?;
        let packed = Packed::new(self.kernel, Columns::plain(shape.k, shape.n, b));
        let mut c = vec![0; shape.m * shape.n];
        packed.layer(self.threads, None, a, &mut c, &mut []);
        Ok(c)
    }
}
