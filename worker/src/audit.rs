//! A committed job's way to its pay: demands for its data are answered, its audit is drawn and answered, then its window passes.
use crate::answers;
use crate::daemon::{Step, Worker};
use crate::error::WorkerError;
use crate::kept::JobData;
use crate::work::{self, Prepared};
use blobs::BlobId;
use client::{ClientError, Pubkey, credits_ix, evidence, jobs_ix};
use jobs::state::{Audit, Job, Model as ModelAccount};
use judge::audit::Cell;
use model::ResultFile;
use std::sync::Arc;
use tracing::{error, info, warn};
use verify::Case;

/// Refusals that say that somebody else was first, or that the chain is not there yet.
const NOT_MINE: &[&str] = &["TooEarly", "AlreadyDrawn", "AlreadyAnswered", "NoOpenAudit", "AccountNotInitialized"];

fn is_not_mine(error: &ClientError) -> bool {
    error.program_error().is_some_and(|name| NOT_MINE.contains(&name))
}

impl Worker {
    /// Does the next thing for a committed job.
    pub(crate) async fn collect(&mut self, address: Pubkey, job: &Job) -> Result<Step, WorkerError> {
        if job.demands.any_open() {
            match self.answer_demands(address, job).await {
                Ok(Step::Waiting(_)) => {}
                // The audit must not wait for a demand that cannot be answered now.
                Err(error) => warn!(job = %address, %error, "demands are not answered yet"),
                Ok(step) => return Ok(step),
            }
        }
        let clock = self.chain.clock().await?;
        match job.audit {
            Audit::Pending { draw_slot, .. } if clock.slot > draw_slot => self.draw(address).await,
            Audit::Open { seed, answered, deadline } if clock.now <= deadline => {
                let missing = (0..job.audit_cells).find(|index| answered & (1 << index) == 0);
                match missing {
                    Some(index) => self.answer(address, job, &seed, index).await,
                    None => Ok(Step::Waiting(address)),
                }
            }
            Audit::Open { .. } => self.expire_own(address, job).await,
            Audit::NotDrawn | Audit::Passed if clock.now > job.window_end && !job.demands.any_open() => {
                let confirmed = self.chain.send(&[jobs_ix::settle_job(address, job)], &[&self.key]).await?;
                info!(job = %address, signature = %confirmed.signature, "settled after its window");
                Ok(Step::Settled(address))
            }
            _ => Ok(Step::Waiting(address)),
        }
    }

    /// Demands for the job's data. What is not answered now is tried again with the next look at the chain.
    async fn answer_demands(&mut self, address: Pubkey, job: &Job) -> Result<Step, WorkerError> {
        let open = self.chain.demands(&address).await?;
        let data = self.data(&address, job).await?;
        let activations = answers::activations(&data.result);
        match answers::answer_all(&self.chain, &self.key, (&address, job), &data.model, &activations, open).await? {
            0 => Ok(Step::Waiting(address)),
            _ => Ok(Step::Answered(address)),
        }
    }

    async fn draw(&mut self, address: Pubkey) -> Result<Step, WorkerError> {
        match self.chain.send(&[jobs_ix::draw_audit(self.device(), address)], &[&self.key]).await {
            Ok(confirmed) => {
                info!(job = %address, signature = %confirmed.signature, "drew the job's audit");
                Ok(Step::Drawn(address))
            }
            Err(error) if is_not_mine(&error) => Ok(Step::Waiting(address)),
            Err(error) => Err(error.into()),
        }
    }

