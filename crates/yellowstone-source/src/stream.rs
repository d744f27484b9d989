//! One connection after another.
use crate::Counts;
use crate::convert;
use crate::feed::Feed;
use futures::{SinkExt, StreamExt};
use indexer::Finality;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::codec::CompressionEncoding;
use tonic::transport::ClientTlsConfig;
use yellowstone_grpc_client::{GeyserGrpcBuilder, GeyserGrpcBuilderError, GeyserGrpcClient, GeyserGrpcClientError};
use yellowstone_grpc_proto::prelude::subscribe_update::UpdateOneof;
use yellowstone_grpc_proto::prelude::{
    CommitmentLevel, SubscribeRequest, SubscribeRequestFilterBlocks, SubscribeRequestPing,
};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Servers send a ping every few seconds; a connection that says nothing for so long is dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);
/// A full mainnet block is several megabytes, of which the default limit is four.
const LARGEST_MESSAGE: usize = 128 << 20;
/// Blocks before the newest one that are asked for again after a break: one of them may have been replaced meanwhile.
const OVERLAP: u64 = 4;

/// The address is not usable.
#[derive(Debug, thiserror::Error)]
#[error("the address of the gRPC stream is not usable")]
pub struct EndpointError(#[from] GeyserGrpcBuilderError);

/// Where the stream is.
#[derive(Clone)]
pub struct Endpoint {
    url: String,
    x_token: Option<String>,
}

/// Providers put keys into addresses.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// `https://` for TLS by the system's roots. `x_token` is the provider's key, if it wants one.
    ///
    /// # Errors
    /// The address cannot be parsed, or the key cannot be a header.
    pub fn new(url: String, x_token: Option<String>) -> Result<Self, EndpointError> {
        let endpoint = Self { url, x_token };
        endpoint.builder()?;
        Ok(endpoint)
    }

    fn builder(&self) -> Result<GeyserGrpcBuilder, GeyserGrpcBuilderError> {
        let builder = GeyserGrpcClient::build_from_shared(self.url.clone())?
            .x_token(self.x_token.clone())?
            .connect_timeout(CONNECT_LIMIT)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(LARGEST_MESSAGE);
        match self.url.starts_with("https:") {
            true => builder.tls_config(ClientTlsConfig::new().with_native_roots()),
            false => Ok(builder),
        }
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Endpoint(#[from] GeyserGrpcBuilderError),
    #[error(transparent)]
    Client(#[from] GeyserGrpcClientError),
    #[error("{0}")]
    Status(Box<tonic::Status>),
    #[error("nothing was heard for a minute")]
    Silent,
    #[error("the server ended it")]
    Closed,
}

/// Connects again and again, for ever. Each time it asks for what came since; if the server does not have that any more, for
/// what is new, and the RPC node has the rest.
pub async fn follow(endpoint: Endpoint, commitment: Finality, feed: Arc<Feed>, counts: Arc<Counts>) {
    let mut retry = FIRST_RETRY;
    let mut replay = true;
    loop {
        let from_slot = feed.newest().filter(|_| replay).map(|newest| newest.saturating_sub(OVERLAP));
        let mut heard = 0;
        let ended = read(&endpoint, commitment, from_slot, &feed, &counts, &mut heard).await;
        replay = heard > 0 || from_slot.is_none();
        if heard > 0 {
            retry = FIRST_RETRY;
        }
        tracing::warn!(reason = %ended, from_slot, blocks = heard, retry_ms = retry.as_millis(), "the gRPC stream broke off");
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(LONGEST_RETRY);
    }
}

async fn read(
    endpoint: &Endpoint,
    commitment: Finality,
    from_slot: Option<u64>,
    feed: &Feed,
    counts: &Counts,
    heard: &mut u64,
) -> Ended {
    let subscription = async {
        let mut client = endpoint.builder()?.connect().await?;
        Ok::<_, Ended>(client.subscribe_with_request(Some(request(commitment, from_slot))).await?)
    };
    let (mut requests, mut updates) = match subscription.await {
        Ok(subscription) => subscription,
        Err(ended) => return ended,
    };
    Counts::add(&counts.connections, "indexer_stream_connections_total");
    loop {
        let update = match tokio::time::timeout(SILENCE_LIMIT, updates.next()).await {
            Err(_) => return Ended::Silent,
            Ok(None) => return Ended::Closed,
            Ok(Some(Err(status))) => return Ended::Status(Box::new(status)),
            Ok(Some(Ok(update))) => update,
        };
        match update.update_oneof {
            Some(UpdateOneof::Block(block)) => {
                *heard += 1;
                let slot = block.slot;
                match convert::block(block) {
                    Ok(block) => feed.take(block),
                    Err(what) => {
                        Counts::add(&counts.refused, "indexer_stream_refused_total");
                        tracing::warn!(slot, what, "the stream's block is not taken; the RPC node is asked for it");
                    }
                }
            }
            // Proxies between end connections on which only one side speaks.
            Some(UpdateOneof::Ping(_)) => {
                let answer = SubscribeRequest { ping: Some(SubscribeRequestPing { id: 1 }), ..Default::default() };
                if requests.send(answer).await.is_err() {
                    return Ended::Closed;
                }
            }
            _ => {}
        }
    }
}

/// Whole blocks: with the count of their transactions they prove that nothing was left out.
fn request(commitment: Finality, from_slot: Option<u64>) -> SubscribeRequest {
    let commitment = match commitment {
        Finality::Confirmed => CommitmentLevel::Confirmed,
        Finality::Finalized => CommitmentLevel::Finalized,
    };
    let whole = SubscribeRequestFilterBlocks {
        include_transactions: Some(true),
        include_accounts: Some(false),
        include_entries: Some(false),
        ..Default::default()
    };
    SubscribeRequest {
        blocks: HashMap::from([("blocks".to_owned(), whole)]),
        commitment: Some(commitment.into()),
        from_slot,
        ..Default::default()
    }
}
