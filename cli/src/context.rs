//! Where a command acts and for whom: flags first, then Solana's own config, then defaults.
use crate::args::Global;
use crate::confirm;
use anyhow::{Result, anyhow};
use blobs::Blobs;
use client::{Chain, Keypair, Pubkey, SolanaConfig};
use std::path::PathBuf;

/// Default of Solana's own tools for a local cluster.
const LOCAL: &str = "http://127.0.0.1:8899";

pub struct Context {
    pub global: Global,
    home: PathBuf,
    solana: SolanaConfig,
}

impl Context {
    /// # Errors
    /// If there is no home folder or Solana's config is not valid.
    pub fn new(global: Global) -> Result<Self> {
        let home =
            std::env::var_os("HOME").map(PathBuf::from).ok_or_else(|| anyhow!("the variable HOME is not set"))?;
        let solana = SolanaConfig::load(&home)?;
        Ok(Context { global, home, solana })
    }

    pub fn url(&self) -> String {
        self.global.url.clone().or_else(|| self.solana.json_rpc_url.clone()).unwrap_or_else(|| LOCAL.into())
    }

    /// The cluster; whatever is signed for it is shown first.
    pub fn chain(&self) -> Chain {
        Chain::new(self.url()).with_approval(confirm::approval(self.global.yes))
    }

    /// The cluster for a daemon: what it signs is shown, and nobody is asked.
    pub fn daemon_chain(&self) -> Chain {
        Chain::new(self.url()).with_approval(confirm::approval(true))
    }

    pub fn wallet_path(&self) -> PathBuf {
        self.global.keypair.clone().unwrap_or_else(|| self.solana.keypair(&self.home))
    }

    /// # Errors
    /// If there is no wallet.
    pub fn wallet(&self) -> Result<Keypair> {
        Ok(client::read_keypair(&self.wallet_path())?)
    }

    /// # Errors
    /// If the folder cannot be opened.
    pub fn blobs(&self) -> Result<Blobs> {
        let folder = self.global.blobs.clone().unwrap_or_else(|| self.home.join(".local/share/io/blobs"));
        Ok(Blobs::folder(&folder)?)
    }

    /// Shows progress to a person; silent with `--json`.
    pub fn progress(&self) -> impl Fn(&str) + use<> {
        let json = self.global.json;
        move |step: &str| {
            if !json {
                eprintln!("· {step}");
            }
        }
    }
}

/// Reads an address from the command line.
///
/// # Errors
/// If it is not one.
pub fn address(text: &str) -> Result<Pubkey> {
    text.parse().map_err(|_| anyhow!("{text:?} is not an address (base58, 32 bytes)"))
}

/// Reads an amount from the command line into base units.
///
/// # Errors
/// If it is not one.
pub fn amount(text: &str, decimals: u8) -> Result<u64> {
    economy::amount::parse(text, decimals)
        .ok_or_else(|| anyhow!("{text:?} is not an amount with up to {decimals} decimals"))
}

/// Reads a rate in percent from the command line into basis points.
///
/// # Errors
/// If it is not one.
pub fn percent(text: &str) -> Result<u16> {
    let bps = economy::amount::parse(text.trim_end_matches('%').trim_end(), 2).filter(|bps| *bps <= economy::BPS);
    let bps = bps.and_then(|bps| u16::try_from(bps).ok());
    bps.ok_or_else(|| anyhow!("{text:?} is not a rate of 0 to 100 percent with up to 2 decimals"))
}

/// Reads a model root from the command line.
///
/// # Errors
/// If it is not one.
pub fn root(text: &str) -> Result<[u8; 32]> {
    worker::work::parse_hash(text)
        .ok_or_else(|| anyhow!("{text:?} is not a model root (64 hex digits, as `io model register` prints it)"))
}
