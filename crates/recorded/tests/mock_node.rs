//! The node made of a recording, asked by the field's own client.
use base64::Engine;
use bytes::Bytes;
use futures::FutureExt;
use recorded::{Accounts, Chain, Header, Line, Reader, Reply, Server, Writer, errors, record};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::client_error::{Error, ErrorKind};
use solana_rpc_client_api::config::{RpcBlockConfig, RpcTransactionConfig};
use solana_rpc_client_api::request::RpcError;
use solana_transaction_status_client_types::{TransactionDetails, UiTransactionEncoding};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn key(byte: u8) -> String {
    bs58::encode([byte; 32]).into_string()
}

fn signature(slot: u8, at: u8) -> String {
    bs58::encode([[slot; 32], [at; 32]].concat()).into_string()
}

/// One instruction without data, from account 1 to program 2, as it goes over the wire.
fn transaction(slot: u8, at: u8) -> Value {
    let head = [&[1][..], &[slot; 32], &[at; 32], &[1, 0, 1, 2], &[1; 32], &[2; 32], &[3; 32]].concat();
    let wire = [&head[..], &[1, 1, 1, 0, 0]].concat();
    json!({
        "transaction": [base64(&wire), "base64"],
        "meta": {
            "err": null, "status": { "Ok": null }, "fee": 5000, "preBalances": [7, 1], "postBalances": [6, 1],
            "innerInstructions": [], "logMessages": ["one"], "preTokenBalances": [], "postTokenBalances": [],
            "rewards": null, "loadedAddresses": { "writable": [], "readonly": [] }, "computeUnitsConsumed": 1
        },
        "version": "legacy"
    })
}

/// Slots 10 to 20 with two transactions each; 13 and 19 were skipped.
fn blocks() -> BTreeMap<u64, Bytes> {
    let slots = (10u8..=20).filter(|slot| ![13, 19].contains(slot));
    let block = |slot: u8| {
        json!({
            "previousBlockhash": key(slot - 1), "blockhash": key(slot), "parentSlot": slot - 1,
            "transactions": [transaction(slot, 0), transaction(slot, 1)], "blockTime": 1000 + u64::from(slot),
            "blockHeight": slot
        })
    };
    slots.map(|slot| (slot.into(), Bytes::from(block(slot).to_string()))).collect()
}

fn chain() -> Arc<Chain> {
    Arc::new(Chain::new(Header::new(key(9), 10), blocks(), None))
}

fn config(encoding: UiTransactionEncoding) -> RpcBlockConfig {
    RpcBlockConfig {
        encoding: Some(encoding),
        transaction_details: None,
        rewards: Some(false),
        commitment: Some(CommitmentConfig::confirmed()),
        max_supported_transaction_version: Some(0),
    }
}

