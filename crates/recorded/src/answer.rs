//! What a node answers, method by method; errors with the codes and words of Agave.
use crate::chain::{Chain, Tip};
use crate::encode;
use crate::index::{Parts, Place, parts};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest range that `getBlocks` answers.
const MAX_RANGE: u64 = 500_000;
/// Most signatures in one answer of `getSignaturesForAddress`, and in one question of `getSignatureStatuses`.
const MAX_SIGNATURES: usize = 1_000;
const MAX_STATUSES: usize = 256;
/// Slots for which a blockhash may be used.
const BLOCKHASH_LIFE: u64 = 150;
/// What it calls itself.
const AGAVE: &str = "4.2.2";

/// What goes back to who asked.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The JSON text of `result`.
    Result(Bytes),
    Error(RpcError),
    /// No JSON-RPC at all, as a gateway answers: a status, headers, a body.
    Http {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
    },
    /// The beginning of a reply of 200; then the connection breaks.
    Broken(Bytes),
}

impl Reply {
    pub fn json(value: &impl serde::Serialize) -> Self {
        Reply::Result(serde_json::to_vec(value).expect("JSON values serialise").into())
    }

    /// The gateway's answer to who asks too often.
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        let headers = vec![("retry-after", retry_after_s.to_string())];
        Reply::Http { status: 429, headers, body: Bytes::from_static(b"Too many requests") }
    }
}

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
    pub data: Option<Value>,
}

/// The errors that nodes have for blocks, with their codes.
pub mod errors {
    use super::RpcError;

    fn error(code: i64, message: String) -> RpcError {
        RpcError { code, message, data: None }
    }

    pub fn block_cleaned_up(slot: u64, first_available: u64) -> RpcError {
        let message =
            format!("Block {slot} cleaned up, does not exist on node. First available block: {first_available}");
        error(-32001, message)
    }

    /// Not there yet, or not known to be skipped yet.
    pub fn block_not_available(slot: u64) -> RpcError {
        error(-32004, format!("Block not available for slot {slot}"))
    }

    pub fn node_unhealthy(behind: u64) -> RpcError {
        let data = Some(serde_json::json!({ "numSlotsBehind": behind }));
        RpcError { code: -32005, message: format!("Node is behind by {behind} slots"), data }
    }

    pub fn slot_skipped(slot: u64) -> RpcError {
        error(-32007, format!("Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"))
    }

    pub fn long_term_storage_slot_skipped(slot: u64) -> RpcError {
        error(-32009, format!("Slot {slot} was skipped, or missing in long-term storage"))
    }

    pub fn block_status_not_available_yet(slot: u64) -> RpcError {
        error(-32014, format!("Block status not yet available for slot {slot}"))
    }

    pub fn min_context_slot_not_reached(context: u64) -> RpcError {
        let data = Some(serde_json::json!({ "contextSlot": context }));
        RpcError { code: -32016, message: "Minimum context slot has not been reached".into(), data }
    }

    pub fn invalid_params(what: impl std::fmt::Display) -> RpcError {
        error(-32602, format!("Invalid params: {what}"))
    }

