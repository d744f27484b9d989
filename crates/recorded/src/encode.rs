//! The same block in the other encoding that clients ask for.
use bytes::Bytes;
use solana_transaction_status_client_types::{
    EncodedTransaction, UiCompiledInstruction, UiConfirmedBlock, UiMessage, UiRawMessage, UiTransaction,
};

/// Transactions in `json` instead of `base64`.
///
/// # Panics
/// If the recording holds what is not a block in base64.
pub fn json_block(block: &Bytes) -> Bytes {
    let mut block: UiConfirmedBlock =
        serde_json::from_slice(block).unwrap_or_else(|e| panic!("a recorded block is unreadable: {e}"));
    for encoded in block.transactions.iter_mut().flatten() {
        let decoded = encoded.transaction.decode().expect("recorded transactions are in base64");
        let message = &decoded.message;
        let lookups = message.address_table_lookups().map(|all| all.iter().map(Into::into).collect());
        encoded.transaction = EncodedTransaction::Json(UiTransaction {
            signatures: decoded.signatures.iter().map(ToString::to_string).collect(),
            message: UiMessage::Raw(UiRawMessage {
                header: *message.header(),
                account_keys: message.static_account_keys().iter().map(ToString::to_string).collect(),
                recent_blockhash: message.recent_blockhash().to_string(),
                instructions: message.instructions().iter().map(|i| UiCompiledInstruction::from(i, Some(1))).collect(),
                address_table_lookups: lookups,
                transaction_config: None,
            }),
        });
    }
    serde_json::to_vec(&block).expect("blocks serialise").into()
}
}
