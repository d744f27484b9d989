//! The story, step by step. The end-to-end tests tell the same one.
use crate::cheat::Cheat;
use crate::digits::{Digits, OnnxRuntime};
use crate::outcome::{Fault, Outcome};
use crate::stages::Stages;
use crate::supply;
use anyhow::{Context, Result, bail, ensure};
use blobs::Blobs;
use client::{Chain, Confirmed, Keypair, Pubkey, Signer, address, jobs_ix, write_keypair};
use compute::{Backend, Preference};
use credits::BuyOrder;
use economy::amount::{io, iosd};
use jobs::state::{Job, Status};
use localnet::LocalNet;
use serde_json::{Map, Value};
use staking::PoolKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use user::{Terms, UserError};
use worker::{JobReport, Worker, WorkerError};

/// One whole IO, base units.
const IO: u64 = 100_000_000;
/// One whole IOSD, base units.
const IOSD: u64 = 1_000_000;
const PRICE: u64 = IOSD / 2;
/// The user's IO before buying.
const USER_IO: u64 = 100 * IO;
/// Each supplier's stake: several times what its device and its job need.
const STAKE: u64 = 50 * IO;
/// How long anything may take before the story gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a story needs beside its network.
pub struct Options {
    /// `models/digits`.
    pub digits: PathBuf,
    /// Report and logits of ONNX Runtime, from a run of `evaluate.py`.
    pub onnxruntime: PathBuf,
    /// What the honest worker may execute on.
    pub backend: Preference,
}

/// A network with a user and what has happened so far.
pub struct Story<'a> {
    pub net: &'a LocalNet,
    pub chain: Chain,
    pub blobs: Blobs,
    pub user: Keypair,
    digits: Digits,
    signatures: Map<String, Value>,
    stages: Stages,
}

/// A supplier with one device and a running worker.
pub struct Supplier {
    pub owner: Keypair,
    pub device: Pubkey,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), WorkerError>>,
    pub reports: mpsc::UnboundedReceiver<JobReport>,
}

impl Supplier {
    /// Stops its worker gracefully.
    ///
    /// # Errors
    /// If the worker had failed.
    pub async fn stop(self) -> Result<()> {
        // A worker that has ended holds no receiver.
        let _ = self.stop.send(true);
        Ok(self.task.await??)
    }
}

impl<'a> Story<'a> {
    /// Imports and registers the digits model and gives a user credits.
    ///
    /// # Errors
    /// If any step is refused.
    pub async fn begin(net: &'a LocalNet, digits: &std::path::Path, progress: &dyn Fn(&str)) -> Result<Self> {
        let mut story = Story::open(net, digits, progress).await?;
        story.buy(progress).await?;
        Ok(story)
    }

    /// Imports and registers the digits model for a user with IO.
    ///
    /// # Errors
    /// If any step is refused.
    pub async fn open(net: &'a LocalNet, digits: &std::path::Path, progress: &dyn Fn(&str)) -> Result<Self> {
        let mut stages = Stages::start();
        let (chain, blobs, user) = (net.chain(), Blobs::folder(&net.blobs())?, Keypair::new());
        let mut signatures = Map::new();
        progress("importing the digits model and registering it");
        let digits = Digits::load(digits)?;
        net.fund(&user.pubkey(), USER_IO).await?;
        let registered = user::register_model(&chain, &blobs, &user, &digits.model).await?;
        if let Some(confirmed) = registered {
            signatures.insert("register_model".into(), confirmed.signature.to_string().into());
        }
        stages.lap("register_model");
        Ok(Story { net, chain, blobs, user, digits, signatures, stages })
    }