    pub fn method_not_found() -> RpcError {
        error(-32601, "Method not found".into())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Commitment {
    Processed,
    Confirmed,
    #[default]
    Finalized,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Encoding {
    #[serde(rename = "base64")]
    Base64,
    #[default]
    #[serde(rename = "json")]
    Json,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    commitment: Commitment,
    encoding: Encoding,
    min_context_slot: Option<u64>,
    transaction_details: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
    until: Option<String>,
}

type Answer = Result<Reply, RpcError>;

/// Answers as a node at the chain's tip.
pub fn answer(chain: &Chain, method: &str, params: &[Value]) -> Reply {
    let result = match method {
        "getGenesisHash" => Ok(Reply::json(&chain.header.genesis_hash)),
        "getHealth" => Ok(Reply::json(&"ok")),
        "getVersion" => Ok(Reply::json(&json!({ "solana-core": AGAVE, "feature-set": 1 }))),
        "getFirstAvailableBlock" | "minimumLedgerSlot" => Ok(Reply::json(&chain.first_available())),
        "getSlot" => get_slot(chain, params),
        "getBlockHeight" => get_block_height(chain, params),
        "getLatestBlockhash" => get_latest_blockhash(chain, params),
        "getBlocks" => get_blocks(chain, params),
        "getBlocksWithLimit" => get_blocks_with_limit(chain, params),
        "getBlock" => get_block(chain, params),
        "getBlockTime" => get_block_time(chain, params),
        "getSignaturesForAddress" => get_signatures(chain, params),
        "getSignatureStatuses" => get_statuses(chain, params),
        "getTransaction" => get_transaction(chain, params),
        "getProgramAccounts" => crate::accounts::of_program(chain, params),
        "getMultipleAccounts" => crate::accounts::named(chain, params),
        _ => Err(errors::method_not_found()),
    };
    result.unwrap_or_else(Reply::Error)
}

fn param<T: DeserializeOwned>(params: &[Value], at: usize, what: &str) -> Result<T, RpcError> {
    let value = params.get(at).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|e| errors::invalid_params(format!("{what}: {e}")))
}

fn config(chain: &Chain, params: &[Value], at: usize) -> Result<Config, RpcError> {
    let config = match params.get(at) {
        // The short form: the encoding alone.
        Some(Value::String(_)) => Config { encoding: param(params, at, "encoding")?, ..Config::default() },
        _ => param::<Option<Config>>(params, at, "config")?.unwrap_or_default(),
    };
    let context = config.commitment.slot(chain.tip());
    match config.min_context_slot {
        Some(least) if context < least => Err(errors::min_context_slot_not_reached(context)),
        _ => Ok(config),
    }
}

impl Commitment {
    fn slot(self, tip: Tip) -> u64 {
        match self {
            Commitment::Processed | Commitment::Confirmed => tip.confirmed,
            Commitment::Finalized => tip.finalized,
        }
    }

    /// For methods about blocks, which do not know what is only processed.
    fn of_blocks(self, tip: Tip) -> Result<u64, RpcError> {
        match self {
            Commitment::Processed => Err(RpcError {
                code: -32602,
                message: "Method does not support commitment below `confirmed`".into(),
                data: None,
            }),
            other => Ok(other.slot(tip)),
        }
    }
}

fn get_slot(chain: &Chain, params: &[Value]) -> Answer {
    Ok(Reply::json(&config(chain, params, 0)?.commitment.slot(chain.tip())))
}

fn newest(chain: &Chain, commitment: Commitment) -> Result<Parts<'_>, RpcError> {
    let at = commitment.slot(chain.tip());
    let slot = chain.blocks_in(0, at).next_back();
    let block = slot.and_then(|slot| chain.block(slot));
    block.map(parts).ok_or_else(|| errors::block_not_available(at))
}

fn get_block_height(chain: &Chain, params: &[Value]) -> Answer {
    Ok(Reply::json(&newest(chain, config(chain, params, 0)?.commitment)?.block_height))
}

fn get_latest_blockhash(chain: &Chain, params: &[Value]) -> Answer {
    let commitment = config(chain, params, 0)?.commitment;
    let parts = newest(chain, commitment)?;
    let last_valid = parts.block_height.unwrap_or_default() + BLOCKHASH_LIFE;
    let value = json!({ "blockhash": parts.blockhash, "lastValidBlockHeight": last_valid });
    Ok(Reply::json(&in_context(commitment.slot(chain.tip()), value)))
}

pub(crate) fn in_context(slot: u64, value: Value) -> Value {
    json!({ "context": { "slot": slot, "apiVersion": AGAVE }, "value": value })
}

fn get_blocks(chain: &Chain, params: &[Value]) -> Answer {
    let start: u64 = param(params, 0, "start slot")?;
    // The end may be left out although a config follows.
    let config_at = if params.get(1).is_some_and(Value::is_object) { 1 } else { 2 };
    let end: Option<u64> = if config_at == 1 { None } else { param(params, 1, "end slot")? };
    let tip = config(chain, params, config_at)?.commitment.of_blocks(chain.tip())?;
    let end = end.unwrap_or_else(|| start.saturating_add(MAX_RANGE)).min(tip);
    if end.saturating_sub(start) > MAX_RANGE {
        return Err(errors::invalid_params(format!("Slot range too large; max {MAX_RANGE}")));
    }
    Ok(Reply::json(&chain.blocks_in(start, end).collect::<Vec<_>>()))
}

fn get_blocks_with_limit(chain: &Chain, params: &[Value]) -> Answer {
    let (start, limit): (u64, u64) = (param(params, 0, "start slot")?, param(params, 1, "limit")?);
    let tip = config(chain, params, 2)?.commitment.of_blocks(chain.tip())?;
    if limit > MAX_RANGE {
        return Err(errors::invalid_params(format!("Limit too large; max {MAX_RANGE}")));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Reply::json(&chain.blocks_in(start, tip).take(limit).collect::<Vec<_>>()))
}

/// The block of a slot, if a node with this tip has it.
fn visible(chain: &Chain, slot: u64, tip: u64) -> Result<&Bytes, RpcError> {
    let first = chain.first_available();
    match chain.block(slot) {
        _ if slot < first => Err(errors::block_cleaned_up(slot, first)),
        Some(block) if slot <= tip => Ok(block),
        // Only what is rooted is known to have been skipped.
        None if slot <= chain.tip().finalized => Err(errors::slot_skipped(slot)),
        _ => Err(errors::block_not_available(slot)),
    }
}

fn get_block(chain: &Chain, params: &[Value]) -> Answer {
    let slot: u64 = param(params, 0, "slot")?;
    let config = config(chain, params, 1)?;
    let block = visible(chain, slot, config.commitment.of_blocks(chain.tip())?)?;
    match (config.transaction_details.as_deref(), config.encoding) {
        (None | Some("full"), Encoding::Base64) => Ok(Reply::Result(block.clone())),
        (None | Some("full"), Encoding::Json) => Ok(Reply::Result(encode::json_block(block))),
        (Some("none"), _) => Ok(Reply::Result(without_transactions(block))),
        (Some(details), _) => {
            Err(errors::invalid_params(format!("recorded blocks have no transactionDetails {details}")))
        }
    }
}

/// Everything that a block says of itself.
fn without_transactions(block: &Bytes) -> Bytes {
    let mut fields: BTreeMap<&str, &RawValue> =
        serde_json::from_slice(block).unwrap_or_else(|e| panic!("a recorded block is unreadable: {e}"));
    fields.remove("transactions");
    serde_json::to_vec(&fields).expect("JSON values serialise").into()
}

fn get_block_time(chain: &Chain, params: &[Value]) -> Answer {
    let block = visible(chain, param(params, 0, "slot")?, chain.tip().confirmed)?;
    Ok(Reply::json(&parts(block).block_time))
}

fn get_signatures(chain: &Chain, params: &[Value]) -> Answer {
    let address: String = param(params, 0, "address")?;
    let config = config(chain, params, 1)?;
    let tip = config.commitment.of_blocks(chain.tip())?;
    let limit = config.limit.unwrap_or(MAX_SIGNATURES);
    if !(1..=MAX_SIGNATURES).contains(&limit) {
        return Err(errors::invalid_params(format!("Invalid limit; max {MAX_SIGNATURES}")));
    }
    let index = chain.index();
    let place = |signature: &String| index.by_signature.get(signature).copied();
    // A node that does not know the signature has nothing before it.
    let before = match &config.before {
        Some(signature) => place(signature).unwrap_or_default(),
        None => (u64::MAX, 0),
    };
    let until = config.until.as_ref().and_then(place);
    let all = index.by_address.get(&address).map_or(&[][..], Vec::as_slice);
    let wanted = all.iter().rev().filter(|p| p.0 <= tip && p.0 >= chain.first_available() && **p < before);
    let wanted = wanted.take_while(|p| until.is_none_or(|until| **p > until)).take(limit);
    Ok(Reply::json(&wanted.map(|place| signature_entry(chain, *place)).collect::<Vec<_>>()))
}

fn status_of(chain: &Chain, slot: u64) -> &'static str {
    if slot <= chain.tip().finalized { "finalized" } else { "confirmed" }
}