fn code(error: Error) -> i64 {
    match error.kind() {
        ErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) => *code,
        other => panic!("not a node's refusal: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_recorded_is_read_back_to_the_byte_and_recorded_again_from_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let mut writer = Writer::create(&first, &Header::new(key(9), 10)).unwrap();
    for (slot, block) in blocks() {
        let raw = RawValue::from_string(String::from_utf8(block.to_vec()).unwrap()).unwrap();
        writer.block(slot, &raw).unwrap();
    }
    assert!(!first.exists(), "an unfinished recording has no name");
    writer.finish(None).unwrap();
    let chain = Arc::new(Chain::load(&first).unwrap());
    let server = Server::start(chain.clone()).await.unwrap();
    assert_eq!(record(&server.url(), 10, None, &second).await.unwrap(), 9);
    let reader = Reader::open(&second).unwrap();
    assert_eq!(reader.header, chain.header);
    let again: BTreeMap<u64, Bytes> = reader
        .map(|line| match line.unwrap() {
            Line::Block { slot, result } => (slot, Bytes::from(result.get().to_owned())),
            Line::Accounts(_) => panic!("there are none"),
        })
        .collect();
    assert!(again == blocks());
}

#[tokio::test]
async fn slots_after_the_tip_skipped_slots_and_forgotten_ones_have_their_own_errors() {
    let chain = chain();
    let server = Server::start(chain.clone()).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    chain.set_tip(18, 12);
    let block = |slot| node.get_block_with_config(slot, config(UiTransactionEncoding::Base64));
    assert_eq!(block(18).await.unwrap().blockhash, key(18));
    assert_eq!(code(block(20).await.unwrap_err()), -32004);
    assert_eq!(code(block(13).await.unwrap_err()), -32004, "not known to be skipped before it is rooted");
    chain.set_tip(20, 14);
    assert_eq!(code(block(13).await.unwrap_err()), -32007);
    chain.forget_before(12);
    assert_eq!(code(block(11).await.unwrap_err()), -32001);
    assert_eq!(node.get_first_available_block().await.unwrap(), 12);
    let confirmed = CommitmentConfig::confirmed();
    assert_eq!(node.get_blocks_with_commitment(0, Some(17), confirmed).await.unwrap(), [12, 14, 15, 16, 17]);
    assert_eq!(node.get_blocks_with_commitment(18, None, confirmed).await.unwrap(), [18, 20]);
    assert_eq!(node.get_blocks_with_limit_and_commitment(13, 2, confirmed).await.unwrap(), [14, 15]);
    assert_eq!(node.get_slot_with_commitment(CommitmentConfig::finalized()).await.unwrap(), 14);
    assert_eq!(node.get_genesis_hash().await.unwrap().to_string(), key(9));
    assert_eq!(node.get_latest_blockhash().await.unwrap().to_string(), key(20));
    node.get_health().await.unwrap();
    node.get_version().await.unwrap();
}

#[tokio::test]
async fn both_encodings_are_the_same_block() {
    let server = Server::start(chain()).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    let base64 = node.get_block_with_config(10, config(UiTransactionEncoding::Base64)).await.unwrap();
    let json = node.get_block_with_config(10, config(UiTransactionEncoding::Json)).await.unwrap();
    let (base64, json) = (base64.transactions.unwrap(), json.transactions.unwrap());
    assert_eq!(base64[1].meta, json[1].meta);
    let message = serde_json::to_value(&json[1].transaction).unwrap();
    assert_eq!(message["signatures"], json!([signature(10, 1)]));
    assert_eq!(message["message"]["accountKeys"], json!([key(1), key(2)]));
    assert_eq!(base64[1].transaction.decode().unwrap().signatures[0].to_string(), signature(10, 1));
}

#[tokio::test]
async fn a_block_without_transactions_says_what_it_is_all_the_same() {
    let server = Server::start(chain()).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    let details = Some(TransactionDetails::None);
    let config = RpcBlockConfig { transaction_details: details, ..config(UiTransactionEncoding::Base64) };
    let block = node.get_block_with_config(11, config).await.unwrap();
    assert_eq!((block.blockhash, block.parent_slot, block.transactions), (key(11), 10, None));
}

#[tokio::test]
async fn signatures_come_newest_first_between_before_and_until_and_only_up_to_the_tip() {
    let chain = chain();
    let server = Server::start(chain.clone()).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    chain.set_tip(12, 10);
    let list = async |before: Option<String>, until: Option<String>, limit| {
        let config = GetConfirmedSignaturesForAddress2Config {
            before: before.map(|s| s.parse().unwrap()),
            until: until.map(|s| s.parse().unwrap()),
            limit: Some(limit),
            commitment: Some(CommitmentConfig::confirmed()),
        };
        let found = node.get_signatures_for_address_with_config(&key(2).parse().unwrap(), config).await.unwrap();
        found.into_iter().map(|s| s.signature).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 3).await, [signature(12, 1), signature(12, 0), signature(11, 1)]);
    let (before, until) = (Some(signature(12, 0)), Some(signature(10, 1)));
    assert_eq!(list(before, until, 1_000).await, [signature(11, 1), signature(11, 0)]);
    assert_eq!(list(Some(signature(99, 9)), None, 10).await, [""; 0]);

    let known = signature(11, 0).parse().unwrap();
    assert!(node.get_transaction(&known, UiTransactionEncoding::Base64).await.is_err(), "not finalized");
    let config = RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Base64),
        commitment: Some(CommitmentConfig::confirmed()),
        max_supported_transaction_version: Some(0),
    };
    let found = node.get_transaction_with_config(&known, config).await.unwrap();
    assert_eq!((found.slot, found.block_time), (11, Some(1011)));
    assert_eq!(found.transaction.transaction.decode().unwrap().signatures[0], known);
    let asked = [known, signature(10, 0).parse().unwrap(), signature(14, 0).parse().unwrap()];
    let statuses = node.get_signature_statuses(&asked).await.unwrap().value;
    let confirmations: Vec<_> = statuses.iter().map(|s| s.as_ref().map(|s| (s.slot, s.confirmations))).collect();
    assert_eq!(confirmations, [Some((11, Some(1))), Some((10, None)), None]);
}

#[tokio::test]
async fn a_fault_sees_every_attempt_and_its_reply_is_the_one_that_is_sent() {
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    let fault = move |call: recorded::Call, honest: Reply| {
        count.fetch_add(1, Ordering::Relaxed);
        let reply = match (call.method.as_str(), call.attempt) {
            ("getBlock", 0) => Reply::Error(errors::block_status_not_available_yet(10)),
            ("getBlock", 1) => Reply::Broken(Bytes::from_static(b"{\"jsonrpc\":")),
            ("getBlock", 2) => Reply::Http { status: 503, headers: vec![], body: Bytes::new() },
            _ => honest,
        };
        async move { reply }.boxed()
    };
    let server = Server::start_with(chain(), Arc::new(fault)).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    let block = || node.get_block_with_config(10, config(UiTransactionEncoding::Base64));
    assert_eq!(code(block().await.unwrap_err()), -32014);
    assert!(matches!(block().await.unwrap_err().kind(), ErrorKind::Reqwest(_)));
    assert!(matches!(block().await.unwrap_err().kind(), ErrorKind::Reqwest(_)));
    assert_eq!(block().await.unwrap().blockhash, key(10));
    assert_eq!(seen.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn accounts_are_served_once_the_tip_has_reached_them() {
    let account = |owner: u8| {
        json!({ "lamports": 1, "data": ["AQI=", "base64"], "owner": key(owner), "executable": false,
                                      "rentEpoch": 0, "space": 2 })
    };
    let keyed = json!([{ "pubkey": key(4), "account": account(5) }, { "pubkey": key(6), "account": account(7) }]);
    let accounts = Accounts { slot: 20, keyed: RawValue::from_string(keyed.to_string()).unwrap() };
    let chain = Arc::new(Chain::new(Header::new(key(9), 10), blocks(), Some(accounts)));
    let server = Server::start(chain.clone()).await.unwrap();
    let node = RpcClient::new_with_commitment(server.url(), CommitmentConfig::confirmed());
    chain.set_tip(18, 12);
    let keys = [key(4).parse().unwrap(), key(8).parse().unwrap()];
    assert!(node.get_multiple_accounts(&keys).await.is_err());
    chain.set_tip(20, 12);
    let found = node.get_multiple_accounts(&keys).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().data, [1, 2]);
    assert!(found[1].is_none());
    let owned = node.get_program_accounts(&key(7).parse().unwrap()).await;
    assert_eq!(owned.unwrap()[0].0.to_string(), key(6));
}
