//! Executes integer models, on the CPU or on a GPU, with the same bits everywhere.
//!
//! What a layer computes is defined by [`judge::Layer::cell`]: int8 products with 32-bit wrapping accumulators, integer
//! requantisation, pools, sums and lookups. All kernels are integer-only, so their order of additions cannot change a result. A
//! driver or a compiler still can: [`self_test`] compares a backend with the judge's definition and with a pinned digest
//! before [`choose`] lets it work.
mod cache;
pub mod challenge;
pub mod check;
mod choose;
mod columns;
pub mod cpu;
mod error;
mod failover;
pub mod gpu;
mod hashing;
mod images;
pub mod roots;
pub mod sample;
mod selftest;
pub mod threads;

pub use choose::{Candidate, ChoiceReport, Opened, Preference, choose, every_gpu, measure};
pub use cpu::{Cpu, Kernel, requantise};
pub use error::ComputeError;
pub use failover::Failover;
pub use gpu::{Gpu, GpuSelect};
pub use images::Left;
pub use selftest::{SELF_TEST_DIGEST, SelfTest, self_test};

use judge::Hash;
use model::Model;
use std::fmt;

/// Everything one forward pass gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// `layers + 1` row-major matrices as they are committed to: the input, then each layer's output.
    pub activations: Vec<Vec<u8>>,
    /// Per layer its accumulators, row-major, with bias and before requantisation; none for a layer that is no product.
    pub accumulators: Vec<Vec<i32>>,
}

/// What of a pass is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Per layer, whether its output is.
    pub outputs: Vec<bool>,
    /// Per layer, whether its accumulators are.
    pub accumulators: Vec<bool>,
}

impl Wanted {
    pub fn everything(model: &Model) -> Self {
        let all = vec![true; model.layers.len()];
        Wanted { outputs: all.clone(), accumulators: all }
    }
}

/// A pass and what it commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Empty where something was not wanted.
    pub execution: Execution,
    /// Root of each layer's output; [`judge::commitment_root`] of them is what a worker commits to.
    pub roots: Vec<Hash>,
}

/// What a backend runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    Cpu,
    /// A GPU, integrated, discrete or virtual.
    Gpu,
    /// A Vulkan driver that computes on the CPU: runs the GPU's kernels where there is no GPU.
    SoftwareGpu,
}

/// A backend in words, for logs and for the supplier's listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub kind: BackendKind,
    /// The adapter's name, or the CPU kernel and its threads.
    pub name: String,
    /// Driver and version; empty for the CPU.
    pub driver: String,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let kind = match self.kind {
            BackendKind::Cpu => "CPU",
            BackendKind::Gpu => "GPU",
            BackendKind::SoftwareGpu => "software GPU",
        };
        write!(f, "{kind} {}", self.name)?;
        if self.driver.is_empty() { Ok(()) } else { write!(f, " ({})", self.driver) }
    }
}

/// Sizes of a product `[m, k] x [k, n]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gemm {
    pub m: usize,
    pub n: usize,
    pub k: usize,
}

impl Gemm {
    /// Checks the operands' lengths against the shape. No size may be zero.
    fn check(&self, a: &[u8], b: &[u8]) -> Result<(), ComputeError> {
        for (what, rows, bytes) in [("left matrix", self.m, a), ("right matrix", self.n, b)] {
            let expected = rows * self.k;
            if bytes.len() != expected || expected == 0 {
                return Err(ComputeError::Shape { what: what.into(), expected, found: bytes.len() });
            }
        }
        Ok(())
    }
}

/// Something that executes models.
pub trait Backend: Send {
    fn describe(&self) -> &Description;

    /// GMAC/s on the fixed workload of [`measure`], if it has changed since the backend was chosen.
    fn gmacs_since(&self) -> Option<f64> {
        None
    }

    /// Runs `model` over a row-major batch of i8 given as bytes.
    ///
    /// Packed weights are kept for the last few models, recognised by [`Model::root`].
    ///
    /// # Errors
    /// If the batch does not fit the model, or the device fails. After [`ComputeError::Lost`] or
    /// [`ComputeError::Timeout`] the backend answers with errors only and must be replaced.
    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError>;

    /// Runs `model` as [`Backend::execute`] does, and hashes every layer's output as a commitment of `job`.
    ///
    /// # Errors
    /// As [`Backend::execute`].
    fn commit(&mut self, job: &Hash, model: &Model, input: &[u8], wanted: &Wanted) -> Result<Committed, ComputeError> {
        let execution = self.execute(model, input)?;
        Ok(hashing::commit(job, model, execution, wanted))
    }

    /// Computes the device challenge of `seed` with `rows` rows, see [`judge::challenge`].
    ///
    /// # Errors
    /// [`ComputeError::Shape`] if `rows` is no multiple of [`judge::challenge::ROW_STEP`] or zero, or as
    /// [`Backend::execute`].
    fn challenge(&mut self, seed: &Hash, rows: u32) -> Result<challenge::Answer, ComputeError> {
        challenge::with_products(self, seed, rows)
    }

    /// The plain product of `a` (`[m, k]`, row-major i8) and `b` (`[n, k]`: the right matrix by columns), wrapping at 32
    /// bits.
    ///
    /// # Errors
    /// As [`Backend::execute`].
    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError>;
}
