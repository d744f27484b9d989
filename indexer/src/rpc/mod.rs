//! Blocks from a Solana RPC node.
mod news;
mod reduce;

use crate::decode::Program;
use crate::source::{Block, BlockSource, Finality, SourceError};
use news::News;
use reduce::reduce;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::config::RpcBlockConfig;
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

fn failed(call: &str, error: &dyn std::error::Error) -> SourceError {
    SourceError::Call { call: call.to_owned(), message: without_addresses(&error.to_string()) }
}

/// A node's address may hold a key, and reasons are logged and shown.
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

    #[test]
    fn reasons_do_not_tell_the_address_of_the_node() {
        let text = "error sending request for url (https://rpc.example/?key=secret) timed out";
        assert_eq!(without_addresses(text), "error sending request for url (address) timed out");
    }
}
