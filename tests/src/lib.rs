//! A local network for end-to-end tests: the real programs, validator, Postgres, indexer, API and workers.
pub mod cheat;

use anyhow::Result;
use client::{Chain, Keypair, Pubkey, Signer, jobs_ix};
use compute::challenge::Answer;
use compute::{Backend, ComputeError, Description, Execution, Gemm, Preference};
use demo::supply;
use localnet::{LocalNet, Options};
use model::Model;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use worker::{Config, Worker};

/// Root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where a variable says, or where `cargo xtask` puts it.
pub fn built(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| root().join(default), PathBuf::from)
}

/// The digits model's folder.
pub fn digits() -> PathBuf {
    root().join("models/digits")
}

/// Each device's operator's stake: several times what a device and a job need.
const STAKE: u64 = 50 * 100_000_000;

/// A network in a folder of its own, with blocks every 100 ms and epochs of 2 s, otherwise as `change` makes it.
///
/// # Errors
/// If it does not start.
pub async fn network_as(change: impl FnOnce(&mut Options)) -> Result<(LocalNet, TempDir)> {
    let folder = tempfile::Builder::new().prefix("io-e2e").tempdir()?;
    let mut options = Options::new(folder.path(), built("SBF_OUT_DIR", "target/deploy"));
    options.slot_ms = 100;
    options.epoch_s = 2;
    change(&mut options);
    Ok((LocalNet::start(options, |_| {}).await?, folder))
}

/// [`network_as`] with this challenge window.
///
/// # Errors
/// If it does not start.
pub async fn network(challenge_window_s: u32) -> Result<(LocalNet, TempDir)> {
    network_as(|options| options.challenge_window_s = challenge_window_s).await
}

/// [`network_as`] with challenge rounds that the keeper holds: short ones, of the smallest work.
///
/// # Errors
/// If it does not start.
pub async fn network_with_rounds() -> Result<(LocalNet, TempDir)> {
    // Two cores may be busy with other tests.
    network_with_windows(10, [64; 4]).await
}

/// [`network_with_rounds`] with windows of `window_s` seconds, and so many rows for each class.
///
/// # Errors
/// If it does not start.
pub async fn network_with_windows(window_s: u32, rows: [u32; 4]) -> Result<(LocalNet, TempDir)> {
    let (every_s, answer_s) = (2 * window_s, 15);
    network_as(|options| {
        options.rounds = true;
        options.round_rules = jobs::RoundRules { window_s, every_s, answer_s, rows, ..options.round_rules };
    })
    .await
}

/// A registered device with its worker's settings. The worker runs when the test says so.
pub struct Device {
    pub key: Pubkey,
    pub owner: Pubkey,
    /// The operator's own key.
    pub wallet: Arc<Keypair>,
    pub config: Config,
}

impl Device {
    /// Registers an operator with warm stake and one device.
    ///
    /// # Errors
    /// If the chain refuses.
    pub async fn register(net: &LocalNet, name: &str) -> Result<Self> {
        let [device] = Self::register_each(net, [name]).await?;
        Ok(device)
    }

    /// The same for several operators, whose stake warms up together.
    ///
    /// # Errors
    /// If the chain refuses.
    pub async fn register_each<const N: usize>(net: &LocalNet, names: [&str; N]) -> Result<[Self; N]> {
        Self::register_in(net, names.map(|name| (name, 0))).await
    }

    /// The same, each in a class.
    ///
    /// # Errors
    /// If the chain refuses.
    pub async fn register_in<const N: usize>(net: &LocalNet, names: [(&str, u8); N]) -> Result<[Self; N]> {
        let owners = supply::stake(net, N, STAKE).await?;
        let mut devices = Vec::new();
        for (owner, (name, class)) in owners.iter().zip(names) {
            devices.push(Self::of(net, owner, name, class).await?);
        }
        devices.try_into().map_err(|_| anyhow::anyhow!("one device for each name"))
    }

    async fn of(net: &LocalNet, owner: &Keypair, name: &str, class: u8) -> Result<Self> {
        let device = Keypair::new();
        net.fund(&device.pubkey(), 0).await?;
        let (me, key) = (owner.pubkey(), device.pubkey());
        supply::warm_up(&net.chain(), &me, owner).await?;
        let register = jobs_ix::register_device(me, key, name.into(), class);
        net.chain().send(&[register], &[owner, &device]).await?;
        let device_key = net.folder().join(format!("{key}.json"));
        client::write_keypair(&device_key, &device)?;
        let config = Config {
            rpc_url: net.rpc_url.clone(),
            device_key,
            blobs: net.blobs(),
            kept: net.folder().join("kept"),
            backend: "cpu".into(),
            min_price: "0".into(),
            models: Vec::new(),
            max_memory_mb: 1024,
            margin_s: 1,
            poll_ms: 100,
        };
        Ok(Device { key, owner: me, wallet: Arc::new(owner.insecure_clone()), config })
    }

    /// A worker for it, on the CPU.
    ///
    /// # Errors
    /// If its settings are not usable.
    pub fn worker(&self) -> Result<Worker> {
        let (backend, choice) = compute::choose(&Preference::Cpu)?;
        Ok(Worker::new(&self.config, backend, choice.gmacs)?)
    }

    /// A worker for it on a backend that may be others' too.
    ///
    /// # Errors
    /// If its settings are not usable.
    pub fn worker_on(&self, backend: &Shared) -> Result<Worker> {
        Ok(Worker::new(&self.config, Box::new(backend.clone()), 1.0)?)
    }

    /// The device's account.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn account(&self, chain: &Chain) -> Result<jobs::state::Device> {
        Ok(chain.get("device", &client::address::device(&self.key), "registered above").await?)
    }
}

/// One backend that stands for several devices: who comes second waits for the first.
#[derive(Clone)]
pub struct Shared {
    description: Description,
    backend: Arc<Mutex<Box<dyn Backend>>>,
    /// The least that a row of a challenge takes.
    row: Duration,
}

impl Shared {
    /// A device that takes `row` for each row of a challenge, on any machine that is faster.
    pub fn new(backend: Box<dyn Backend>, row: Duration) -> Self {
        Shared { description: backend.describe().clone(), backend: Arc::new(Mutex::new(backend)), row }
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Backend>> {
        self.backend.lock().expect("a backend does not panic")
    }
}

impl Backend for Shared {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        self.lock().execute(model, input)
    }

    fn challenge(&mut self, seed: &[u8; 32], rows: u32) -> Result<Answer, ComputeError> {
        let mut backend = self.lock();
        let begun = Instant::now();
        let answer = backend.challenge(seed, rows)?;
        std::thread::sleep((self.row * rows).saturating_sub(begun.elapsed()));
        Ok(answer)
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        self.lock().gemm(shape, a, b)
    }
}

/// The network's RPC behind a proxy that closes the first `drops` connections as soon as they are made. Gives its address.
///
/// # Panics
/// If this machine has no free port.
pub async fn flaky(net: &LocalNet, drops: u32) -> String {
    let target = net.rpc_url.trim_start_matches("http://").to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let left = Arc::new(AtomicU32::new(drops));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                continue; // dropping the stream closes it
            }
            let target = target.clone();
            tokio::spawn(async move {
                if let Ok(mut node) = TcpStream::connect(target).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut node).await;
                }
            });
        }
    });
    url
}
