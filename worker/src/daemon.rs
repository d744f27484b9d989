//! The worker's loop: one device, one live job at a time.
use crate::config::Config;
use crate::error::WorkerError;
use crate::kept::{JobData, Kept};
use crate::offer::Policy;
use crate::rounds::{Rounds, Seen};
use crate::speed::Speed;
use crate::stake::Stake;
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
use tracing::{info, warn};

/// Models kept in memory.
const MODELS: usize = 4;
/// How often jobs that have ended are looked for on disk.
const TIDY_EVERY: Duration = Duration::from_secs(10);
/// How long challenge rounds are left alone after they failed.
const ROUNDS_AGAIN: Duration = Duration::from_secs(1);
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
    pub(crate) policy: Policy,
    poll: Duration,
    pub(crate) backend: Arc<Mutex<Box<dyn Backend>>>,
    pub(crate) speed: Speed,
    /// The last few models by their files' hashes, newest last.
    models: VecDeque<([u8; 32], Arc<Model>)>,
    /// Jobs that were looked at and left, and when: fetching and hashing again must not be free for whoever posts them.
    pub(crate) left: HashMap<Pubkey, Instant>,
    pub(crate) stake: Stake,
    pub(crate) rounds: Rounds,
    /// When rounds are looked at again.
    rounds_from: Instant,
    /// What was fetched for the job that was claimed last: whoever posted it may take it out of the store.
    pub(crate) prepared: Option<(Pubkey, Prepared)>,
    tidied: Option<Instant>,
    reports: Option<mpsc::UnboundedSender<JobReport>>,
}

impl Worker {
    /// A worker that executes on `backend`, which must have passed its self-test. `gmacs`: its measured speed.
    ///
    /// # Errors
    /// If the key cannot be read, a setting is not valid, the blob store cannot be opened, or the backend fails.
    pub fn new(config: &Config, mut backend: Box<dyn Backend>, gmacs: f64) -> Result<Self, WorkerError> {
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
            speed: Speed::measure(&mut *backend, gmacs)?,
            backend: Arc::new(Mutex::new(backend)),
            models: VecDeque::new(),
            left: HashMap::new(),
            stake: Stake::default(),
            rounds: Rounds::default(),
            rounds_from: Instant::now(),
            prepared: None,
            tidied: None,
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
                Err(e) if is_lost(&e) => return Err(e),
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
        let live = match device.live_job {
            free if free == Pubkey::default() => None,
            // The job may be paid between the two reads.
            address => match self.chain.find::<Job>("job", &address).await? {
                Some(job) => Some((address, job)),
                None => return Ok(Step::Idle),
            },
        };
        // What a committed job owes has deadlines that cost the stake behind it: nothing comes before it, and it waits for
        // nothing.
        let duty = match &live {
            Some((address, job)) if job.status == Status::Committed => Some(self.collect(*address, job).await),
            _ => None,
        };
        if let Some(Ok(step)) = duty
            && !matches!(step, Step::Waiting(_))
        {
            return Ok(step);
        }
        if let Some(round) = self.take_part(&device, duty.is_some()).await? {
            return Ok(Step::Challenged(round));
        }
        match (duty, live) {
            (Some(step), _) => step,
            (None, Some((address, job))) if job.status == Status::Claimed => self.finish(address, &job).await,
            (None, Some(_)) => Ok(Step::Idle),
            (None, None) => {
                (self.data, self.prepared) = (None, None);
                self.tidy().await;
                self.stake.warm_up(&self.chain, &self.key, &device.operator).await?;
                self.claim_best(&device.operator).await
            }
        }
    }

