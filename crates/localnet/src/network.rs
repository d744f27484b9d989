//! Starting and stopping everything in order.
use crate::genesis::{self, Genesis};
use crate::node::Node;
use anyhow::{Context, Result, bail};
use client::{Chain, Keypair, Pubkey, Signer, credits_ix};
use indexer::audit::{self, Report};
use keeper::Keeper;
use private_postgres::PrivatePostgres;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, warn};

/// SOL given to whoever is funded, in lamports: pays rent and fees for a long time.
const LAMPORTS: u64 = 100_000_000_000;
/// How often the price submitters repeat themselves; their word counts for 60 s.
const PRICE_EVERY: Duration = Duration::from_secs(15);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How to run a local network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything of this network is kept.
    pub folder: PathBuf,
    /// Where `credits.so` and the other programs are.
    pub programs: PathBuf,
    /// JSON-RPC port; a free one by default.
    pub rpc_port: Option<u16>,
    /// Address of the API and pages.
    pub api: SocketAddr,
    /// An empty database to use instead of an own private Postgres.
    pub database_url: Option<String>,
    pub slot_ms: u64,
    pub challenge_window_s: u32,
    /// Share of committed jobs that are audited.
    pub audit_bps: u16,
    /// Time to answer an audit.
    pub answer_s: u32,
    pub epoch_s: u32,
    /// Length of a vote, and from its end to its execution.
    pub voting_s: u32,
    pub timelock_s: u32,
    /// Whether the keeper opens challenge rounds.
    pub rounds: bool,
    pub round_rules: jobs::RoundRules,
    /// 10^-8 dollars per IO.
    pub price: u64,
}

impl Options {
    /// Free ports, a private Postgres, blocks every 400 ms, epochs of 10 s, votes of 30 s, IO at 25 cents, no challenge rounds.
    pub fn new(folder: impl Into<PathBuf>, programs: impl Into<PathBuf>) -> Self {
        Options {
            folder: folder.into(),
            programs: programs.into(),
            rpc_port: None,
            api: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: None,
            slot_ms: 400,
            challenge_window_s: 60,
            audit_bps: 5_000,
            answer_s: 60,
            epoch_s: 10,
            voting_s: 30,
            timelock_s: 10,
            rounds: false,
            round_rules: genesis::ROUNDS,
            price: 25_000_000,
        }
    }
}

/// A running network.
pub struct LocalNet {
    pub rpc_url: String,
    pub api_url: String,
    pub database_url: String,
    /// Holds the genesis supply and may upgrade the programs.
    pub admin: Keypair,
    /// May stop proposals and pause.
    pub guardian: Keypair,
    folder: PathBuf,
    shutdown: watch::Sender<bool>,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    postgres: Option<PrivatePostgres>,
    node: Node,
}

