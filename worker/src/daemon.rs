//! The worker's loop: one device, one live job at a time.
use crate::config::Config;
use crate::error::WorkerError;
use crate::kept::{JobData, Kept};
use crate::offer::Policy;
use crate::rounds::{Rounds, Seen};
use crate::stake::{self, Stake};
use crate::work::{self, Finished, Prepared, hex};
use blobs::Blobs;
use client::{Chain, ClientError, Keypair, Pubkey, Signature, Signer, address, jobs_ix};
use compute::{Backend, ComputeError};
use jobs::state::{Device, Job, Status};
use model::Model;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tracing::{debug, info, warn};

/// How long a job that was left is not looked at again.
const LEAVE_FOR: Duration = Duration::from_secs(30);
/// Models kept in memory.
const MODELS: usize = 4;
/// What a look at the chain led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing to do.
    Idle,
    /// Claimed a job.
    Claimed(Pubkey),
    /// Another worker was first.
    LostRace(Pubkey),
    /// The claim was refused for the operator's stake, a pause, or the coin's price.
    Refused(Pubkey),
    /// Committed to a result.
    Committed(Pubkey),
    /// Waiting for a committed job's user or its window.
    Waiting(Pubkey),
    /// Drew a committed job's audit, or found that the draw was missed.
    Drawn(Pubkey),
    /// Answered a cell of its audit.
    Answered(Pubkey),
    /// An audit was not answered in time: the job's stake is lost and its user was refunded.
    Unanswered(Pubkey),
    /// Collected after the window.
    Settled(Pubkey),
    /// Gave up a job whose commit deadline had passed: its user was refunded.
    Expired(Pubkey),
    /// Took part in this challenge round.
    Challenged(u64),
}

/// How long the parts of a committed job took, seconds.
#[derive(Clone, Debug)]
pub struct JobReport {
    pub job: Pubkey,
    pub device: Pubkey,
    pub execute_s: f64,
    /// Hashing the outputs of all layers.
    pub commit_s: f64,
    pub upload_s: f64,
    pub commit_signature: Signature,
}

/// One worker.
pub struct Worker {
    pub(crate) chain: Chain,
    pub(crate) blobs: Blobs,
    pub(crate) kept: Kept,
    /// The data of the job that was answered for last.
    pub(crate) data: Option<(Pubkey, Arc<JobData>)>,
    pub(crate) key: Keypair,
    policy: Policy,
    poll: Duration,
    pub(crate) backend: Arc<Mutex<Box<dyn Backend>>>,
    /// Measured speed, multiply-accumulates a second.
    macs_per_s: f64,
    /// The last few models by their files' hashes, newest last.
    models: VecDeque<([u8; 32], Arc<Model>)>,
    /// Jobs that were looked at and left, and when: fetching and hashing again must not be free for whoever posts them.
    left: HashMap<Pubkey, Instant>,
    stake: Stake,
    rounds: Rounds,
    reports: Option<mpsc::UnboundedSender<JobReport>>,
}

impl Worker {
    /// A worker that executes on `backend`, which must have passed its self-test. `gmacs`: its measured speed.
    ///
    /// # Errors
    /// If the key cannot be read, a setting is not valid, or the blob store cannot be opened.
    pub fn new(config: &Config, backend: Box<dyn Backend>, gmacs: f64) -> Result<Self, WorkerError> {
        let invalid = |path: &std::path::Path, cause: String| WorkerError::Config { path: path.into(), cause };
        let key = client::read_keypair(&config.device_key).map_err(|e| invalid(&config.device_key, e.to_string()))?;
        let policy = Policy::from_config(config).map_err(|e| invalid(std::path::Path::new("worker"), e))?;
        Ok(Worker {
            chain: Chain::new(&config.rpc_url),
            blobs: Blobs::folder(&config.blobs)?,
            kept: Kept::new(&config.kept, &key.pubkey()),
            data: None,
            key,
            policy,
            poll: config.poll(),
            backend: Arc::new(Mutex::new(backend)),
            macs_per_s: gmacs * 1e9,
            models: VecDeque::new(),
            left: HashMap::new(),
            stake: Stake::default(),
            rounds: Rounds::default(),
            reports: None,
        })
    }

