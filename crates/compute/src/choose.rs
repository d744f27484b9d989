//! Opens the backends there are, tests and measures each, and takes the fastest.
use crate::gpu::{self, Dot};
use crate::sample::Bytes;
use crate::{Backend, BackendKind, ComputeError, Cpu, Description, Failover, Gpu, GpuSelect, self_test};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Which backends may be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Preference {
    /// The fastest of the real GPUs and the CPU.
    #[default]
    Auto,
    Cpu,
    /// The fastest real GPU.
    Gpu,
    /// Adapters with this in their name, software ones included.
    NamedGpu(String),
    /// A software Vulkan driver: tests the GPU's kernels, slower than the CPU backend.
    SoftwareGpu,
}

impl FromStr for Preference {
    type Err = ComputeError;

    /// `auto`, `cpu`, `gpu`, `gpu:PART-OF-NAME` or `software`.
    fn from_str(text: &str) -> Result<Self, ComputeError> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("auto", "") => Ok(Preference::Auto),
            ("cpu", "") => Ok(Preference::Cpu),
            ("software", "") => Ok(Preference::SoftwareGpu),
            ("gpu", "") => Ok(Preference::Gpu),
            ("gpu", name) => Ok(Preference::NamedGpu(name.into())),
            _ => Err(ComputeError::Preference(text.into())),
        }
    }
}

/// One backend that was tried.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub description: Description,
    /// Billions of multiply-accumulates a second on the fixed workload, or why it is unusable.
    pub outcome: Result<f64, String>,
}

/// Which backend was chosen, and from what.
#[derive(Clone, Debug)]
pub struct ChoiceReport {
    pub chosen: Description,
    /// GMAC/s of the chosen one on the fixed workload.
    pub gmacs: f64,
    pub candidates: Vec<Candidate>,
    /// Why this one, in words.
    pub reason: String,
}

impl fmt::Display for ChoiceReport {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {:.1} GMAC/s, {}", self.chosen, self.gmacs, self.reason)?;
        for candidate in self.candidates.iter().filter(|candidate| candidate.description != self.chosen) {
            match &candidate.outcome {
                Ok(gmacs) => write!(f, "; {}: {gmacs:.1} GMAC/s", candidate.description)?,
                Err(reason) => write!(f, "; not used: {reason}")?,
            }
        }
        Ok(())
    }
}

/// Fixed workload: 256 rows through two layers of 1024 x 1024. Large enough to fill a GPU and to pay for the transfer,
/// small enough (0.54 GMAC) to repeat on any machine.
const ROWS: usize = 256;
const WIDTHS: [u32; 3] = [1024, 1024, 1024];
const RUNS: usize = 7;
const ENOUGH: Duration = Duration::from_secs(1);