    /// Buys the user's credits.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn buy(&mut self, progress: &dyn Fn(&str)) -> Result<Confirmed> {
        progress("buying 5 IOSD with IO");
        let order = BuyOrder::ExactOut { iosd: 5 * IOSD, max_io: USER_IO };
        let bought = user::buy_credits(&self.chain, &self.user, order).await?;
        self.note("buy_credits", bought.signature);
        self.stages.lap("buy_credits");
        Ok(bought)
    }

    /// Registers a device of `owner`, whose stake is waited for, and starts its worker on `backend`.
    ///
    /// # Errors
    /// If any step is refused.
    pub async fn supplier(
        &self,
        owner: Keypair,
        name: &str,
        backend: Box<dyn Backend>,
        gmacs: f64,
    ) -> Result<Supplier> {
        let device = Keypair::new();
        self.net.fund(&device.pubkey(), 0).await?;
        supply::warm_up(&self.chain, &owner.pubkey(), &owner).await?;
        let register = jobs_ix::register_device(owner.pubkey(), device.pubkey(), name.into(), 0);
        self.chain.send(&[register], &[&owner, &device]).await.context("cannot register the device")?;
        let key_file = self.net.folder().join(format!("{}.json", device.pubkey()));
        write_keypair(&key_file, &device)?;
        let config = worker::Config {
            rpc_url: self.net.rpc_url.clone(),
            device_key: key_file,
            blobs: self.net.blobs(),
            kept: self.net.folder().join("kept"),
            backend: "auto".into(),
            min_price: "0.1".into(),
            models: Vec::new(),
            max_memory_mb: 1024,
            margin_s: 5,
            poll_ms: 200,
        };
        let (sender, reports) = mpsc::unbounded_channel();
        let worker = Worker::new(&config, backend, gmacs)?.with_reports(sender);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(worker.run(stopped));
        Ok(Supplier { owner, device: device.pubkey(), stop, task, reports })
    }

    /// Posts the whole test set as one job.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn post(&self) -> Result<user::Posted, UserError> {
        self.post_with(None).await
    }

    /// Posts the whole test set as one job; with `pay_io` the credits are bought in the same transaction.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn post_with(&self, pay_io: Option<u64>) -> Result<user::Posted, UserError> {
        let terms = Terms { price: PRICE, claim_s: 600, execute_s: 120, pay_io };
        user::post_job(&self.chain, &self.blobs, &self.user, &self.digits.model, self.digits.pixels.clone(), terms)
            .await
    }

    /// Waits until a job has a committed result.
    ///
    /// # Errors
    /// If it ends another way or takes too long.
    pub async fn committed(&self, job: &Pubkey) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.chain.find::<Job>("job", job).await? {
                Some(job) if job.status == Status::Committed => return Ok(()),
                Some(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                None => bail!("job {job} ended without a result"),
            }
        }
        bail!("job {job} had no result after {} s", PATIENCE.as_secs())
    }

    /// What the Explorer API says of a job, once it says `status`.
    ///
    /// # Errors
    /// If it does not within a while.
    pub async fn indexed(&self, job: &Pubkey, status: &str) -> Result<Value> {
        let url = format!("{}/v1/jobs/{job}", self.net.api_url);
        let start = Instant::now();
        let mut last = String::new();
        while start.elapsed() < PATIENCE {
            let response = reqwest::get(&url).await?;
            last = response.text().await?;
            if let Ok(value) = serde_json::from_str::<Value>(&last)
                && value["status"] == status
            {
                return Ok(value);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("{url} did not say {status:?} within {} s, but: {last}", PATIENCE.as_secs())
    }

    /// What `supplier` is owed, IOSD base units.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn owed(&self, supplier: &Pubkey) -> Result<u64> {
        let hint = "suppliers open their ledger when they register";
        let account: credits::state::Earnings = self.chain.get("earnings", &address::earnings(supplier), hint).await?;
        Ok(account.owed)
    }

    /// The user's credits, IOSD base units.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn credits(&self) -> Result<u64> {
        Ok(self.chain.tokens(&address::iosd_account(&self.user.pubkey())).await?)
    }

    /// The user's IO, base units.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn coins(&self) -> Result<u64> {
        Ok(self.chain.tokens(&address::io_account(&self.user.pubkey())).await?)
    }

    /// All stake in a supplier's pool, IO base units.
    async fn stake_of(&self, supplier: &Supplier) -> Result<u64> {
        let pool = self.chain.pool(&supplier.owner.pubkey(), PoolKind::Operator).await?;
        let pool = pool.context("suppliers open their pool when they register")?;
        Ok(pool.active + pool.reserved + pool.warming + pool.cooling)
    }

    /// Tells the whole story on a fresh network.
    ///
    /// # Errors
    /// If any step is refused, or anything is not as it must be.
    pub async fn tell(net: &'a LocalNet, options: &Options, progress: &dyn Fn(&str)) -> Result<Outcome> {
        let onnx = OnnxRuntime::load(&options.onnxruntime)?;
        progress("registering two suppliers; their stake warms up for a full epoch");
        let mut owners = supply::stake(net, 2, STAKE).await?;
        let (Some(cheat), Some(honest)) = (owners.pop(), owners.pop()) else { bail!("two suppliers were registered") };
        let mut story = Story::begin(net, &options.digits, progress).await?;

        progress("testing and measuring what there is to execute on");
        let preference = options.backend.clone();
        let (backend, choice) = tokio::task::spawn_blocking(move || compute::choose(&preference)).await??;
        let (gmacs, adapter) = (choice.gmacs, choice.chosen.to_string());
        story.stages.lap("self_test");
        progress(&format!("registering a device; its worker executes on {adapter}: {}", choice.reason));
        let mut supplier = story.supplier(honest, "honest", backend, gmacs).await?;
        story.stages.lap("register_device");

        progress(&format!("posting {} digits as a job for {} IOSD", story.digits.labels.len(), iosd(PRICE)));
        let posted = story.post().await?;
        story.note("post_job", posted.confirmed.signature);
        story.stages.lap("post");
        progress("waiting for a worker to claim it, execute it and commit to the result");
        story.committed(&posted.job).await?;
        story.stages.lap("claim_and_commit");
        let report = supplier.reports.recv().await.context("the worker did not report")?;
        story.note("commit_result", report.commit_signature);
        progress("checking every cell of the result, then accepting it");
        let review = user::review(&story.chain, &story.blobs, &posted.job).await?;
        let (commitment, ours) =
            (worker::work::hex(&review.served.job.commitment), review.served.result.output().to_vec());
        let (accepted, check) = user::accept(&story.chain, &story.user, review).await?;
        story.note("accept_result", accepted.signature);
        story.stages.lap("verify_and_accept");
        let supplier_share = story.owed(&supplier.owner.pubkey()).await?;
        let paid = story.indexed(&posted.job, "paid").await?;
        story.signatures.insert("claim_job".into(), paid["claimed_signature"].clone());
        story.stages.lap("indexed");

        progress("redeeming the supplier's earnings for IO when the epoch ends");
        let (asked, supplier_io) = supply::redeem(&story.chain, &supplier.owner, supplier_share).await?;
        story.note("request_redemption", asked.signature);
        supplier.stop().await?;
        story.stages.lap("redeem");

        let (bit_exact, gpu_kernels_on) = story.compare(&onnx, &ours, progress).await?;
        story.stages.lap("compare_bits");

        let (cheater_job, cheater_paid, fault) = story.catch_a_cheat(cheat, progress).await?;
        let refunded = story.indexed(&cheater_job, "refunded").await?;
        story.stages.lap("cheat");
        story.stages.put("execute", report.execute_s);
        story.stages.put("commit", report.commit_s);
        story.stages.put("verify", check.seconds());

        Ok(Outcome {
            status: paid["status"].as_str().unwrap_or_default().into(),
            job: posted.job.to_string(),
            commitment,
            signatures: story.signatures,
            samples: story.digits.labels.len(),
            top1_float: onnx.report.top1_float,
            top1_onnxruntime_int8: onnx.report.top1_int8,
            top1_ours: story.digits.top1(&ours),
            bit_exact,
            gpu_kernels_on,
            cheater_paid,
            cheater_job: cheater_job.to_string(),
            cheater_status: refunded["status"].as_str().unwrap_or_default().into(),
            fault,
            price_iosd: iosd(PRICE).to_string(),
            fee_iosd: iosd(PRICE - supplier_share).to_string(),
            supplier_iosd: iosd(supplier_share).to_string(),
            supplier_io: io(supplier_io).to_string(),
            adapter,
            seconds: story.stages.laps(),
            explorer_url: format!("{}/jobs/{}", net.api_url, posted.job),
        })
    }

    /// Runs the batch through the judge's reference and the GPU's kernels and compares all with ONNX Runtime.
    async fn compare(&self, onnx: &OnnxRuntime, ours: &[u8], progress: &dyn Fn(&str)) -> Result<(bool, String)> {
        progress("comparing with ONNX Runtime, the CPU reference and the GPU kernels");
        ensure!(onnx.report.samples == self.digits.labels.len(), "ONNX Runtime ran on another number of samples");
        let (model, pixels) = (self.digits.model.clone(), self.digits.pixels.clone());
        let run = move || -> Result<_> {
            let reference = model.run_reference(&pixels)?;
            let gpu = compute::choose(&Preference::Gpu).or_else(|_| compute::choose(&Preference::SoftwareGpu));
            let (mut gpu, choice) = gpu?;
            Ok((reference, gpu.execute(&model, &pixels)?.activations, choice.chosen.to_string()))
        };
        let (reference, gpu, name) = tokio::task::spawn_blocking(run).await??;
        let same = gpu == reference && reference.last().is_some_and(|r| *r == onnx.logits) && ours == onnx.logits;
        Ok((same, name))
    }

    /// A supplier changes one byte of a layer: refused, disputed, refunded, unpaid.
    async fn catch_a_cheat(&mut self, owner: Keypair, progress: &dyn Fn(&str)) -> Result<(Pubkey, bool, Fault)> {
        progress("a cheating supplier takes the next job and changes one byte of a layer");
        let (backend, choice) = tokio::task::spawn_blocking(|| compute::choose(&Preference::Cpu)).await??;
        let cheater = self.supplier(owner, "cheating", Box::new(Cheat(backend)), choice.gmacs).await?;
        let before = (self.credits().await?, self.coins().await?, self.stake_of(&cheater).await?);
        let posted = self.post().await?;
        self.note("cheat_post_job", posted.confirmed.signature);
        self.committed(&posted.job).await?;
        let review = user::review(&self.chain, &self.blobs, &posted.job).await?;
        let refusal = match user::accept(&self.chain, &self.user, review).await {
            Err(refused @ UserError::Rejected { .. }) => refused.to_string(),
            Err(other) => return Err(other.into()),
            Ok(_) => bail!("the client accepted a wrong result"),
        };
        progress("the client refused it; proving the wrong cell on chain");
        let review = user::review(&self.chain, &self.blobs, &posted.job).await?;
        let proven = user::dispute(&self.chain, &self.user, &review).await?;
        self.note("cheat_dispute_cell", proven.confirmed.signature);
        ensure!(self.credits().await? == before.0, "the user was not refunded whole");
        let slashed = before.2.saturating_sub(self.stake_of(&cheater).await?);
        let reward = self.coins().await?.saturating_sub(before.1);
        let cheater_paid = self.owed(&cheater.owner.pubkey()).await? > 0;
        cheater.stop().await?;
        let fault = Fault {
            layer: proven.fault.layer,
            row: proven.fault.row,
            column: proven.fault.column,
            expected: proven.fault.expected,
            committed: proven.fault.committed,
            evidence_bytes: proven.fault.evidence.len(),
            slashed_io: io(slashed).to_string(),
            prover_io: io(reward).to_string(),
            refusal,
        };
        Ok((posted.job, cheater_paid, fault))
    }

    fn note(&mut self, step: &str, signature: client::Signature) {
        self.signatures.insert(step.into(), signature.to_string().into());
    }
}
