//! Runs the frontier until told to stop.
use crate::IndexerError;
use crate::derive;
use crate::frontier::{Frontier, Round, Stall};
use crate::rpc::RpcSource;
use crate::source::{BlockSource, Finality};
use crate::store::Store;
use std::time::Duration;
use tokio::sync::watch;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// What to index, and where to.
#[derive(Clone)]
pub struct Settings {
    /// HTTP address of a Solana RPC node that keeps transaction history.
    pub rpc_url: String,
    /// Websocket address of the node, for news of transactions; what it does not tell is polled.
    pub ws_url: Option<String>,
    /// Any connection string that Postgres clients take.
    pub database_url: String,
    /// Pause at the tip before asking for more.
    pub poll_interval: Duration,
    /// Where an empty database starts; slot 0 if absent. Must not be after the programs' first event, or the missing
    /// events are reported as a hole.
    pub start_slot: Option<u64>,
    /// The finality at which blocks are indexed. Confirmed ones are shown at once and promoted once they are final;
    /// finalized ones come later and are never taken back.
    pub commitment: Finality,
    /// Most blocks in one SQL transaction; [`BATCH_BLOCKS`](crate::BATCH_BLOCKS) unless that is to be measured.
    pub batch_blocks: usize,
}

/// Connection strings and RPC addresses may hold passwords and keys.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rpc_url: _, ws_url: _, database_url: _, poll_interval, start_slot, commitment, batch_blocks } = self;
        f.debug_struct("Settings")
            .field("poll_interval", poll_interval)
            .field("start_slot", start_slot)
            .field("commitment", commitment)
            .field("batch_blocks", batch_blocks)
            .finish_non_exhaustive()
    }
}

/// Indexes until `shutdown` becomes true or its sender is gone. Brings the schema up to date first.
///
/// # Errors
/// Only what waiting cannot cure; an RPC node or a database that does not answer is tried again for ever.
pub async fn run(settings: Settings, shutdown: watch::Receiver<bool>) -> Result<(), IndexerError> {
    let source = || {
        let source = RpcSource::new(settings.rpc_url.clone(), settings.commitment);
        match &settings.ws_url {
            Some(ws_url) => source.with_news(ws_url.clone()),
            None => source,
        }
    };
    run_from(source, &settings, shutdown).await
}

/// [`run`], from another source of blocks.
///
/// # Errors
/// As for [`run`].
pub async fn run_from<S: BlockSource>(
    source: impl Fn() -> S,
    settings: &Settings,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), IndexerError> {
    tokio::select! {
        // A transaction in flight is rolled back: its slots are read again next time.
        _ = shutdown.wait_for(|stop| *stop) => Ok(()),
        result = run_for_ever(source, settings) => result,
    }
}

async fn run_for_ever<S: BlockSource>(source: impl Fn() -> S, settings: &Settings) -> Result<(), IndexerError> {
    let mut retry = FIRST_RETRY;
    loop {
        let stall = match open(source(), settings).await {
            Ok(opened) => {
                let mut frontier = opened?;
                follow(&mut frontier, settings.poll_interval, &mut retry).await
            }
            Err(stall) => stall,
        };
        tracing::error!(%stall, retry_ms = retry.as_millis(), "indexing is interrupted");
        pause(&mut retry).await;
    }
}

async fn open<S: BlockSource>(source: S, settings: &Settings) -> Result<Result<Frontier<S>, IndexerError>, Stall> {
    match Store::open(&settings.database_url).await {
        Ok(mut store) => {
            derive::bring_up_to_date(&mut store).await?;
            let opened = Frontier::open(source, store, settings.start_slot).await?;
            Ok(opened.map(|frontier| frontier.with_batch_blocks(settings.batch_blocks)))
        }
        Err(IndexerError::Database(error)) => Err(error.into()),
        Err(fatal) => Ok(Err(fatal)),
    }
}

/// Until the database fails: then the connection, and with it the writer's lock, must be taken anew.
async fn follow<S: BlockSource>(frontier: &mut Frontier<S>, poll_interval: Duration, retry: &mut Duration) -> Stall {
    loop {
        match frontier.round().await {
            Ok(round) => {
                *retry = FIRST_RETRY;
                if round == Round::AtTip {
                    // Polled all the same: hints may be lost.
                    let _ = tokio::time::timeout(poll_interval, frontier.wake()).await;
                }
            }
            Err(Stall::Source(error)) => {
                tracing::warn!(%error, retry_ms = retry.as_millis(), "the frontier waits");
                pause(retry).await;
            }
            Err(database) => return database,
        }
    }
}

async fn pause(retry: &mut Duration) {
    tokio::time::sleep(*retry).await;
    *retry = (*retry * 2).min(LONGEST_RETRY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_can_be_spawned() {
        fn spawnable<T: Send + 'static>(_: impl FnOnce(Settings, watch::Receiver<bool>) -> T) {}
        spawnable(run);
    }
}