/// Median speed of `backend` on the fixed workload in GMAC/s, after one run to warm up.
///
/// # Errors
/// Whatever the backend fails with.
pub fn measure(backend: &mut dyn Backend) -> Result<f64, ComputeError> {
    let mut random = Bytes(2);
    let model = random.model(&WIDTHS, false)?;
    let input = random.take(ROWS * WIDTHS[0] as usize);
    backend.execute(&model, &input)?;
    let start = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < RUNS && (seconds.len() < 3 || start.elapsed() < ENOUGH) {
        let run = Instant::now();
        backend.execute(&model, &input)?;
        seconds.push(run.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(ROWS as f64 * model.macs() as f64 / seconds[seconds.len() / 2] / 1e9)
}

/// Opens every backend that `preference` allows, drops those that fail the self-test, and returns the fastest. If it
/// is a GPU whose device fails later, another takes over: see [`Failover`].
///
/// # Errors
/// [`ComputeError::NoBackend`] if none is left, with the reason for each.
pub fn choose(preference: &Preference) -> Result<(Box<dyn Backend>, ChoiceReport), ComputeError> {
    let select = match preference {
        Preference::Cpu => None,
        Preference::Auto | Preference::Gpu => Some(GpuSelect::Auto),
        Preference::NamedGpu(part) => Some(GpuSelect::Name(part.clone())),
        Preference::SoftwareGpu => Some(GpuSelect::Software),
    };
    let mut tried: Vec<(Candidate, Option<Box<dyn Backend>>)> = Vec::new();
    if let Some(select) = &select {
        match gpu::adapters(select) {
            Ok(adapters) => tried.extend(adapters.iter().map(try_gpu)),
            Err(error) => tried.push(refused(Description::unknown_gpu(), &error)),
        }
    }
    if matches!(preference, Preference::Auto | Preference::Cpu) {
        let cpu = Cpu::new();
        let description = cpu.describe().clone();
        tried.push(try_backend(Box::new(cpu)).unwrap_or_else(|error| refused(description, &error)));
    }

    let (candidates, mut backends): (Vec<Candidate>, Vec<_>) = tried.into_iter().unzip();
    let speed = |i: &usize| candidates[*i].outcome.as_ref().map_or(0.0, |gmacs| *gmacs);
    let best = (0..candidates.len())
        .filter(|&i| backends[i].is_some())
        .max_by(|a, b| speed(a).total_cmp(&speed(b)))
        .and_then(|best| Some((best, backends[best].take()?)));
    let Some((best, backend)) = best else {
        let reasons: Vec<String> = candidates.into_iter().filter_map(|candidate| candidate.outcome.err()).collect();
        return Err(ComputeError::NoBackend { reasons: reasons.join("; ") });
    };
    let usable = candidates.iter().filter(|candidate| candidate.outcome.is_ok()).count();
    let reason = match usable {
        1 => "the only one to pass the self-test".into(),
        _ => format!("the fastest of {usable} that pass the self-test"),
    };
    let report = ChoiceReport { chosen: backend.describe().clone(), gmacs: speed(&best), candidates, reason };
    if report.chosen.kind == BackendKind::Cpu {
        return Ok((backend, report));
    }
    Ok((Box::new(Failover::new(backend, select)), report))
}

/// An adapter and its backend, or why it cannot be used.
pub type Opened = (Description, Result<Box<dyn Backend>, String>);

/// Every Vulkan adapter of this machine, software ones included: opened and past its self-test, or why not.
pub fn every_gpu() -> Vec<Opened> {
    let adapters = gpu::adapters(&GpuSelect::Name(String::new())).unwrap_or_default();
    let tried = adapters.iter().map(try_gpu);
    let opened = tried.map(|(candidate, backend)| {
        let reason = candidate.outcome.err().unwrap_or_default();
        (candidate.description, backend.ok_or(reason))
    });
    opened.collect()
}

impl Description {
    /// Stands for the adapters that were not found.
    fn unknown_gpu() -> Self {
        Description { kind: BackendKind::Gpu, name: "none".into(), driver: String::new() }
    }
}

type Tried = (Candidate, Option<Box<dyn Backend>>);

fn refused(description: Description, error: &ComputeError) -> Tried {
    (Candidate { description, outcome: Err(error.to_string()) }, None)
}

/// Opens an adapter, with the second product kernel if the first gives wrong numbers on it.
pub(crate) fn try_gpu(adapter: &wgpu::Adapter) -> Tried {
    let open = |dot| Gpu::open_adapter(adapter, dot, gpu::TIMEOUT).and_then(|gpu| try_backend(Box::new(gpu)));
    let tried = match open(Dot::Packed) {
        Err(ComputeError::SelfTest { case, reason, .. }) => {
            tracing::warn!(adapter = adapter.get_info().name, case, reason, "packed product is wrong, trying shifts");
            open(Dot::Unpacked)
        }
        other => other,
    };
    let description = || Description { name: adapter.get_info().name, ..Description::unknown_gpu() };
    tried.unwrap_or_else(|error| refused(description(), &error))
}

fn try_backend(backend: Box<dyn Backend>) -> Result<Tried, ComputeError> {
    let (backend, gmacs) = measured(backend)?;
    Ok((Candidate { description: backend.describe().clone(), outcome: Ok(gmacs) }, Some(backend)))
}

/// Tests a backend and measures it.
pub(crate) fn measured(mut backend: Box<dyn Backend>) -> Result<(Box<dyn Backend>, f64), ComputeError> {
    self_test(backend.as_mut())?;
    let gmacs = measure(backend.as_mut())?;
    Ok((backend, gmacs))
}
