//! What a node says of a block, reduced to what is ours.
use crate::decode::Program;
use crate::source::{Block, InnerInstruction, SourceError, Transaction};
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, UiCompiledInstruction, UiConfirmedBlock, UiInstruction,
    UiMessage, UiTransactionStatusMeta,
};
use std::sync::LazyLock;

/// In base58, as nodes write them: most transactions of a busy chain are told apart without decoding a key.
static PROGRAM_IDS: LazyLock<[String; Program::ALL.len()]> =
    LazyLock::new(|| Program::ALL.map(|program| bs58::encode(program.id()).into_string()));

/// Keeps what mentions our programs and succeeded.
pub fn reduce(slot: u64, block: UiConfirmedBlock) -> Result<Block, SourceError> {
    let incomplete = |what: &str| SourceError::Incomplete { slot, what: what.to_owned() };
    let encoded = block.transactions.ok_or_else(|| incomplete("has no list of transactions"))?;
    let mut transactions = Vec::new();
    for (index, transaction) in encoded.into_iter().enumerate() {
        let reduced =
            reduce_transaction(transaction).map_err(|what| incomplete(&format!("transaction {index} {what}")))?;
        if let Some((signature, inner)) = reduced {
            let index = u32::try_from(index).map_err(|_| incomplete("has too many transactions"))?;
            transactions.push(Transaction { index, signature, inner });
        }
    }
    Ok(Block {
        slot,
        parent_slot: block.parent_slot,
        blockhash: block.blockhash,
        previous_blockhash: block.previous_blockhash,
        time: block.block_time,
        transactions,
    })
}

type Reduced = ([u8; 64], Vec<InnerInstruction>);

fn reduce_transaction(transaction: EncodedTransactionWithStatusMeta) -> Result<Option<Reduced>, String> {
    let EncodedTransaction::Json(ui) = transaction.transaction else { return Err("is not in JSON".into()) };
    let UiMessage::Raw(message) = ui.message else { return Err("is parsed although raw was asked for".into()) };
    let meta = transaction.meta;
    let mut keys = message.account_keys;
    if let Some(OptionSerializer::Some(loaded)) = meta.as_ref().map(|m| &m.loaded_addresses) {
        keys.extend(loaded.writable.iter().chain(&loaded.readonly).cloned());
    }
    // Without the metadata, addresses from lookup tables are unknown: such a transaction might be ours.
    let Some(meta) = meta else { return Err("has no metadata".into()) };
    if meta.err.is_some() {
        return Ok(None);
    }
    if !keys.iter().any(|key| PROGRAM_IDS.contains(key)) {
        return Ok(None);
    }
    let keys: Vec<[u8; 32]> = keys.iter().map(|key| base58(key)).collect::<Result<_, _>>()?;
    let signature = base58(ui.signatures.first().ok_or("has no signature")?)?;
    Ok(Some((signature, inner_instructions(&meta, &keys)?)))
}

fn inner_instructions(meta: &UiTransactionStatusMeta, keys: &[[u8; 32]]) -> Result<Vec<InnerInstruction>, String> {
    let OptionSerializer::Some(groups) = &meta.inner_instructions else {
        return Err("has no record of inner instructions".into());
    };
    let mut inner = Vec::new();
    for group in groups {
        for (inner_index, instruction) in group.instructions.iter().enumerate() {
            let UiInstruction::Compiled(compiled) = instruction else {
                return Err("has parsed inner instructions although raw ones were asked for".into());
            };
            let inner_index = u16::try_from(inner_index).map_err(|_| "has too many inner instructions")?;
            inner.push(resolve(group.index, inner_index, compiled, keys)?);
        }
    }
    Ok(inner)
}

fn resolve(
    instruction_index: u8,
    inner_index: u16,
    compiled: &UiCompiledInstruction,
    keys: &[[u8; 32]],
) -> Result<InnerInstruction, String> {
    let key = |index: &u8| keys.get(usize::from(*index)).copied().ok_or(format!("has no account {index}"));
    Ok(InnerInstruction {
        instruction_index,
        inner_index,
        program: key(&compiled.program_id_index)?,
        accounts: compiled.accounts.iter().map(key).collect::<Result<_, _>>()?,
        data: bs58::decode(&compiled.data).into_vec().map_err(|e| format!("has unreadable data: {e}"))?,
    })
}

