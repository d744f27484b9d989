//! The CPU backend: exact int8 kernels chosen at run time, rows spread over threads.
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod blocked;
mod elementwise;
mod portable;
#[cfg(target_arch = "x86_64")]
mod vnni;

use crate::cache::ModelCache;
use crate::columns::Columns;
use crate::images::Left;
use crate::threads::share;
use crate::{Backend, BackendKind, ComputeError, Description, Execution, Gemm};
use judge::Requant;
use model::{Model, ModelLayer};
#[cfg(target_arch = "x86_64")]
use {avx2::Avx2, blocked::BLOCK_ROWS, vnni::Vnni};
#[cfg(not(target_arch = "x86_64"))]
const BLOCK_ROWS: usize = 192;

/// Work that pays for a thread: about 0.1 ms of the fastest kernel, several times what starting a thread takes.
const MACS_PER_THREAD: usize = 16 << 20;
/// All tiles divide it: blocks of whole tiles leave smaller ones to the last rows only.
const TILE_MULTIPLE: usize = 12;

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
    Vnni(blocked::Weights<Vnni>),
    #[cfg(target_arch = "x86_64")]
    Avx2(blocked::Weights<Avx2>),
    Portable(portable::Weights),
}

/// A right matrix, with biases if it is a layer's, packed for the kernel of the [`Cpu`] that made it.
pub struct Packed {
    k: usize,
    n: usize,
    weights: Weights,
}

impl Packed {
    /// A layer's weights; `None` if it has none.
    fn of_layer(kernel: Kernel, threads: usize, layer: &ModelLayer) -> Result<Option<Self>, ComputeError> {
        if !layer.spec.is_product() {
            return Ok(None);
        }
        Ok(Some(Packed::new(kernel, threads, Columns::of_layer(layer)?)))
    }

    /// # Panics
    /// If the processor lacks the kernel's instructions.
    fn new(kernel: Kernel, threads: usize, columns: Columns) -> Self {
        // Nothing is packed for instructions that are not there: `multiply` relies on it.
        assert!(kernel.is_available(), "{} on a processor without it", kernel.name());
        let weights = match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => Weights::Vnni(blocked::Weights::new(columns, threads)),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => Weights::Avx2(blocked::Weights::new(columns, threads)),
            _ => Weights::Portable(portable::Weights::new(columns)),
        };
        Packed { k: columns.k, n: columns.n, weights }
    }

    /// `c = bias + input x weights`, wrapping at 32 bits, for the whole rows in `input`.
    fn multiply(&self, input: &[u8], c: &mut [i32], scratch: &mut Scratch) {
        match &self.weights {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` has found the instructions.
            Weights::Vnni(weights) => unsafe { weights.multiply(input, c, &mut scratch.blocked) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` has found the instructions.
            Weights::Avx2(weights) => unsafe { weights.multiply(input, c, &mut scratch.blocked) },
            Weights::Portable(weights) => weights.multiply(input, c),
        }
    }

    /// The product with the left matrix, requantised into `out` if there is a rule. Blocks of rows are shared by
    /// `threads`.
    fn layer(&self, threads: usize, requant: Option<Requant>, left: Left, c: &mut [i32], out: &mut [u8]) {
        let rows = left.rows();
        let macs = rows.saturating_mul(self.k * self.n);
        let threads = threads.min(macs / MACS_PER_THREAD).max(1);
        // As many blocks for each thread, none larger than its cache holds.
        let blocks = rows.div_ceil(threads * BLOCK_ROWS).max(1) * threads;
        let block = rows.div_ceil(blocks).next_multiple_of(TILE_MULTIPLE);
        // Without a rule there is no i8 output: empty slices stand for it.
        let mut outputs = out.chunks_mut(block * self.n);
        let blocks = c.chunks_mut(block * self.n).map(move |c| (c, outputs.next().unwrap_or_default())).enumerate();
        share(threads, blocks, |scratch: &mut Scratch, (index, (c, out))| {
            let from = index * block;
            let mut gathered = std::mem::take(&mut scratch.gathered);
            self.multiply(left.block(from, from + c.len() / self.n, &mut gathered), c, scratch);
            scratch.gathered = gathered;
            if let Some(requant) = requant {
                requantise(&requant, c, out);
            }
        });
    }
}

/// What a thread keeps from block to block.
#[derive(Default)]
struct Scratch {
    gathered: Vec<u8>,
    #[cfg(target_arch = "x86_64")]
    blocked: blocked::Scratch,
}

/// Requantises each accumulator with the judge's own definition.
///
/// # Panics
/// If the rule is not one that layer tables allow; no model that was loaded has such a rule.
pub fn requantise(requant: &Requant, accumulators: &[i32], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
        // SAFETY: the processor has both, and AVX-512F, without which there is neither.
        return unsafe { requantise_avx512(requant, accumulators, out) };
    } else if Kernel::Avx2.is_available() {
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

/// The portable loop on 16 lanes, if the compiler so chooses.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn requantise_avx512(requant: &Requant, accumulators: &[i32], out: &mut [u8]) {
    requantise_portable(requant, accumulators, out);
}