impl LocalNet {
    /// Starts everything; `progress` is told each step.
    ///
    /// # Errors
    /// If a part does not start; what was started is stopped again.
    pub async fn start(options: Options, progress: impl Fn(&str)) -> Result<Self> {
        std::fs::create_dir_all(&options.folder)
            .with_context(|| format!("cannot create {}", options.folder.display()))?;
        progress("starting the validator");
        let (port, slot_ms) = (options.rpc_port, options.slot_ms);
        let node = tokio::task::spawn_blocking(move || Node::start(port, slot_ms)).await??;
        let chain = Chain::new(&node.rpc_url);
        let (admin, guardian, keeper) = (Keypair::new(), Keypair::new(), Keypair::new());
        let submitters: Vec<Keypair> = (0..3).map(|_| Keypair::new()).collect();
        for key in [&admin, &guardian, &keeper].into_iter().chain(&submitters) {
            genesis::airdrop(&chain, &key.pubkey(), LAMPORTS).await?;
        }
        progress("deploying the programs");
        for (name, id) in genesis::PROGRAMS {
            genesis::deploy(&chain, &options.programs, name, id, admin.pubkey()).await?;
        }
        progress("initializing the programs");
        let genesis = Genesis {
            admin: &admin,
            guardian: guardian.pubkey(),
            submitters: &submitters,
            challenge_window_s: options.challenge_window_s,
            audit_bps: options.audit_bps,
            answer_s: options.answer_s,
            epoch_s: options.epoch_s,
            voting_s: options.voting_s,
            timelock_s: options.timelock_s,
            round_rules: options.round_rules,
            price: options.price,
        };
        genesis.run(&chain).await?;

        let (database_url, postgres) = match &options.database_url {
            Some(url) => (url.clone(), None),
            None => {
                progress("starting Postgres");
                let folder = options.folder.join("postgres");
                if folder.exists() {
                    bail!(
                        "{} is from an earlier network whose chain is gone: choose another folder, or remove it",
                        folder.display()
                    );
                }
                let postgres = tokio::task::spawn_blocking(move || PrivatePostgres::start(&folder)).await??;
                (postgres.url().to_string(), Some(postgres))
            }
        };
        progress("starting the indexer, the API and the pages");
        let (shutdown, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        // The API reads tables that the indexer's migrations create.
        let pool = sqlx::PgPool::connect(&database_url).await.context("cannot connect to the database")?;
        indexer::migrate(&pool).await?;
        pool.close().await;
        let settings = indexer::Settings {
            rpc_url: node.rpc_url.clone(),
            ws_url: Some(node.ws_url.clone()),
            database_url: database_url.clone(),
            poll_interval: Duration::from_millis(options.slot_ms / 2),
            start_slot: None,
            commitment: indexer::Finality::Confirmed,
            batch_blocks: indexer::BATCH_BLOCKS,
        };
        let stop = stopped.clone();
        let index = async move {
            if let Err(error) = indexer::run(settings, stop).await {
                error!(%error, "the indexer stopped");
            }
        };
        tasks.push(("indexer", tokio::spawn(index)));
        let settings = explorer_api::Settings::new(options.api, database_url.clone());
        let server = explorer_api::Server::bind(settings).await?;
        let api_url = format!("http://{}", server.local_addr());
        let stop = stopped.clone();
        let serve = async move {
            if let Err(error) = server.run(stop).await {
                error!(%error, "the API stopped");
            }
        };
        tasks.push(("API", tokio::spawn(serve)));
        let (prices, stop) = (Chain::new(&node.rpc_url), stopped.clone());
        tasks.push(("price feed", tokio::spawn(feed(prices, submitters, options.price, stop))));
        let chores = Keeper::new(Chain::new(&node.rpc_url), keeper).with_rounds(options.rounds);
        tasks.push(("keeper", tokio::spawn(chores.run(stopped, |_| {}))));
        let folder = options.folder;
        let rpc_url = node.rpc_url.clone();
        Ok(LocalNet { rpc_url, api_url, database_url, admin, guardian, folder, shutdown, tasks, postgres, node })
    }

    /// A connection to its validator.
    pub fn chain(&self) -> Chain {
        Chain::new(&self.rpc_url)
    }

    /// Folder of its blob store.
    pub fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Turns true when the network stops.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Gives `to` SOL for rent and fees, and `io` base units of IO.
    ///
    /// # Errors
    /// If the validator refuses.
    pub async fn fund(&self, to: &Pubkey, io: u64) -> Result<()> {
        let chain = self.chain();
        genesis::airdrop(&chain, to, LAMPORTS).await?;
        if io > 0 {
            chain.send(&credits_ix::transfer_io(self.admin.pubkey(), *to, io), &[&self.admin]).await?;
        }
        Ok(())
    }

    /// Recomputes the whole economy from its events and compares it with the accounts on chain.
    ///
    /// # Errors
    /// If the database or the validator does not answer; differences are no error, they are in the report.
    pub async fn audit(&self) -> Result<Report> {
        Ok(audit::audit_at(&self.database_url, self.rpc_url.clone(), &audit::Settings::default()).await?)
    }

    /// Stops every part, the database last, and waits for it.
    ///
    /// # Errors
    /// If Postgres does not stop.
    pub async fn stop(self) -> Result<()> {
        // Tasks that have ended already hold no receiver.
        let _ = self.shutdown.send(true);
        for (name, task) in self.tasks {
            if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
                warn!(name, "did not stop in time");
            }
        }
        drop(self.node);
        if let Some(postgres) = self.postgres {
            tokio::task::spawn_blocking(move || postgres.stop()).await??;
        }
        Ok(())
    }
}

async fn feed(chain: Chain, submitters: Vec<Keypair>, price: u64, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(PRICE_EVERY) => {}
        }
        if let Err(error) = genesis::submit_prices(&chain, &submitters, price).await {
            warn!(%error, "the price feed could not speak");
        }
    }
}
