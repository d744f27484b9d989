//! The first stages of the pipeline: fetch and decode, ahead of the writer.
use crate::extract::{DecodedBlock, decode_block};
use crate::source::{BlockSource, SourceError};
use futures::stream::{self, StreamExt};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Blocks that are fetched and decoded at once: each may be several megabytes while it is.
const AT_ONCE: usize = 16;
/// Decoded blocks that wait for the writer. A full queue holds the fetching back; nothing is dropped.
const QUEUED: usize = 512;

/// The blocks of `slots` in that order, up to and including the first that fails.
pub fn blocks<S: BlockSource>(source: &Arc<S>, slots: Vec<u64>) -> mpsc::Receiver<Result<DecodedBlock, SourceError>> {
    let (sender, receiver) = mpsc::channel(QUEUED);
    let source = Arc::clone(source);
    tokio::spawn(async move {
        let fetches = stream::iter(slots).map(|slot| {
            let source = Arc::clone(&source);
            let fetch = tokio::spawn(async move {
                let began = Instant::now();
                let block = source.block(slot).await?;
                metrics::histogram!("indexer_fetch_seconds").record(began.elapsed());
                Ok(decode_block(block))
            });
            async move {
                let lost = |error| SourceError::Incomplete { slot, what: format!("cannot be decoded: {error}") };
                fetch.await.map_err(lost).flatten()
            }
        });
        let mut fetches = fetches.buffered(AT_ONCE);
        while let Some(block) = fetches.next().await {
            let failed = block.is_err();
            // Nobody waits for the rest any more.
            if sender.send(block).await.is_err() || failed {
                return;
            }
        }
    });
    receiver
}
