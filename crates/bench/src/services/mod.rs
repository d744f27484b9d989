//! The indexer and the Explorer API as processes of their own, beside a recorded chain and a private Postgres.
pub mod api;
mod cluster;
mod expected;
pub mod indexer;
mod live;
mod load;
mod pgbench;
mod population;
mod process;
pub mod soak;

use anyhow::{Context, Result};
use recorded::{Chain, Server};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the programs under measurement are, and what they read.
#[derive(Clone, Debug, clap::Args)]
pub struct Place {
    /// The `io` program
    #[arg(long)]
    pub io: PathBuf,
    /// A recording, as `cargo xtask record` makes it
    #[arg(long)]
    pub recording: PathBuf,
}

/// A recorded chain and the node that serves it.
pub(crate) struct Recording {
    pub chain: Arc<Chain>,
    pub node: Server,
    pub expected: expected::Expected,
}

impl Recording {
    pub async fn open(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let load = move || {
            let chain = Arc::new(Chain::load(&path)?);
            let expected = expected::Expected::of(&chain)?;
            anyhow::Ok((chain, expected))
        };
        let (chain, expected) = tokio::task::spawn_blocking(load).await??;
        let node = Server::start(chain.clone()).await?;
        Ok(Recording { chain, node, expected })
    }

    /// The slots that have a block.
    pub fn slots(&self) -> Vec<u64> {
        self.chain.slots().collect()
    }

    pub fn last_slot(&self) -> Result<u64> {
        self.chain.slots().next_back().context("the recording has no block")
    }

    /// Shows everything up to `slot`, of which what is older than Solana's usual distance is final.
    pub fn show(&self, slot: u64) {
        const TO_FINALITY: u64 = 31;
        self.chain.set_tip(slot, slot.saturating_sub(TO_FINALITY));
    }
}
