//! Reads blocks from an RPC node into a recording.
use crate::RecordedError;
use crate::format::{Header, Writer};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Longest wait for one answer.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// How often a block that is listed but not served is asked for, and the pause between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// Slots to one listing.
const SPAN: u64 = 10_000;

#[derive(Deserialize)]
struct Answer {
    result: Option<Box<RawValue>>,
    error: Option<Value>,
}

struct Node {
    client: reqwest::Client,
    url: String,
}

impl Node {
    async fn call(&self, method: &str, params: Value) -> Result<Box<RawValue>, RecordedError> {
        let fail = |what: String| RecordedError::Rpc { url: self.url.clone(), method: method.to_owned(), what };
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let sent = self.client.post(&self.url).json(&body).send().await.and_then(|r| r.error_for_status());
        // Without the address, which may hold a key: the error names it once already.
        let text = sent.map_err(|e| fail(e.without_url().to_string()))?.bytes().await;
        let text = text.map_err(|e| fail(e.without_url().to_string()))?;
        let answer: Answer = serde_json::from_slice(&text).map_err(|e| fail(e.to_string()))?;
        match (answer.result, answer.error) {
            (Some(result), _) => Ok(result),
            (None, error) => Err(fail(error.map_or("null".into(), |e| e.to_string()))),
        }
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, RecordedError> {
        let result = self.call(method, params).await?;
        let fail = |what: String| RecordedError::Rpc { url: self.url.clone(), method: method.to_owned(), what };
        serde_json::from_str(result.get()).map_err(|e| fail(e.to_string()))
    }

    async fn block(&self, slot: u64) -> Result<Box<RawValue>, RecordedError> {
        let config = json!({
            "encoding": "base64", "transactionDetails": "full", "rewards": false, "commitment": "confirmed",
            "maxSupportedTransactionVersion": 0,
        });
        let mut attempt = 1;
        loop {
            match self.call("getBlock", json!([slot, config])).await {
                Err(_) if attempt < ATTEMPTS => tokio::time::sleep(PAUSE).await,
                result => return result,
            }
            attempt += 1;
        }
    }
}

/// Records the confirmed blocks from `first` to `last` inclusive, by default up to the tip. Returns how many there were.
///
/// # Errors
/// The node does not answer, does not serve a block that it lists, or the file cannot be written; then there is no file.
pub async fn record(url: &str, first: u64, last: Option<u64>, path: &Path) -> Result<u64, RecordedError> {
    let client = reqwest::Client::builder().timeout(CALL_LIMIT).build();
    let fail =
        |e: reqwest::Error| RecordedError::Rpc { url: url.to_owned(), method: "connect".into(), what: e.to_string() };
    let node = Node { client: client.map_err(fail)?, url: url.to_owned() };
    let confirmed = json!({ "commitment": "confirmed" });
    let tip: u64 = node.read("getSlot", json!([confirmed])).await?;
    let last = last.unwrap_or(tip).min(tip);
    let genesis_hash: String = node.read("getGenesisHash", json!([])).await?;
    let mut writer = Writer::create(path, &Header::new(genesis_hash, first))?;
    let (mut from, mut count) = (first, 0);
    while from <= last {
        let to = last.min(from + SPAN - 1);
        let slots: Vec<u64> = node.read("getBlocks", json!([from, to, confirmed])).await?;
        for slot in slots {
            writer.block(slot, &node.block(slot).await?)?;
            count += 1;
        }
        from = to + 1;
    }
    writer.finish(None)?;
    Ok(count)
}
