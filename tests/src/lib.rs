//! A local network for end-to-end tests: the real programs, validator, Postgres, indexer, API and workers.
use anyhow::Result;
use client::{Chain, Keypair, Pubkey, Signer, jobs_ix};
use compute::Preference;
use demo::supply;
use localnet::{LocalNet, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
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

/// A network in a folder of its own, with blocks every 100 ms and epochs of 2 s.
pub async fn network(challenge_window_s: u32) -> Result<(LocalNet, TempDir)> {
    let folder = tempfile::Builder::new().prefix("io-e2e").tempdir()?;
    let mut options = Options::new(folder.path(), built("SBF_OUT_DIR", "target/deploy"));
    options.slot_ms = 100;
    options.challenge_window_s = challenge_window_s;
    options.epoch_s = 2;
    Ok((LocalNet::start(options, |_| {}).await?, folder))
}

/// The same, with challenge rounds that the keeper holds: short ones, of the smallest work.
pub async fn network_with_rounds() -> Result<(LocalNet, TempDir)> {
    let folder = tempfile::Builder::new().prefix("io-e2e").tempdir()?;
    let mut options = Options::new(folder.path(), built("SBF_OUT_DIR", "target/deploy"));
    options.slot_ms = 100;
    options.epoch_s = 2;
    options.rounds = true;
    // Two cores may be busy with other tests.
    let (window_s, every_s, answer_s) = (10, 20, 15);
    options.round_rules = jobs::RoundRules { window_s, every_s, answer_s, rows: [64; 4], ..options.round_rules };
    Ok((LocalNet::start(options, |_| {}).await?, folder))
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
        let owners = supply::stake(net, N, STAKE).await?;
        let mut devices = Vec::new();
        for (owner, name) in owners.iter().zip(names) {
            devices.push(Self::of(net, owner, name).await?);
        }
        devices.try_into().map_err(|_| anyhow::anyhow!("one device for each name"))
    }

    async fn of(net: &LocalNet, owner: &Keypair, name: &str) -> Result<Self> {
        let device = Keypair::new();
        net.fund(&device.pubkey(), 0).await?;
        let (me, key) = (owner.pubkey(), device.pubkey());
        supply::warm_up(&net.chain(), &me, owner).await?;
        let register = jobs_ix::register_device(me, key, name.into(), 0);
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

    /// The device's account.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn account(&self, chain: &Chain) -> Result<jobs::state::Device> {
        Ok(chain.get("device", &client::address::device(&self.key), "registered above").await?)
    }
}
