//! What was done to an account: calls of one of our programs and the events that it emitted, read from the transactions that
//! touched the account.
use crate::{Chain, ClientError, Pubkey};
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::{AnchorDeserialize, Discriminator};
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signature::Signature;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, UiInstruction, UiTransactionEncoding,
};
use std::ops::ControlFlow;
use std::str::FromStr;

/// Signatures that a node gives at a time.
const PAGE: usize = 1_000;

/// An event as it was emitted: discriminator and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted(pub(crate) Vec<u8>);

impl Emitted {
    /// The event, if it is one of type `E`.
    pub fn read<E: Discriminator + AnchorDeserialize>(&self) -> Option<E> {
        E::try_from_slice(self.0.strip_prefix(E::DISCRIMINATOR)?).ok()
    }
}

/// An instruction as it was called, by a transaction or by another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub accounts: Vec<Pubkey>,
    /// Discriminator and arguments.
    pub(crate) data: Vec<u8>,
}

impl Call {
    /// The arguments, if it is a call of `I`. Like the programs, it does not mind bytes after them: whoever adds some hides nothing.
    pub fn read<I: Discriminator + AnchorDeserialize>(&self) -> Option<I> {
        I::deserialize(&mut self.data.strip_prefix(I::DISCRIMINATOR)?).ok()
    }
}

/// What one program did in a transaction that succeeded, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed {
    pub calls: Vec<Call>,
    pub events: Vec<Emitted>,
}

impl Chain {
    /// Shows `visit` what `program` did in the transactions that mention `address`, the newest first, until it has seen enough
    /// or the node remembers no more. Anybody can have a transaction mention any address: what is seen must say itself what it
    /// is about.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn walk(
        &self,
        program: &Pubkey,
        address: &Pubkey,
        mut visit: impl FnMut(Landed) -> ControlFlow<()>,
    ) -> Result<(), ClientError> {
        let commitment = Some(self.rpc().commitment());
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment,
            max_supported_transaction_version: Some(0),
        };
        let mut before = None;
        loop {
            let page =
                || GetConfirmedSignaturesForAddress2Config { before, until: None, limit: Some(PAGE), commitment };
            let found = self.retry(|| self.rpc().get_signatures_for_address_with_config(address, page())).await?;
            for transaction in found.iter().filter(|transaction| transaction.err.is_none()) {
                let Ok(signature) = Signature::from_str(&transaction.signature) else { continue };
                let transaction = self.retry(|| self.rpc().get_transaction_with_config(&signature, config)).await?;
                if visit(landed(program, transaction)).is_break() {
                    return Ok(());
                }
            }
            let last = found.last().and_then(|last| Signature::from_str(&last.signature).ok());
            if found.len() < PAGE || last == before {
                return Ok(());
            }
            before = last;
        }
    }
}

/// Only the program itself can call itself with its event authority, so whoever calls it otherwise has failed: what looks like
/// an event is one.
fn landed(program: &Pubkey, transaction: EncodedConfirmedTransactionWithStatusMeta) -> Landed {
    let transaction = transaction.transaction;
    let Some(meta) = transaction.meta else { return Landed::default() };
    let Some(decoded) = transaction.transaction.decode() else { return Landed::default() };
    let mut keys = decoded.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        keys.extend(loaded.writable.iter().chain(&loaded.readonly).filter_map(|key| key.parse::<Pubkey>().ok()));
    }
    let call = |of: u8, accounts: &[u8], data: Vec<u8>| {
        let key = |index: &u8| keys.get(usize::from(*index)).copied();
        let accounts = accounts.iter().map(key).collect::<Option<Vec<_>>>()?;
        (key(&of)? == *program).then_some(Call { accounts, data })
    };
    let groups = Option::<Vec<_>>::from(meta.inner_instructions).unwrap_or_default();
    let mut done = Landed::default();
    for (index, outer) in decoded.message.instructions().iter().enumerate() {
        done.calls.extend(call(outer.program_id_index, &outer.accounts, outer.data.clone()));
        let called = groups.iter().filter(|group| usize::from(group.index) == index);
        let inner = called.flat_map(|group| &group.instructions).filter_map(|inner| {
            let UiInstruction::Compiled(inner) = inner else { return None };
            call(inner.program_id_index, &inner.accounts, bs58::decode(&inner.data).into_vec().ok()?)
        });
        for inner in inner {
            match inner.data.strip_prefix(EVENT_IX_TAG_LE) {
                Some(event) => done.events.push(Emitted(event.to_vec())),
                None => done.calls.push(inner),
            }
        }
    }
    done
}
