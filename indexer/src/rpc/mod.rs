//! Blocks from a Solana RPC node.
mod news;
mod reduce;
mod shards;

use crate::decode::Program;
use crate::source::{Block, BlockSource, Finality, Shards, SourceError};
use news::News;
use reduce::reduce;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::client_error::{Error as ClientError, ErrorKind};
use solana_rpc_client_api::config::RpcBlockConfig;
use solana_rpc_client_api::request::RpcError;
use solana_transaction_status_client_types::{TransactionDetails, UiConfirmedBlock, UiTransactionEncoding};
use std::collections::BTreeSet;
use std::time::Duration;

/// Longest wait for one answer: a full mainnet block is several megabytes.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Slots after a skipped one among which a block must be found that proves it.
const PROOF_SPAN: u64 = 500;
/// Signatures on a page: the most that nodes give.
const PAGE: usize = 1_000;

/// Reads through `getBlocks` and `getBlock`, and finds sparse slots through `getSignaturesForAddress`.
pub struct RpcSource {
    client: RpcClient,
    commitment: Finality,
    news: Option<News>,
}

impl RpcSource {
    /// The client waits and asks again by itself where the node answers "too many requests", as long as the node says.
    pub fn new(url: String, commitment: Finality) -> Self {
        Self::with_call_limit(url, commitment, CALL_LIMIT)
    }

    /// [`new`](Self::new), with another longest wait for one answer.
    pub fn with_call_limit(url: String, commitment: Finality, limit: Duration) -> Self {
        let client = RpcClient::new_with_timeout_and_commitment(url, limit, level(commitment));
        Self { client, commitment, news: None }
    }

    /// With the node's websocket at `ws_url`, which says at once when a transaction of ours has landed.
    pub fn with_news(self, ws_url: String) -> Self {
        Self { news: Some(News::listen(ws_url, self.commitment)), ..self }
    }

    async fn get_blocks(&self, first: u64, last: u64, finality: Finality) -> Result<Vec<u64>, SourceError> {
        let slots = self.client.get_blocks_with_commitment(first, Some(last), level(finality)).await;
        slots.map_err(|e| failed(&format!("getBlocks({first}, {last})"), &e))
    }

    async fn get_block(
        &self,
        slot: u64,
        details: TransactionDetails,
        finality: Finality,
    ) -> Result<UiConfirmedBlock, SourceError> {
        let config = RpcBlockConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            transaction_details: Some(details),
            rewards: Some(false),
            commitment: Some(level(finality)),
            max_supported_transaction_version: Some(0),
        };
        let block = self.client.get_block_with_config(slot, config).await;
        block.map_err(|e| failed(&format!("getBlock({slot})"), &e))
    }

    /// Adds the slots from `first` to `last` in which `address` was mentioned; `false` if there are more than `most`. Nodes
    /// give the newest first.
    async fn mentions(
        &self,
        address: [u8; 32],
        (first, last): (u64, u64),
        most: usize,
        slots: &mut BTreeSet<u64>,
    ) -> Result<bool, SourceError> {
        let (mut before, mut listed) = (None, 0);
        loop {
            let config = GetConfirmedSignaturesForAddress2Config {
                before,
                until: None,
                limit: Some(PAGE),
                commitment: Some(level(self.commitment)),
            };
            let call = || format!("getSignaturesForAddress({})", bs58::encode(address).into_string());
            let page = self.client.get_signatures_for_address_with_config(&address.into(), config).await;
            let page = page.map_err(|e| failed(&call(), &e))?;
            for found in &page {
                if found.slot < first {
                    return Ok(true);
                }
                if found.slot <= last && found.err.is_none() {
                    slots.insert(found.slot);
                }
            }
            listed += page.len();
            if listed > most {
                return Ok(false);
            }
            let Some(oldest) = page.last() else { return Ok(true) };
            let unreadable = |e: &dyn std::fmt::Display| SourceError::Call { call: call(), message: e.to_string() };
            before = Some(oldest.signature.parse().map_err(|e| unreadable(&e))?);
        }
    }
}

fn level(finality: Finality) -> CommitmentConfig {
    match finality {
        Finality::Confirmed => CommitmentConfig::confirmed(),
        Finality::Finalized => CommitmentConfig::finalized(),
    }
}

impl BlockSource for RpcSource {
    async fn genesis_hash(&self) -> Result<String, SourceError> {
        let hash = self.client.get_genesis_hash().await.map_err(|e| failed("getGenesisHash", &e))?;
        Ok(hash.to_string())
    }

    async fn tip(&self, finality: Finality) -> Result<u64, SourceError> {
        self.client.get_slot_with_commitment(level(finality)).await.map_err(|e| failed("getSlot", &e))
    }

    async fn slots(&self, first: u64, last: u64) -> Result<Vec<u64>, SourceError> {
        self.get_blocks(first, last, self.commitment).await
    }

    async fn block(&self, slot: u64) -> Result<Block, SourceError> {
        reduce(slot, self.get_block(slot, TransactionDetails::Full, self.commitment).await?)
    }