    /// Answers one cell of the open audit.
    async fn answer(&mut self, address: Pubkey, job: &Job, seed: &[u8; 32], index: u8) -> Result<Step, WorkerError> {
        let hint = "a posted job's model is registered";
        let account: ModelAccount = self.chain.get("model", &client::address::model(&job.model_root), hint).await?;
        let layers: Option<Vec<_>> = account.layers.iter().map(|record| record.layer().ok()).collect();
        let cell = layers.and_then(|layers| judge::audit::cell(seed, index, &layers, job.rows));
        let cell = cell.ok_or_else(|| WorkerError::Cut("the registered model has no such cell".into()))?;
        let data = self.data(&address, job).await?;
        let evidence = prove(address, job.clone(), data, cell).await?;
        let answer = jobs_ix::open_cell(self.device(), address, job, index);
        let size = evidence.len();
        evidence::upload(&self.chain, &self.key, address, &evidence, &[]).await?;
        match self.chain.send(&evidence::judged(answer, size), &[&self.key]).await {
            Ok(confirmed) => {
                let Cell { layer, row, column } = cell;
                info!(job = %address, index, layer, row, column, size, signature = %confirmed.signature, "answered");
                Ok(Step::Answered(address))
            }
            Err(error) if is_not_mine(&error) => Ok(Step::Waiting(address)),
            Err(error) => Err(error.into()),
        }
    }

    /// The job's data: kept here, or, if the disk has lost it, from the blob store, or computed again.
    async fn data(&mut self, address: &Pubkey, job: &Job) -> Result<Arc<JobData>, WorkerError> {
        if let Some((known, data)) = &self.data
            && known == address
        {
            return Ok(data.clone());
        }
        let data = match self.kept.load(address, job) {
            Ok(data) => data,
            Err(lost) => {
                warn!(job = %address, error = %lost, "what was kept of the job is lost: looking in the blob store");
                self.recover(address, job).await?
            }
        };
        let data = Arc::new(data);
        self.data = Some((*address, data.clone()));
        Ok(data)
    }

    async fn recover(&mut self, address: &Pubkey, job: &Job) -> Result<JobData, WorkerError> {
        let Prepared { model, input } = self.given(address, job).await?;
        let limit = ResultFile::max_bytes(&model.specs(), job.rows);
        let stored = self.blobs.clone().with_limit(limit).get(BlobId(job.result_blob)).await;
        let bytes = match stored {
            Ok(bytes) => bytes,
            Err(lost) => {
                warn!(job = %address, error = %lost, "the result is lost, too: computing it again");
                let prepared = Prepared { model: model.clone(), input: input.clone() };
                work::execute(&self.backend, &self.blobs, address, job, &prepared).await?.result
            }
        };
        self.kept.keep_result(address, &bytes)?;
        let result = ResultFile::from_bytes(&bytes).map_err(WorkerError::Cut)?;
        Ok(JobData { model: (*model).clone(), input: input.to_vec(), result })
    }

    /// The deadline has passed: the stake is lost. The device is free again once somebody says so.
    async fn expire_own(&mut self, address: Pubkey, job: &Job) -> Result<Step, WorkerError> {
        error!(job = %address, left = job.unanswered(), "the audit was not answered in time: the job's stake is lost");
        let me = self.device();
        let instructions = [
            credits_ix::create_iosd_account(me, job.user),
            credits_ix::create_io_account(me, me),
            jobs_ix::expire_audit(me, address, job),
        ];
        match self.chain.send(&instructions, &[&self.key]).await {
            Ok(_) => Ok(Step::Unanswered(address)),
            Err(error) if is_not_mine(&error) => Ok(Step::Waiting(address)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Evidence that a cell is right, tried here first.
async fn prove(address: Pubkey, job: Job, data: Arc<JobData>, cell: Cell) -> Result<Vec<u8>, WorkerError> {
    let work = move || {
        let id = address.to_bytes();
        let case = Case {
            model: &data.model,
            job: &id,
            rows: job.rows,
            input: &data.input,
            input_root: &job.input_root,
            commitment: &job.commitment,
        };
        verify::answer(&case, &data.result.outputs, cell.layer, cell.row, cell.column)
    };
    let proven = tokio::task::spawn_blocking(work).await.map_err(|e| WorkerError::Cut(e.to_string()))?;
    Ok(proven?)
}
