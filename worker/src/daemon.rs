//! The worker's loop: one device, one live job at a time.
use crate::answering::{Means, Shortage};
use crate::config::Config;
use crate::error::WorkerError;
use crate::kept::{JobData, Kept};
use crate::offer::Policy;
use crate::rounds::{Rounds, Seen};
use crate::speed::Speed;
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
    policy: Policy,
    poll: Duration,
    pub(crate) backend: Arc<Mutex<Box<dyn Backend>>>,
    speed: Speed,
    /// The last few models by their files' hashes, newest last.
    models: VecDeque<([u8; 32], Arc<Model>)>,
    /// Jobs that were looked at and left, and when: fetching and hashing again must not be free for whoever posts them.
    left: HashMap<Pubkey, Instant>,
    stake: Stake,
    rounds: Rounds,
    /// When rounds are looked at again.
    rounds_from: Instant,
    /// What was fetched for the job that was claimed last: whoever posted it may take it out of the store.
    prepared: Option<(Pubkey, Prepared)>,
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

    /// Removes what is kept of jobs that have ended. One that is only said not to be this device's live job may still be.
    async fn tidy(&mut self) {
        if self.tidied.is_some_and(|at| at.elapsed() < TIDY_EVERY) {
            return;
        }
        self.tidied = Some(Instant::now());
        for job in self.kept.old() {
            if let Ok(None) = self.chain.bytes(&job).await {
                self.kept.forget(&job);
            }
        }
    }

    async fn claim_best(&mut self, operator: &Pubkey) -> Result<Step, WorkerError> {
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
            cells: config.audit_cells,
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

    /// Leaves a job whose claim was refused.
    fn leave_claim(&mut self, address: Pubkey, reason: String) {
        self.prepared = None;
        self.kept.forget(&address);
        self.leave(address, reason);
    }

    fn leave(&mut self, address: Pubkey, reason: String) {
        debug!(job = %address, reason, "left to others");
        self.left.insert(address, Instant::now());
    }
}

/// Whether nothing can be computed here any more.
fn is_lost(error: &WorkerError) -> bool {
    matches!(error, WorkerError::Compute(ComputeError::Lost { .. } | ComputeError::Timeout { .. }))
}