/// The CPU backend.
pub struct Cpu {
    description: Description,
    kernel: Kernel,
    threads: usize,
    models: ModelCache<Vec<Option<Packed>>>,
}

impl Cpu {
    /// The fastest kernel on all processors.
    pub fn new() -> Self {
        Self::build(Kernel::available()[0], crate::threads::available())
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

    /// One layer on its own: its accumulators (with bias; none for a layer that is no product) and its output as committed
    /// to. `inputs` as [`model::sources`] gives them. Packs the weights anew each time.
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if an input is not whole rows, both as many, or the layer's weights are not its size.
    ///
    /// # Panics
    /// If the layer is outside what [`judge::check_layers`] allows; no [`Model`] has such a layer.
    pub fn layer(&self, layer: &ModelLayer, inputs: &[&[u8]; 2]) -> Result<(Vec<i32>, Vec<u8>), ComputeError> {
        let packed = Packed::of_layer(self.kernel, self.threads, layer)?;
        let (width, found) = (layer.spec.in_row_bytes() as usize, inputs[0].len());
        let expected = if found == 0 { width } else { found.next_multiple_of(width) };
        for input in inputs {
            if input.len() != expected {
                return Err(ComputeError::Shape { what: "layer input".into(), expected, found: input.len() });
            }
        }
        Ok(self.run_layer(packed.as_ref(), layer, inputs, found / width))
    }

    /// Packs `b` (`[n, k]`: the right matrix by columns), to be multiplied more than once.
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if it is empty or not `n * k` bytes.
    pub fn prepare(&self, k: usize, n: usize, b: &[u8]) -> Result<Packed, ComputeError> {
        let expected = n * k;
        if b.len() != expected || expected == 0 {
            return Err(ComputeError::Shape { what: "right matrix".into(), expected, found: b.len() });
        }
        Ok(Packed::new(self.kernel, self.threads, Columns::plain(k, n, b)))
    }

    /// [`Backend::gemm`] of `a` (`[m, k]`) into `c` (`[m, n]`).
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if `a` is not whole rows, or `c` not as many.
    pub fn multiply(&self, b: &Packed, a: &[u8], c: &mut [i32]) -> Result<(), ComputeError> {
        let rows = a.len() / b.k;
        for (what, found, expected) in [("left matrix", a.len(), rows * b.k), ("product", c.len(), rows * b.n)] {
            if found != expected {
                return Err(ComputeError::Shape { what: what.into(), expected, found });
            }
        }
        b.layer(self.threads, None, Left::Rows { bytes: a, k: b.k }, c, &mut []);
        Ok(())
    }

    fn run_layer(
        &self,
        packed: Option<&Packed>,
        layer: &ModelLayer,
        inputs: &[&[u8]; 2],
        rows: usize,
    ) -> (Vec<i32>, Vec<u8>) {
        let (Some(packed), Some(left)) = (packed, Left::of(&layer.spec, inputs[0])) else {
            let vector = self.kernel != Kernel::Portable && Kernel::Avx2.is_available();
            return (Vec::new(), elementwise::run(&layer.spec, &layer.columns, inputs, rows, self.threads, vector));
        };
        let (requant, cells) = (layer.spec.requant, rows * layer.spec.cells() as usize);
        let mut accumulators = vec![0; cells];
        let mut out = vec![0; if requant.is_some() { cells } else { 0 }];
        packed.layer(self.threads, requant, left, &mut accumulators, &mut out);
        if requant.is_none() {
            out = vec![0; 4 * cells];
            let bytes = out.as_chunks_mut::<4>().0;
            bytes.iter_mut().zip(&accumulators).for_each(|(bytes, sum)| *bytes = sum.to_le_bytes());
        }
        (accumulators, out)
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Cpu {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        let rows = model.check_input(input)? as usize;
        let (kernel, threads) = (self.kernel, self.threads);
        // Taken out for the time of the run, which borrows the rest of `self`.
        let mut models = std::mem::replace(&mut self.models, ModelCache::new());
        let run = models.get_or_prepare(model.root(), || {
            let layers = model.layers.iter();
            layers.map(|layer| Packed::of_layer(kernel, threads, layer)).collect::<Result<_, ComputeError>>()
        });
        let execution = run.map(|layers| {
            let mut execution = Execution { activations: vec![input.to_vec()], accumulators: Vec::new() };
            for (packed, layer) in layers.iter().zip(&model.layers) {
                let inputs = model::sources(&layer.spec, &execution.activations);
                let (accumulators, out) = self.run_layer(packed.as_ref(), layer, &inputs, rows);
                execution.accumulators.push(accumulators);
                execution.activations.push(out);
            }
            execution
        });
        self.models = models;
        execution
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        shape.check(a, b)?;
        let mut c = vec![0; shape.m * shape.n];
        self.multiply(&self.prepare(shape.k, shape.n, b)?, a, &mut c)?;
        Ok(c)
    }
}
