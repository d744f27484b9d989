//! Blocks from a Yellowstone gRPC stream (the Geyser plugin that most providers run), with an RPC node beside it.
//!
//! The stream brings every confirmed block as soon as there is one. It promises nothing more: connections end, servers cut
//! off slow clients, and what was sent meanwhile is gone. So the stream only ever answers what its blocks prove, parent by
//! parent; everything else is asked of the RPC node, and the pipeline behind it is the same as without a stream.
mod convert;
mod feed;
mod stream;

pub use stream::{Endpoint, EndpointError};

use feed::Feed;
use indexer::{Block, BlockSource, Finality, RpcSource, Shards, SourceError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinHandle;

/// What was done, since the source was made.
#[derive(Debug, Default)]
pub struct Counts {
    /// Blocks that were given out, by where they came from.
    pub from_stream: AtomicU64,
    pub from_rpc: AtomicU64,
    /// Connections to the stream that were made.
    pub connections: AtomicU64,
    /// Blocks that the stream brought incomplete or unreadable; the RPC node was asked for them.
    pub refused: AtomicU64,
}

impl Counts {
    fn add(counter: &AtomicU64, name: &'static str) {
        counter.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(name).increment(1);
    }
}

/// Reads the stream for as long as it lives.
pub struct YellowstoneSource {
    rpc: RpcSource,
    feed: Arc<Feed>,
    counts: Arc<Counts>,
    reader: JoinHandle<()>,
}

impl YellowstoneSource {
    /// Begins to read. Must be called within a Tokio runtime. What `rpc` reads at decides what the stream is asked for.
    pub fn new(endpoint: Endpoint, rpc: RpcSource) -> Self {
        let (feed, counts) = (Arc::new(Feed::default()), Arc::new(Counts::default()));
        let reader = stream::follow(endpoint, rpc.commitment(), Arc::clone(&feed), Arc::clone(&counts));
        Self { rpc, feed, counts, reader: tokio::spawn(reader) }
    }

    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }
}

impl Drop for YellowstoneSource {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl BlockSource for YellowstoneSource {
    async fn genesis_hash(&self) -> Result<String, SourceError> {
        self.rpc.genesis_hash().await
    }

    async fn tip(&self, finality: Finality) -> Result<u64, SourceError> {
        if finality == self.commitment()
            && let Some(tip) = self.feed.tip()
        {
            return Ok(tip);
        }
        self.rpc.tip(finality).await
    }

    async fn slots(&self, first: u64, last: u64) -> Result<Vec<u64>, SourceError> {
        match self.feed.slots(first, last) {
            Some(slots) => Ok(slots),
            None => self.rpc.slots(first, last).await,
        }
    }

    async fn block(&self, slot: u64) -> Result<Block, SourceError> {
        if let Some(block) = self.feed.block(slot) {
            Counts::add(&self.counts.from_stream, "indexer_stream_blocks_total");
            return Ok(block);
        }
        let block = self.rpc.block(slot).await?;
        Counts::add(&self.counts.from_rpc, "indexer_rpc_blocks_total");
        Ok(block)
    }

    async fn blockhash(&self, slot: u64, finality: Finality) -> Result<Option<String>, SourceError> {
        let served = self.rpc.blockhash(slot, finality).await?;
        self.feed.compare(slot, served.as_deref());
        Ok(served)
    }

    async fn active_slots(&self, first: u64, last: u64, most: usize) -> Result<Option<Vec<u64>>, SourceError> {
        self.rpc.active_slots(first, last, most).await
    }

    async fn shards(&self) -> Result<Option<Shards>, SourceError> {
        self.rpc.shards().await
    }

    async fn wake(&self) {
        self.feed.news().await;
    }

    fn commitment(&self) -> Finality {
        self.rpc.commitment()
    }
}
