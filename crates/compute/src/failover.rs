//! A backend that outlives its device: when a GPU hangs, is lost or fails, another takes over and repeats the work.
use crate::challenge::Answer;
use crate::choose::{measured, try_gpu};
use crate::{Backend, BackendKind, Committed, ComputeError, Cpu, Description, Execution, Gemm, GpuSelect, Wanted, gpu};
use judge::Hash;
use model::Model;

/// Works on one backend until its device fails, then on the next that passes the self-test: another adapter, or in the end
/// the CPU, even where a GPU was asked for, because a claimed job that is not delivered costs stake. An adapter that has
/// failed is not tried again by this process.
pub struct Failover {
    backend: Box<dyn Backend>,
    /// Adapters that may take over.
    select: Option<GpuSelect>,
    failed: Vec<Description>,
    /// Of the backend that took over last.
    gmacs: Option<f64>,
}

impl Failover {
    /// Starts on `backend`, which has passed its self-test. `select`: the adapters that may take over before the CPU does.
    pub fn new(backend: Box<dyn Backend>, select: Option<GpuSelect>) -> Self {
        Failover { backend, select, failed: Vec::new(), gmacs: None }
    }

    fn run<T>(&mut self, work: impl Fn(&mut dyn Backend) -> Result<T, ComputeError>) -> Result<T, ComputeError> {
        loop {
            match work(self.backend.as_mut()) {
                Err(error) if error.is_of_device() && self.describe().kind != BackendKind::Cpu => {
                    self.replace(&error)?;
                }
                result => return result,
            }
        }
    }

    /// Puts the next backend in the place of the one that has failed.
    fn replace(&mut self, error: &ComputeError) -> Result<(), ComputeError> {
        let failed = self.describe().clone();
        self.failed.push(failed.clone());
        let (backend, gmacs) = self.next()?;
        tracing::warn!(%failed, %error, now = %backend.describe(), gmacs, "device failed, work is repeated on another");
        (self.backend, self.gmacs) = (backend, Some(gmacs));
        Ok(())
    }

    fn next(&self) -> Result<(Box<dyn Backend>, f64), ComputeError> {
        let adapters = self.select.as_ref().and_then(|select| gpu::adapters(select).ok()).unwrap_or_default();
        for adapter in adapters {
            if self.failed.contains(&gpu::describe(&adapter)) {
                continue;
            }
            let (candidate, backend) = try_gpu(&adapter);
            match (candidate.outcome, backend) {
                (Ok(gmacs), Some(backend)) => return Ok((backend, gmacs)),
                (outcome, _) => tracing::warn!(adapter = %candidate.description, ?outcome, "cannot take over"),
            }
        }
        measured(Box::new(Cpu::new()))
    }
}

impl Backend for Failover {
    fn describe(&self) -> &Description {
        self.backend.describe()
    }

    fn gmacs_since(&self) -> Option<f64> {
        self.gmacs
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        self.run(|backend| backend.execute(model, input))
    }

    fn commit(&mut self, job: &Hash, model: &Model, input: &[u8], wanted: &Wanted) -> Result<Committed, ComputeError> {
        self.run(|backend| backend.commit(job, model, input, wanted))
    }

    fn challenge(&mut self, seed: &Hash, rows: u32) -> Result<Answer, ComputeError> {
        self.run(|backend| backend.challenge(seed, rows))
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        self.run(|backend| backend.gemm(shape, a, b))
    }
}
