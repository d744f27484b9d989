//! Blocks as the stream writes them, to blocks as the indexer reads them.
use indexer::{Block, InnerInstruction, Program, Transaction};
use std::sync::LazyLock;
use yellowstone_grpc_proto::prelude as proto;

static PROGRAMS: LazyLock<[[u8; 32]; Program::ALL.len()]> = LazyLock::new(|| Program::ALL.map(Program::id));

/// Keeps what mentions our programs and succeeded.
///
/// # Errors
/// Something is missing, in words that go on after "block 7".
pub fn block(block: proto::SubscribeUpdateBlock) -> Result<Block, String> {
    let (had, has) = (block.executed_transaction_count, block.transactions.len());
    if u64::try_from(has) != Ok(had) {
        return Err(format!("has {has} of its {had} transactions"));
    }
    let mut all = block.transactions;
    all.sort_unstable_by_key(|transaction| transaction.index);
    let mut transactions = Vec::new();
    for (transaction, place) in all.into_iter().zip(0_u32..) {
        if transaction.index != u64::from(place) {
            return Err(format!("has no transaction {place}"));
        }
        let reduced = reduce(transaction, place).map_err(|what| format!("transaction {place} {what}"))?;
        transactions.extend(reduced);
    }
    Ok(Block {
        slot: block.slot,
        parent_slot: block.parent_slot,
        blockhash: block.blockhash,
        previous_blockhash: block.parent_blockhash,
        time: block.block_time.map(|time| time.timestamp),
        transactions,
    })
}

fn reduce(transaction: proto::SubscribeUpdateTransactionInfo, index: u32) -> Result<Option<Transaction>, String> {
    let message = transaction.transaction.and_then(|transaction| transaction.message).ok_or("has no message")?;
    // Without the metadata, addresses from lookup tables are unknown: such a transaction might be ours.
    let meta = transaction.meta.ok_or("has no metadata")?;
    if meta.err.is_some() {
        return Ok(None);
    }
    let named = message.address_table_lookups.iter().map(|l| l.writable_indexes.len() + l.readonly_indexes.len());
    let (named, has) =
        (named.sum::<usize>(), meta.loaded_writable_addresses.len() + meta.loaded_readonly_addresses.len());
    // One of those that are missing might be a program of ours.
    if has != named {
        return Err(format!("has {has} of the {named} addresses that it looks up in tables"));
    }
    let loaded = meta.loaded_writable_addresses.iter().chain(&meta.loaded_readonly_addresses);
    let keys = message.account_keys.iter().chain(loaded).map(|key| {
        <[u8; 32]>::try_from(key.as_slice()).map_err(|_| format!("has an account key of {} bytes", key.len()))
    });
    let keys: Vec<[u8; 32]> = keys.collect::<Result<_, _>>()?;
    if !keys.iter().any(|key| PROGRAMS.contains(key)) {
        return Ok(None);
    }
    if meta.inner_instructions_none {
        return Err("has no record of inner instructions".into());
    }
    let signature = transaction.signature.try_into().map_err(|_| "has no signature")?;
    let mut inner = Vec::new();
    for group in meta.inner_instructions {
        let instruction_index = u8::try_from(group.index).map_err(|_| "has too many instructions")?;
        for (instruction, place) in group.instructions.into_iter().zip(0_u16..) {
            inner.push(resolve(instruction_index, place, instruction, &keys)?);
        }
    }
    Ok(Some(Transaction { index, signature, inner }))
}

fn resolve(
    instruction_index: u8,
    inner_index: u16,
    instruction: proto::InnerInstruction,
    keys: &[[u8; 32]],
) -> Result<InnerInstruction, String> {
    let key = |index: u32| {
        let found = usize::try_from(index).ok().and_then(|index| keys.get(index));
        found.copied().ok_or_else(|| format!("has no account {index}"))
    };
    Ok(InnerInstruction {
        instruction_index,
        inner_index,
        program: key(instruction.program_id_index)?,
        accounts: instruction.accounts.iter().map(|index| key(u32::from(*index))).collect::<Result<_, _>>()?,
        data: instruction.data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of one transaction that looks up two addresses and has `loaded` of them.
    fn looked_up(loaded: &[[u8; 32]]) -> proto::SubscribeUpdateBlock {
        let lookup = proto::MessageAddressTableLookup {
            account_key: vec![6; 32],
            writable_indexes: vec![7],
            readonly_indexes: vec![8],
        };
        let message = proto::Message {
            account_keys: vec![vec![1; 32]],
            address_table_lookups: vec![lookup],
            ..Default::default()
        };
        let meta = proto::TransactionStatusMeta {
            loaded_readonly_addresses: loaded.iter().map(|key| key.to_vec()).collect(),
            ..Default::default()
        };
        let transaction = proto::SubscribeUpdateTransactionInfo {
            signature: vec![9; 64],
            transaction: Some(proto::Transaction { signatures: vec![vec![9; 64]], message: Some(message) }),
            meta: Some(meta),
            ..Default::default()
        };
        let transactions = vec![transaction];
        proto::SubscribeUpdateBlock { executed_transaction_count: 1, transactions, ..Default::default() }
    }

    #[test]
    fn a_transaction_without_all_addresses_that_it_looks_up_is_incomplete() {
        let ours = Program::Jobs.id();
        assert_eq!(block(looked_up(&[[2; 32], ours])).unwrap().transactions.len(), 1);
        assert_eq!(block(looked_up(&[[2; 32], [3; 32]])).unwrap().transactions.len(), 0, "a foreign one");
        for loaded in [&[][..], &[[2; 32]]] {
            let error = block(looked_up(loaded)).unwrap_err();
            let expected = format!("transaction 0 has {} of the 2 addresses that it looks up in tables", loaded.len());
            assert_eq!(error, expected);
        }
    }
}
