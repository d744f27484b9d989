//! Events that one of our programs has emitted about an account, read from the transactions that touched it.
use crate::{Chain, ClientError, Pubkey};
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::{AnchorDeserialize, Discriminator};
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signature::Signature;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, UiInstruction, UiTransactionEncoding,
};
use std::str::FromStr;

/// An event as it was emitted: discriminator and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted(Vec<u8>);

impl Emitted {
    /// The event, if it is one of type `E`.
    pub fn read<E: Discriminator + AnchorDeserialize>(&self) -> Option<E> {
        E::try_from_slice(self.0.strip_prefix(E::DISCRIMINATOR)?).ok()
    }
}

impl Chain {
    /// What `program` has emitted in the transactions that mention `address`, as far as the node remembers them; the newest
    /// transaction first.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn events(&self, program: &Pubkey, address: &Pubkey) -> Result<Vec<Emitted>, ClientError> {
        let landed = self.retry(|| self.rpc().get_signatures_for_address(address)).await?;
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(self.rpc().commitment()),
            max_supported_transaction_version: Some(0),
        };
        let mut events = Vec::new();
        for transaction in landed.iter().filter(|transaction| transaction.err.is_none()) {
            let Ok(signature) = Signature::from_str(&transaction.signature) else { continue };
            let transaction = self.retry(|| self.rpc().get_transaction_with_config(&signature, config)).await?;
            events.extend(emitted(program, transaction));
        }
        Ok(events)
    }
}

/// The events in a transaction's inner instructions. Only the program itself can call itself with its event authority, so
/// whoever calls it otherwise has failed.
fn emitted(program: &Pubkey, transaction: EncodedConfirmedTransactionWithStatusMeta) -> Vec<Emitted> {
    let transaction = transaction.transaction;
    let Some(meta) = transaction.meta else { return Vec::new() };
    let mut keys: Vec<Pubkey> =
        transaction.transaction.decode().map(|t| t.message.static_account_keys().to_vec()).unwrap_or_default();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        keys.extend(loaded.writable.iter().chain(&loaded.readonly).filter_map(|key| key.parse::<Pubkey>().ok()));
    }
    let groups = Option::<Vec<_>>::from(meta.inner_instructions).unwrap_or_default();
    let calls = groups.into_iter().flat_map(|group| group.instructions);
    let events = calls.filter_map(|call| {
        let UiInstruction::Compiled(call) = call else { return None };
        let data = bs58::decode(&call.data).into_vec().ok()?;
        let ours = keys.get(usize::from(call.program_id_index)) == Some(program);
        data.strip_prefix(EVENT_IX_TAG_LE).filter(|_| ours).map(|event| Emitted(event.to_vec()))
    });
    events.collect()
}