#[derive(Deserialize)]
struct Failed {
    err: Value,
}

#[derive(Deserialize)]
struct WithMeta {
    meta: Failed,
}

fn err_of(parts: &Parts<'_>, at: usize) -> Value {
    let read = serde_json::from_str::<WithMeta>(parts.transactions[at].get());
    read.map_or(Value::Null, |transaction| transaction.meta.err)
}

fn signature_entry(chain: &Chain, place: Place) -> Value {
    let (slot, at) = place;
    let parts = parts(chain.block(slot).expect("indexed blocks are there"));
    json!({
        "signature": chain.index().signatures[&place], "slot": slot, "err": err_of(&parts, at), "memo": null,
        "blockTime": parts.block_time, "confirmationStatus": status_of(chain, slot),
    })
}

fn get_statuses(chain: &Chain, params: &[Value]) -> Answer {
    let signatures: Vec<String> = param(params, 0, "signatures")?;
    if signatures.len() > MAX_STATUSES {
        return Err(errors::invalid_params(format!("Too many inputs provided; max {MAX_STATUSES}")));
    }
    let tip = chain.tip();
    let status = |signature: &String| {
        let (slot, at) = *chain.index().by_signature.get(signature).filter(|place| place.0 <= tip.confirmed)?;
        let err = err_of(&parts(chain.block(slot)?), at);
        let confirmations = (slot > tip.finalized).then(|| tip.confirmed - slot);
        let status = if err.is_null() { json!({ "Ok": null }) } else { json!({ "Err": err }) };
        Some(json!({
            "slot": slot, "confirmations": confirmations, "err": err, "status": status,
            "confirmationStatus": status_of(chain, slot),
        }))
    };
    let found: Vec<Option<Value>> = signatures.iter().map(status).collect();
    Ok(Reply::json(&in_context(tip.confirmed, json!(found))))
}

fn get_transaction(chain: &Chain, params: &[Value]) -> Answer {
    let signature: String = param(params, 0, "signature")?;
    let config = config(chain, params, 1)?;
    let tip = config.commitment.of_blocks(chain.tip())?;
    let Some((slot, at)) = chain.index().by_signature.get(&signature).filter(|place| place.0 <= tip) else {
        return Ok(Reply::json(&Value::Null));
    };
    let block = match config.encoding {
        Encoding::Base64 => chain.block(*slot).expect("indexed blocks are there").clone(),
        Encoding::Json => encode::json_block(chain.block(*slot).expect("indexed blocks are there")),
    };
    let parts = parts(&block);
    let rest = parts.transactions[*at].get().strip_prefix('{').expect("a transaction is an object");
    let head = json!({ "slot": slot, "blockTime": parts.block_time }).to_string();
    Ok(Reply::Result(format!("{},{rest}", head.trim_end_matches('}')).into()))
}