    /// The next thing in the present challenge round, if there is one: its number. A round that fails keeps the worker from
    /// nothing; it is tried again in a moment.
    ///
    /// # Errors
    /// If the compute device is lost and nothing is owed (`owing`) that needs none.
    async fn take_part(&mut self, device: &Device, owing: bool) -> Result<Option<u64>, WorkerError> {
        if Instant::now() < self.rounds_from {
            return Ok(None);
        }
        match self.rounds.step(&self.chain, &self.key, &self.backend, device).await {
            Ok(Seen::Nothing) => Ok(None),
            Ok(Seen::Recorded(round) | Seen::Committed(round) | Seen::Answered(round) | Seen::Shared(round)) => {
                Ok(Some(round))
            }
            Err(error) if is_lost(&error) && !owing => Err(error),
            Err(error) => {
                warn!(%error, "no part in the challenge round for now");
                self.rounds_from = Instant::now() + ROUNDS_AGAIN;
                Ok(None)
            }
        }
    }

    /// Removes what is kept of jobs that have ended or are another device's. One that is only said not to be this device's live job
    /// may still be.
    async fn tidy(&mut self) {
        if self.tidied.is_some_and(|at| at.elapsed() < TIDY_EVERY) {
            return;
        }
        self.tidied = Some(Instant::now());
        for job in self.kept.old() {
            let others = |found: &Job| found.status != Status::Posted && found.device != self.device();
            match self.chain.find::<Job>("job", &job).await {
                Ok(found) if found.as_ref().is_none_or(others) => self.kept.forget(&job),
                _ => {}
            }
        }
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

    async fn finish(&mut self, address: Pubkey, job: &Job) -> Result<Step, WorkerError> {
        if self.chain.now().await? > job.commit_deadline {
            warn!(job = %address, "the commit deadline has passed: refunding its user");
            let has_io = self.chain.bytes(&address::io_account(&job.user)).await?.is_some();
            let expire = jobs_ix::expire_with_accounts(self.device(), address, job, has_io);
            self.chain.send(&expire, &[&self.key]).await?;
            return Ok(Step::Expired(address));
        }
        let prepared = self.given(&address, job).await?;
        if let Some(refusal) = self.policy.refuse_size(work::memory(&prepared.model, job.rows)) {
            warn!(job = %address, %refusal, "claimed before the limit was lowered: it will expire");
            return Ok(Step::Waiting(address));
        }
        let done = work::execute(&self.backend, &self.blobs, &address, job, &prepared).await?;
        if let Some(speed) = done.speed {
            // Claims from now on must fit the backend that has taken over.
            self.speed = Speed { stored: self.speed.stored, ..speed };
        }
        let start = Instant::now();
        // Before the commitment: from then on an audit may ask for it.
        self.kept.keep_result(&address, &done.result)?;
        self.speed.learn(done.result.len(), start.elapsed().as_secs_f64() + done.upload_s);
        self.commit(address, done).await
    }

    /// What a job was posted with: in memory, on disk, or at last in the store.
    pub(crate) async fn given(&mut self, address: &Pubkey, job: &Job) -> Result<Prepared, WorkerError> {
        if let Some((_, prepared)) = self.prepared.as_ref().filter(|(of, _)| of == address) {
            return Ok(prepared.clone());
        }
        let prepared = match self.kept.load_given(address, job) {
            Ok((model, input)) => Prepared { model: Arc::new(model), input: input.into() },
            Err(lost) => {
                warn!(job = %address, error = %lost, "what the job was posted with is lost here: fetching it again");
                let model = self.model(job).await?;
                let input = work::fetch_input(&self.blobs, address, job, &model).await?;
                self.kept.keep_given(address, &model.to_bytes(), &input)?;
                Prepared { model, input }
            }
        };
        self.prepared = Some((*address, prepared.clone()));
        Ok(prepared)
    }

    async fn commit(&mut self, address: Pubkey, done: Finished) -> Result<Step, WorkerError> {
        let instruction = jobs_ix::commit_result(self.device(), address, done.args);
        let confirmed = self.chain.send(&[instruction], &[&self.key]).await?;
        self.prepared = None;
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
}

/// Whether nothing can be computed here any more.
fn is_lost(error: &WorkerError) -> bool {
    matches!(error, WorkerError::Compute(ComputeError::Lost { .. } | ComputeError::Timeout { .. }))
}