    /// Sends a report for every committed job.
    pub fn with_reports(mut self, reports: mpsc::UnboundedSender<JobReport>) -> Self {
        self.reports = Some(reports);
        self
    }

    /// The device that it serves.
    pub fn device(&self) -> Pubkey {
        self.key.pubkey()
    }

    /// Serves until `shutdown` turns true, then finishes the step it is in. A node that drops or a damaged job never ends
    /// it, nor does a lost compute device where another can take over.
    ///
    /// # Errors
    /// If the compute device is lost and nothing takes over, or the device was never registered.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) -> Result<(), WorkerError> {
        info!(device = %self.device(), url = %self.chain.url(), "serving");
        let mut pause = self.poll;
        while !*shutdown.borrow() {
            match self.step().await {
                Ok(Step::Idle | Step::Waiting(_) | Step::LostRace(_) | Step::Refused(_)) => pause = self.poll,
                Ok(_) => continue,
                Err(e @ WorkerError::Compute(ComputeError::Lost { .. } | ComputeError::Timeout { .. })) => {
                    return Err(e);
                }
                Err(e @ WorkerError::Chain(ClientError::Missing { .. })) => return Err(e),
                Err(error) => {
                    warn!(%error, "will try again");
                    pause = (pause * 2).min(Duration::from_secs(10));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = shutdown.changed() => if changed.is_err() { break },
            }
        }
        info!(device = %self.device(), "stopped");
        Ok(())
    }

    /// Looks at the chain once and does the next thing.
    ///
    /// # Errors
    /// If the node, the store or the device fails; the next step starts from the chain again.
    pub async fn step(&mut self) -> Result<Step, WorkerError> {
        let hint = "register it with `io device register`";
        let device: Device = self.chain.get("device", &address::device(&self.device()), hint).await?;
        match self.rounds.step(&self.chain, &self.key, &self.backend, &device).await? {
            Seen::Nothing => {}
            Seen::Committed(round) | Seen::Answered(round) | Seen::Shared(round) => return Ok(Step::Challenged(round)),
        }
        if device.live_job == Pubkey::default() {
            self.kept.forget_all_but(None);
            self.data = None;
            self.stake.warm_up(&self.chain, &self.key, &device.operator).await?;
            return self.claim_best(&device.operator).await;
        }
        let address = device.live_job;
        // The job may be paid between the two reads.
        let Some(job) = self.chain.find::<Job>("job", &address).await? else { return Ok(Step::Idle) };
        match job.status {
            Status::Claimed => self.finish(address, &job).await,
            Status::Committed => self.collect(address, &job).await,
            _ => Ok(Step::Idle),
        }
    }

    async fn claim_best(&mut self, operator: &Pubkey) -> Result<Step, WorkerError> {
        let mut posted = self.chain.jobs(Status::Posted).await?;
        self.left.retain(|address, _| posted.iter().any(|(posted, _)| posted == address));
        posted.sort_by_key(|(address, job)| (std::cmp::Reverse(job.price), *address));
        if posted.is_empty() {
            return Ok(Step::Idle);
        }
        let now = self.chain.now().await?;
        posted.retain(|(address, _)| self.left.get(address).is_none_or(|left| left.elapsed() > LEAVE_FOR));
        for (address, job) in posted {
            // Cheap reasons first; the model is fetched only for jobs that pass them.
            let refusal = self.policy.refuse(&job, now, 0.0).map(|r| r.to_string());
            let prepared = match refusal {
                Some(reason) => Err(reason),
                None => self.prepare(&address, &job, now).await,
            };
            match prepared {
                Ok(_) => return self.claim(address, &job, operator).await,
                Err(reason) => self.leave(address, reason),
            }
        }
        Ok(Step::Idle)
    }