    /// That there is no block at a slot is proven by a later block whose parent is an earlier one: a listing without the slot
    /// may also mean that the node pruned it, or does not have it yet.
    async fn blockhash(&self, slot: u64, finality: Finality) -> Result<Option<String>, SourceError> {
        let listed = self.get_blocks(slot, slot.saturating_add(PROOF_SPAN), finality).await?;
        let unknown = |message: String| SourceError::Call { call: format!("getBlocks({slot})"), message };
        let first = *listed.first().ok_or_else(|| unknown("the node has no block there or after it".into()))?;
        let block = self.get_block(first, TransactionDetails::None, finality).await?;
        if first == slot {
            return Ok(Some(block.blockhash));
        }
        if block.parent_slot < slot && first > slot {
            return Ok(None);
        }
        Err(unknown(format!("lists {first}, whose parent {} is not listed", block.parent_slot)))
    }

    async fn active_slots(&self, first: u64, last: u64, most: usize) -> Result<Option<Vec<u64>>, SourceError> {
        let mut slots = BTreeSet::new();
        for program in Program::ALL {
            if !self.mentions(program.id(), (first, last), most, &mut slots).await? {
                return Ok(None);
            }
        }
        Ok(Some(slots.into_iter().collect()))
    }

    async fn shards(&self) -> Result<Option<Shards>, SourceError> {
        shards::read(&self.client, level(self.commitment)).await.map(Some)
    }

    async fn wake(&self) {
        match &self.news {
            Some(news) => news.next().await,
            None => std::future::pending().await,
        }
    }

    fn commitment(&self) -> Finality {
        self.commitment
    }
}

/// What a node says goes to the log only; reasons are public.
fn failed(call: &str, error: &ClientError) -> SourceError {
    let class = class(error);
    tracing::warn!(call, class, error = without_addresses(&error.to_string()), "the node does not answer well");
    SourceError::Call { call: call.to_owned(), message: class }
}

/// What kind of failure it is, in words of our own.
fn class(error: &ClientError) -> String {
    match error.kind() {
        ErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) => format!("node error {code}"),
        ErrorKind::RpcError(_) | ErrorKind::SerdeJson(_) => "unreadable answer".to_owned(),
        ErrorKind::Reqwest(error) => match error.status() {
            Some(status) => format!("refused ({})", status.as_u16()),
            None if error.is_timeout() => "timed out".to_owned(),
            None if error.is_connect() => "no connection".to_owned(),
            None if error.is_decode() => "unreadable answer".to_owned(),
            None => "the connection broke".to_owned(),
        },
        _ => "failed".to_owned(),
    }
}

/// A node's address may hold a key.
fn without_addresses(text: &str) -> String {
    let word = |word: &str| match word.find("http") {
        Some(at) if word[at..].contains("://") => format!("{}(address)", word[..at].trim_end_matches('(')),
        _ => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_rpc_client_api::request::RpcResponseErrorData;

    #[test]
    fn the_log_does_not_tell_the_address_of_the_node() {
        let text = "error sending request for url (https://rpc.example/?key=secret) timed out";
        assert_eq!(without_addresses(text), "error sending request for url (address) timed out");
    }

    #[test]
    fn reasons_tell_the_call_and_the_kind_of_failure_and_nothing_that_the_node_said() {
        let message = "project 77 with key s3cret is over its quota\0".to_owned();
        let data = RpcResponseErrorData::Empty;
        let told = RpcError::RpcResponseError { code: -32007, message: message.clone(), data };
        for (kind, expected) in [
            (ErrorKind::RpcError(told), "node error -32007"),
            (ErrorKind::RpcError(RpcError::RpcRequestError(message.clone())), "unreadable answer"),
            (ErrorKind::RpcError(RpcError::ForUser(message.clone())), "unreadable answer"),
            (ErrorKind::Custom(message), "failed"),
        ] {
            let reason = failed("getBlock(123)", &kind.into()).to_string();
            assert_eq!(reason, format!("getBlock(123): {expected}"));
        }
    }

    #[tokio::test]
    async fn a_refusal_and_a_node_that_is_not_there_are_told_apart() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?key=s3cret", listener.local_addr().unwrap());
        let source = RpcSource::with_call_limit(url, Finality::Confirmed, Duration::from_secs(1));
        let tip = || async { source.tip(Finality::Confirmed).await.unwrap_err().to_string() };
        // Connections are taken and never answered.
        assert_eq!(tip().await, "getSlot: timed out");
        let refusing =
            axum::Router::new().fallback(async || (axum::http::StatusCode::FORBIDDEN, "key s3cret is spent"));
        tokio::spawn(axum::serve(listener, refusing).into_future());
        assert_eq!(tip().await, "getSlot: refused (403)");
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let source = RpcSource::new(format!("http://{unused}"), Finality::Confirmed);
        let gone = source.tip(Finality::Confirmed).await.unwrap_err().to_string();
        assert_eq!(gone, "getSlot: no connection");
    }
}
