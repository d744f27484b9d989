//! What a node says of a block, reduced to what is ours.
use crate::decode::Program;
use crate::source::{Block, InnerInstruction, SourceError, Transaction};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction,
    UiConfirmedBlock, UiInstruction, UiTransactionStatusMeta,
};

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
    // Without the metadata, addresses from lookup tables are unknown: such a transaction might be ours.
    let Some(meta) = transaction.meta else { return Err("has no metadata".into()) };
    if meta.err.is_some() {
        return Ok(None);
    }
    let EncodedTransaction::Binary(wire, TransactionBinaryEncoding::Base64) = transaction.transaction else {
        return Err("is not in base64".into());
    };
    let wire = BASE64.decode(wire).map_err(|e| format!("has unreadable base64: {e}"))?;
    let Head { signature, mut keys, looked_up } = head(&wire).ok_or("is cut short")?;
    let own = keys.len();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        for key in loaded.writable.iter().chain(&loaded.readonly) {
            keys.push(base58(key)?);
        }
    }
    // One of those that are missing might be a program of ours.
    let loaded = keys.len() - own;
    if loaded != looked_up {
        return Err(format!("has {loaded} of the {looked_up} addresses that it looks up in tables"));
    }
    if !keys.iter().any(|key| Program::of(key).is_some()) {
        return Ok(None);
    }
    Ok(Some((signature, inner_instructions(&meta, &keys)?)))
}

/// What a transaction says before it runs.
#[derive(Debug, PartialEq)]
struct Head {
    /// The first one.
    signature: [u8; 64],
    /// Those in the message itself.
    keys: Vec<[u8; 32]>,
    /// How many more it takes out of lookup tables.
    looked_up: usize,
}

/// Reads a transaction as it goes over the wire.
fn head(wire: &[u8]) -> Option<Head> {
    let (signatures, rest) = length(wire)?;
    let signature = *rest.first_chunk::<64>()?;
    let message = rest.get(signatures.checked_mul(64)?..)?;
    // A first bit that is set tells a message with a version.
    let versioned = message.first()? & 0x80 != 0;
    let message = if versioned { &message[1..] } else { message };
    let (count, rest) = length(message.get(3..)?)?;
    let end = count.checked_mul(32)?;
    let keys = rest.get(..end)?.as_chunks::<32>().0.to_vec();
    let looked_up = if versioned { lookups(rest.get(end..)?)? } else { 0 };
    Some(Head { signature, keys, looked_up })
}

/// How many addresses the lookups name, from a message's blockhash on.
fn lookups(message: &[u8]) -> Option<usize> {
    let (instructions, mut rest) = length(message.get(32..)?)?;
    for _ in 0..instructions {
        // The program, its accounts, its data.
        rest = skip(rest.get(1..)?)?.1;
        rest = skip(rest)?.1;
    }
    let (tables, mut rest) = length(rest)?;
    let mut named = 0;
    for _ in 0..tables {
        // The table, the writable ones, the others.
        let (writable, after) = skip(rest.get(32..)?)?;
        let (readonly, after) = skip(after)?;
        named += writable + readonly;
        rest = after;
    }
    Some(named)
}

/// Passes bytes that come after their number.
fn skip(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (count, rest) = length(bytes)?;
    Some((count, rest.get(count..)?))
}

/// Seven bits to a byte, the lowest first, at most three bytes.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (at, byte) in bytes.iter().take(3).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[at + 1..]));
        }
    }
    None
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
            inner.extend(resolve(group.index, inner_index, compiled, keys)?);
        }
    }
    Ok(inner)
}

fn resolve(
    instruction_index: u8,
    inner_index: u16,
    compiled: &UiCompiledInstruction,
    keys: &[[u8; 32]],
) -> Result<Option<InnerInstruction>, String> {
    let key = |index: &u8| keys.get(usize::from(*index)).copied().ok_or(format!("has no account {index}"));
    let program = key(&compiled.program_id_index)?;
    if Program::of(&program).is_none() {
        return Ok(None);
    }
    let accounts = compiled.accounts.iter().map(key).collect::<Result<_, _>>()?;
    let data = bs58::decode(&compiled.data).into_vec().map_err(|e| format!("has unreadable data: {e}"))?;
    Ok(Some(InnerInstruction { instruction_index, inner_index, program, accounts, data }))
}

fn base58<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    match bs58::decode(text).onto(&mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        Ok(length) => Err(format!("has {length} bytes in a base58 text, not {N}")),
        Err(error) => Err(format!("has unreadable base58: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn key(byte: u8) -> String {
        bs58::encode([byte; 32]).into_string()
    }

    /// With an instruction; one with a version looks up account 7 and account 8 of a table.
    fn wire(versioned: bool, keys: &[[u8; 32]]) -> String {
        let mut wire = [&[1][..], &[9; 64]].concat();
        wire.extend(versioned.then_some(0x80));
        wire.extend([1, 0, 0, u8::try_from(keys.len()).unwrap()]);
        wire.extend(keys.concat());
        // The recent blockhash; a program, two accounts, three bytes of data.
        wire.extend([[3; 32].as_slice(), &[1, 1, 2, 0, 1, 3, 5, 5, 5]].concat());
        if versioned {
            wire.extend([&[1][..], &[6; 32], &[1, 7, 1, 8]].concat());
        }
        BASE64.encode(wire)
    }

    /// A transaction that calls the program through a lookup table, as nodes write it.
    fn transaction() -> Value {
        json!({
            "version": 0,
            "transaction": [wire(true, &[[1; 32], [2; 32]]), "base64"],
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
                "loadedAddresses": { "writable": [key(4)], "readonly": [ours()] },
                "computeUnitsConsumed": 1
            }
        })
    }

    fn ours() -> String {
        bs58::encode(Program::Jobs.id()).into_string()
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
        assert_eq!(found.inner, [event], "and nothing of other programs");
    }

    #[test]
    fn messages_with_and_without_a_version_have_their_addresses_read() {
        let keys: Vec<[u8; 32]> = (0..200).map(|n| [n; 32]).collect();
        for (versioned, count, looked_up) in [(true, 127, 2), (false, 5, 0)] {
            let expected = Head { signature: [9; 64], keys: keys[..count].to_vec(), looked_up };
            assert_eq!(head(&BASE64.decode(wire(versioned, &keys[..count])).unwrap()), Some(expected));
        }
        assert_eq!(length(&[0xc8, 0x01, 7]), Some((200, &[7][..])));
        assert_eq!(length(&[0xff, 0xff, 0xff, 1]), None);
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
            (reduced(|t| t["transaction"][0] = json!(BASE64.encode([1; 60]))), "is cut short"),
            (
                reduced(|t| t["meta"]["loadedAddresses"] = Value::Null),
                "has 0 of the 2 addresses that it looks up in tables",
            ),
            (
                reduced(|t| drop(t["meta"].as_object_mut().unwrap().remove("loadedAddresses"))),
                "has 0 of the 2 addresses that it looks up in tables",
            ),
            (
                reduced(|t| t["meta"]["loadedAddresses"]["readonly"] = json!([])),
                "has 1 of the 2 addresses that it looks up in tables",
            ),
            (reduced(|t| t["transaction"] = json!(["", "base58"])), "is not in base64"),
        ] {
            let error = change.unwrap_err().to_string();
            assert_eq!(error, format!("block 7: transaction 0 {expected}"));
        }
    }
}
