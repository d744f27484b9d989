//! What was sent to the virtual machine, as a node would have put it in blocks.
use crate::vm::{Vm, slot_hash};
use anchor_lang::prelude::Pubkey;
use litesvm::types::{TransactionMetadata, TransactionResult};
use solana_account::ReadableAccount;
use solana_account_decoder_client_types::token::UiTokenAmount;
use solana_signature::Signature;
use solana_transaction::Transaction;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status::{
    BlockEncodingOptions, ConfirmedBlock, InnerInstruction, InnerInstructions, TransactionDetails,
    TransactionStatusMeta, TransactionTokenBalance, TransactionWithStatusMeta, UiConfirmedBlock, UiTransactionEncoding,
    VersionedTransactionWithStatusMeta,
};

/// Where a token account's and a mint's fields lie.
const MINT: std::ops::Range<usize> = 0..32;
const OWNER: std::ops::Range<usize> = 32..64;
const AMOUNT: std::ops::Range<usize> = 64..72;
const TOKENS: usize = 165;
const DECIMALS: usize = 44;

/// Lamports and tokens of a transaction's accounts, at one moment.
#[derive(Clone)]
pub struct Balances {
    lamports: Vec<u64>,
    tokens: Vec<TransactionTokenBalance>,
}

/// A transaction that was sent, and what came of it.
#[derive(Clone)]
pub struct Sent {
    pub slot: u64,
    /// The clock, unix seconds.
    pub time: i64,
    pub transaction: Transaction,
    pub before: Balances,
    pub after: Balances,
    pub result: TransactionResult,
}

impl Balances {
    /// Of the accounts that a message names, in its order.
    pub fn read(vm: &Vm, keys: &[Pubkey]) -> Self {
        let tokens = keys.iter().enumerate().filter_map(|(at, key)| token_balance(vm, at, key));
        Balances { lamports: keys.iter().map(|key| vm.lamports(key)).collect(), tokens: tokens.collect() }
    }
}

fn token_balance(vm: &Vm, at: usize, key: &Pubkey) -> Option<TransactionTokenBalance> {
    let account = vm.account_ref(key)?;
    let ours = [anchor_spl::token::ID, anchor_spl::token_2022::ID].contains(account.owner());
    let data = account.data();
    // A longer one says behind its fields whether it is a token account: 2.
    let holds = data.len() == TOKENS || data.get(TOKENS) == Some(&2);
    if !ours || !holds {
        return None;
    }
    let mint = Pubkey::try_from(&data[MINT]).ok()?;
    let decimals = *vm.account_ref(&mint)?.data().get(DECIMALS)?;
    let amount = u64::from_le_bytes(data[AMOUNT].try_into().ok()?);
    let whole = amount as f64 / 10f64.powi(decimals.into());
    let ui_amount = UiTokenAmount {
        ui_amount: Some(whole),
        decimals,
        amount: amount.to_string(),
        ui_amount_string: whole.to_string(),
    };
    Some(TransactionTokenBalance {
        account_index: u8::try_from(at).ok()?,
        mint: mint.to_string(),
        ui_token_amount: ui_amount,
        owner: Pubkey::try_from(&data[OWNER]).ok()?.to_string(),
        program_id: account.owner().to_string(),
    })
}

impl Sent {
    /// Whether a leader would have put it in a block: it succeeded, or failed while it ran and paid its fee.
    pub fn is_included(&self) -> bool {
        match &self.result {
            Ok(_) => true,
            Err(failed) => matches!(failed.err, TransactionError::InstructionError(..)),
        }
    }

    /// As a block holds it. One that nobody signed gets a signature that only `number` and its message decide.
    pub fn with_meta(self, number: u64) -> TransactionWithStatusMeta {
        let Sent { mut transaction, before, after, result, .. } = self;
        if transaction.signatures.iter().any(|s| *s == Signature::default()) {
            let message = transaction.message_data();
            for (signer, signature) in transaction.signatures.iter_mut().enumerate() {
                let half =
                    |half: u8| judge::sha256(&[b"signature", &number.to_le_bytes(), &[signer as u8, half], &message]);
                let whole: [u8; 64] = [half(0), half(1)].concat().try_into().expect("two hashes are a signature");
                *signature = Signature::from(whole);
            }
        }
        let (status, meta) = match result {
            Ok(meta) => (Ok(()), meta),
            Err(failed) => (Err(failed.err), failed.meta),
        };
        let TransactionMetadata { logs, inner_instructions, compute_units_consumed, fee, .. } = meta;
        let groups = inner_instructions.into_iter().zip(0u8..).filter(|(group, _)| !group.is_empty());
        let inner = groups.map(|(group, index)| InnerInstructions {
            index,
            instructions: group
                .into_iter()
                .map(|i| InnerInstruction { instruction: i.instruction, stack_height: Some(i.stack_height.into()) })
                .collect(),
        });
        let meta = TransactionStatusMeta {
            status,
            fee,
            pre_balances: before.lamports,
            post_balances: after.lamports,
            inner_instructions: Some(inner.collect()),
            log_messages: Some(logs),
            pre_token_balances: Some(before.tokens),
            post_token_balances: Some(after.tokens),
            rewards: Some(vec![]),
            compute_units_consumed: Some(compute_units_consumed),
            ..TransactionStatusMeta::default()
        };
        let transaction = VersionedTransaction::from(transaction);
        TransactionWithStatusMeta::Complete(VersionedTransactionWithStatusMeta { transaction, meta })
    }
}

/// A block of `slot` after one of `parent_slot`, as `getBlock` returns it.
///
/// # Panics
/// If a transaction cannot be encoded.
pub fn block(
    slot: u64,
    parent_slot: u64,
    height: u64,
    time: i64,
    transactions: Vec<TransactionWithStatusMeta>,
) -> UiConfirmedBlock {
    let hash = |slot: u64| Pubkey::from(slot_hash(slot)).to_string();
    let block = ConfirmedBlock {
        previous_blockhash: hash(parent_slot),
        blockhash: hash(slot),
        parent_slot,
        transactions,
        rewards: vec![],
        num_partitions: None,
        block_time: Some(time),
        block_height: Some(height),
    };
    let options = BlockEncodingOptions {
        transaction_details: TransactionDetails::Full,
        show_rewards: false,
        max_supported_transaction_version: Some(0),
    };
    let encoded = block.encode_with_options(UiTransactionEncoding::Base64, options);
    encoded.unwrap_or_else(|e| panic!("slot {slot}: {e:?}"))
}