fn base58<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    match bs58::decode(text).onto(&mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        Ok(length) => Err(format!("has {length} bytes in {text}, not {N}")),
        Err(error) => Err(format!("has unreadable base58 {text}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn key(byte: u8) -> String {
        bs58::encode([byte; 32]).into_string()
    }

    /// A transaction that calls the program through a lookup table, as nodes write it.
    fn transaction() -> Value {
        json!({
            "version": 0,
            "transaction": {
                "signatures": [bs58::encode([9; 64]).into_string()],
                "message": {
                    "header": { "numRequiredSignatures": 1, "numReadonlySignedAccounts": 0,
                                "numReadonlyUnsignedAccounts": 0 },
                    "accountKeys": [key(1), key(2)],
                    "recentBlockhash": key(3),
                    "instructions": [],
                    "addressTableLookups": []
                }
            },
            "meta": {
                "err": null, "status": { "Ok": null }, "fee": 5000, "preBalances": [], "postBalances": [],
                "innerInstructions": [
                    { "index": 1, "instructions": [
                        { "programIdIndex": 1, "accounts": [0], "data": "", "stackHeight": 2 },
                        { "programIdIndex": 3, "accounts": [2, 0], "data": bs58::encode(b"event").into_string(),
                          "stackHeight": 3 }
                    ] }
                ],
                "logMessages": [], "preTokenBalances": [], "postTokenBalances": [], "rewards": [],
                "loadedAddresses": { "writable": [key(4)], "readonly": [PROGRAM_IDS[1]] },
                "computeUnitsConsumed": 1
            }
        })
    }

    fn reduced(change: impl FnOnce(&mut Value)) -> Result<Block, SourceError> {
        let mut transaction = transaction();
        change(&mut transaction);
        let block = json!({
            "previousBlockhash": "p", "blockhash": "b", "parentSlot": 6, "blockTime": 100, "blockHeight": 5,
            "transactions": [transaction]
        });
        reduce(7, serde_json::from_value(block).unwrap())
    }

    #[test]
    fn inner_instructions_are_found_through_lookup_tables_at_any_depth() {
        let block = reduced(|_| {}).unwrap();
        assert_eq!((block.slot, block.parent_slot, block.time), (7, 6, Some(100)));
        let found = &block.transactions[0];
        assert_eq!((found.index, found.signature), (0, [9; 64]));
        let event = InnerInstruction {
            instruction_index: 1,
            inner_index: 1,
            program: Program::Jobs.id(),
            accounts: vec![[4; 32], [1; 32]],
            data: b"event".to_vec(),
        };
        assert_eq!(found.inner[1], event);
    }

    #[test]
    fn failed_and_foreign_transactions_are_left_out() {
        let failed = reduced(|t| t["meta"]["err"] = json!({ "InstructionError": [0, { "Custom": 1 }] })).unwrap();
        assert_eq!(failed.transactions, []);
        let foreign = reduced(|t| t["meta"]["loadedAddresses"]["readonly"] = json!([key(5)])).unwrap();
        assert_eq!(foreign.transactions, []);
    }

    #[test]
    fn a_block_that_does_not_say_everything_is_incomplete() {
        for (change, expected) in [
            (reduced(|t| t["meta"] = Value::Null), "has no metadata"),
            (reduced(|t| t["meta"]["innerInstructions"] = Value::Null), "has no record of inner instructions"),
            (
                reduced(|t| t["meta"]["innerInstructions"][0]["instructions"][1]["accounts"] = json!([9])),
                "has no account 9",
            ),
            (reduced(|t| t["transaction"]["signatures"] = json!([])), "has no signature"),
        ] {
            let error = change.unwrap_err().to_string();
            assert_eq!(error, format!("block 7: transaction 0 {expected}"));
        }
    }
}
