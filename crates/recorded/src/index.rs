//! Where signatures and addresses are, made when first asked for.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use solana_transaction_status_client_types::EncodedTransactionWithStatusMeta;
use std::collections::{BTreeMap, HashMap};

/// A transaction's place: slot, and position in its block.
pub type Place = (u64, usize);

#[derive(Default)]
pub struct Index {
    pub by_signature: HashMap<String, Place>,
    /// Ascending.
    pub by_address: HashMap<String, Vec<Place>>,
    pub signatures: BTreeMap<Place, String>,
}

/// A block's transactions, each as its text, and what the methods about single transactions need beside them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts<'a> {
    #[serde(borrow, default)]
    pub transactions: Vec<&'a RawValue>,
    pub block_time: Option<i64>,
    pub block_height: Option<u64>,
    pub blockhash: String,
}

/// # Panics
/// If the recording holds a block that is none.
pub fn parts(block: &Bytes) -> Parts<'_> {
    serde_json::from_slice(block).unwrap_or_else(|e| panic!("a recorded block is unreadable: {e}"))
}

impl Index {
    /// # Panics
    /// If the recording holds a transaction that is not in base64.
    pub fn of<'a>(blocks: impl Iterator<Item = (u64, &'a Bytes)>) -> Self {
        let mut index = Index::default();
        for (slot, block) in blocks {
            for (at, text) in parts(block).transactions.into_iter().enumerate() {
                let transaction: EncodedTransactionWithStatusMeta =
                    serde_json::from_str(text.get()).unwrap_or_else(|e| panic!("slot {slot}, transaction {at}: {e}"));
                let decoded = transaction.transaction.decode();
                let decoded = decoded.unwrap_or_else(|| panic!("slot {slot}, transaction {at} is not in base64"));
                let place = (slot, at);
                let signature = decoded.signatures[0].to_string();
                index.signatures.insert(place, signature.clone());
                index.by_signature.insert(signature, place);
                let mut addresses: Vec<String> =
                    decoded.message.static_account_keys().iter().map(ToString::to_string).collect();
                let loaded = transaction.meta.and_then(|meta| Option::from(meta.loaded_addresses));
                if let Some(solana_transaction_status_client_types::UiLoadedAddresses { writable, readonly }) = loaded {
                    addresses.extend(writable.into_iter().chain(readonly));
                }
                for address in addresses {
                    index.by_address.entry(address).or_default().push(place);
                }
            }
        }
        index
    }
}
