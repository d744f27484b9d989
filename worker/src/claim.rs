//! Looking for a job that is worth its claim, and claiming it.
use crate::answering::{Means, Shortage};
use crate::daemon::{Step, Worker};
use crate::error::WorkerError;
use crate::stake::{self, Stake};
use crate::work::{self, Prepared};
use client::{ClientError, Pubkey, jobs_ix};
use jobs::state::{Job, Status};
use std::time::{Duration, Instant};
use tracing::{debug, info, warn};

/// How long a job that was left is not looked at again.
const LEAVE_FOR: Duration = Duration::from_secs(30);

impl Worker {
    /// Claims the best job that can be done here.
    pub(crate) async fn claim_best(&mut self, operator: &Pubkey) -> Result<Step, WorkerError> {
        let mut posted = self.chain.jobs(Status::Posted).await?;
        self.left.retain(|address, _| posted.iter().any(|(posted, _)| posted == address));
        posted.sort_by_key(|(address, job)| (std::cmp::Reverse(job.price), *address));
        if posted.is_empty() {
            return Ok(Step::Idle);
        }
        posted.retain(|(address, _)| self.left.get(address).is_none_or(|left| left.elapsed() > LEAVE_FOR));
        if posted.is_empty() {
            return Ok(Step::Idle);
        }
        let now = self.chain.now().await?;
        let config = self.chain.jobs_config().await?;
        let means = Means {
            lamports: self.chain.lamports(&self.device()).await?,
            // A missed draw doubles them.
            cells: config.audit_cells.saturating_mul(2),
            answer_s: config.answer_s,
        };
        for (address, job) in posted {
            // Cheap reasons first; the model is fetched only for jobs that pass them.
            let refusal = self.policy.refuse(&job, now, 0.0).map(|r| r.to_string());
            let prepared = match refusal {
                Some(reason) => Err(reason),
                None => self.prepare(&address, &job, now, &means).await,
            };
            match prepared {
                Ok(prepared) => return self.claim(address, &job, operator, prepared).await,
                Err(reason) => self.leave(address, reason),
            }
        }
        Ok(Step::Idle)
    }

    /// Fetches and checks model and input, before anything is claimed.
    async fn prepare(&mut self, address: &Pubkey, job: &Job, now: i64, means: &Means) -> Result<Prepared, String> {
        let model = self.model(job).await.map_err(|e| e.to_string())?;
        if let Some(refusal) = self.policy.refuse_size(work::memory(&model, job.rows)) {
            return Err(refusal.to_string());
        }
        if let Some(shortage) = means.shortage(&model.specs(), job.rows) {
            if let Shortage::Funds { .. } = shortage {
                warn!(job = %address, device = %self.device(), %shortage, "not claimed");
            }
            return Err(shortage.to_string());
        }
        let expected_s = self.speed.expected_s(&model, job.rows);
        if let Some(refusal) = self.policy.refuse(job, now, expected_s) {
            return Err(refusal.to_string());
        }
        if self.rounds.collides(now, expected_s) {
            return Err("it would not be done before the next challenge round".into());
        }
        let input = work::fetch_input(&self.blobs, address, job, &model).await.map_err(|e| e.to_string())?;
        Ok(Prepared { model, input })
    }

    async fn claim(
        &mut self,
        address: Pubkey,
        job: &Job,
        operator: &Pubkey,
        prepared: Prepared,
    ) -> Result<Step, WorkerError> {
        // From the claim on the stake depends on it, and the store is not the worker's.
        self.kept.keep_given(&address, &prepared.model.to_bytes(), &prepared.input)?;
        self.prepared = Some((address, prepared));
        let price = self.chain.price_account().await?;
        let instruction = jobs_ix::claim_job(self.device(), *operator, price, address);
        match self.chain.send(&[instruction], &[&self.key]).await {
            Ok(confirmed) => {
                info!(job = %address, price = job.price, rows = job.rows, signature = %confirmed.signature, "claimed");
                Ok(Step::Claimed(address))
            }
            Err(error) if stake::not_now(&error) => {
                let needed = match self.chain.reservation(job.price).await {
                    Ok(Ok(needed)) => economy::amount::io(needed).to_string(),
                    _ => "unknown".into(),
                };
                warn!(
                    job = %address, %operator, %error, needed_io = needed,
                    "not claimed, it is left to others for now: a claim needs this much free stake of the operator's own"
                );
                self.leave_claim(address, error.to_string());
                // More stake may have warmed up since the last look.
                self.stake = Stake::default();
                Ok(Step::Refused(address))
            }
            // Claimed, cancelled or expired by somebody else between our look and our transaction.
            Err(error) if error.program_error().is_some() || matches!(error, ClientError::Transaction { .. }) => {
                info!(job = %address, %error, "somebody was first");
                self.leave_claim(address, error.to_string());
                Ok(Step::LostRace(address))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves a job whose claim was refused.
    fn leave_claim(&mut self, address: Pubkey, reason: String) {
        self.prepared = None;
        self.leave(address, reason);
    }

    fn leave(&mut self, address: Pubkey, reason: String) {
        debug!(job = %address, reason, "left to others");
        self.left.insert(address, Instant::now());
    }
}