    /// Fetches and checks model and input, before anything is claimed.
    async fn prepare(&mut self, address: &Pubkey, job: &Job, now: i64) -> Result<Prepared, String> {
        let model = self.model(job).await.map_err(|e| e.to_string())?;
        if let Some(refusal) = self.policy.refuse_size(work::memory(&model, job.rows)) {
            return Err(refusal.to_string());
        }
        let expected_s = model.macs() as f64 * f64::from(job.rows) / self.macs_per_s;
        if let Some(refusal) = self.policy.refuse(job, now, expected_s) {
            return Err(refusal.to_string());
        }
        if self.rounds.collides(now, expected_s) {
            return Err("it would not be done before the next challenge round".into());
        }
        let input = work::fetch_input(&self.blobs, address, job, &model).await.map_err(|e| e.to_string())?;
        Ok(Prepared { model, input })
    }

    /// The job's model. Files with one root may differ in name and input range, so the file counts, too.
    pub(crate) async fn model(&mut self, job: &Job) -> Result<Arc<Model>, WorkerError> {
        if let Some((_, model)) = self.models.iter().find(|(blob, _)| *blob == job.model_blob)
            && model.root() == job.model_root
        {
            return Ok(model.clone());
        }
        let model = Arc::new(work::fetch_model(&self.blobs, job.model_blob, &job.model_root).await?);
        if self.models.len() == MODELS {
            self.models.pop_front();
        }
        self.models.push_back((job.model_blob, model.clone()));
        Ok(model)
    }

    async fn claim(&mut self, address: Pubkey, job: &Job, operator: &Pubkey) -> Result<Step, WorkerError> {
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
                self.leave(address, error.to_string());
                // More stake may have warmed up since the last look.
                self.stake = Stake::default();
                Ok(Step::Refused(address))
            }
            // Claimed, cancelled or expired by somebody else between our look and our transaction.
            Err(error) if error.program_error().is_some() || matches!(error, ClientError::Transaction { .. }) => {
                info!(job = %address, %error, "somebody was first");
                self.leave(address, error.to_string());
                Ok(Step::LostRace(address))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn finish(&mut self, address: Pubkey, job: &Job) -> Result<Step, WorkerError> {
        if self.chain.now().await? > job.commit_deadline {
            warn!(job = %address, "the commit deadline has passed: refunding its user");
            let has_io = self.chain.bytes(&address::io_account(&job.user)).await?.is_some();
            let expire = jobs_ix::expire_with_accounts(self.device(), address, job, has_io);
            self.chain.send(&expire, &[&self.key]).await?;
            return Ok(Step::Expired(address));
        }
        let model = self.model(job).await?;
        if let Some(refusal) = self.policy.refuse_size(work::memory(&model, job.rows)) {
            warn!(job = %address, %refusal, "claimed before the limit was lowered: it will expire");
            return Ok(Step::Waiting(address));
        }
        let input = work::fetch_input(&self.blobs, &address, job, &model).await?;
        let prepared = Prepared { model, input };
        let done = work::execute(&self.backend, &self.blobs, &address, job, &prepared).await?;
        if let Some(gmacs) = done.gmacs {
            // Claims from now on must fit the backend that has taken over.
            self.macs_per_s = gmacs * 1e9;
        }
        // Before the commitment: from then on an audit may ask for it.
        self.kept.forget_all_but(None);
        self.kept.keep(&address, &prepared.model.to_bytes(), &prepared.input, &done.result)?;
        self.commit(address, done).await
    }

    async fn commit(&mut self, address: Pubkey, done: Finished) -> Result<Step, WorkerError> {
        let instruction = jobs_ix::commit_result(self.device(), address, done.args);
        let confirmed = self.chain.send(&[instruction], &[&self.key]).await?;
        info!(
            job = %address, commitment = %hex(&done.args.commitment), signature = %confirmed.signature,
            execute_s = done.execute_s, commit_s = done.commit_s, upload_s = done.upload_s, "committed"
        );
        if let Some(reports) = &self.reports {
            // Nobody may be listening any more; the job does not depend on it.
            let _ = reports.send(JobReport {
                job: address,
                device: self.device(),
                execute_s: done.execute_s,
                commit_s: done.commit_s,
                upload_s: done.upload_s,
                commit_signature: confirmed.signature,
            });
        }
        Ok(Step::Committed(address))
    }

    fn leave(&mut self, address: Pubkey, reason: String) {
        debug!(job = %address, reason, "left to others");
        self.left.insert(address, Instant::now());
    }
}
