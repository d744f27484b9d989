//! What was answered to a demand: it stands in an event.
use crate::{Chain, ClientError, Pubkey, address};
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::{AnchorDeserialize, Discriminator};
use jobs::events::DemandAnswered;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, UiInstruction, UiTransactionEncoding,
};

/// Transactions of a demand that are looked at: it is made and ended, and some that failed lie between.
const MOST: usize = 50;

impl Chain {
    /// The data that were answered to demand `n` for the data of `job`; `None` if the node knows of no answer.
    ///
    /// # Errors
    /// If the node cannot be reached, or keeps no history.
    pub async fn answered(&self, job: &Pubkey, n: u16) -> Result<Option<Vec<u8>>, ClientError> {
        let demand = address::demand(job, n);
        let config = || GetConfirmedSignaturesForAddress2Config {
            limit: Some(MOST),
            commitment: Some(CommitmentConfig::confirmed()),
            ..Default::default()
        };
        let found = self.retry(|| self.rpc().get_signatures_for_address_with_config(&demand, config())).await?;
        for status in found.iter().filter(|status| status.err.is_none()) {
            let Ok(signature) = status.signature.parse() else { continue };
            let config = RpcTransactionConfig {
                encoding: Some(UiTransactionEncoding::Base64),
                commitment: Some(CommitmentConfig::confirmed()),
                max_supported_transaction_version: Some(0),
            };
            let landed = self.retry(|| self.rpc().get_transaction_with_config(&signature, config)).await?;
            let answers = events(landed).into_iter().find(|event| event.job == *job && event.n == n);
            if let Some(event) = answers {
                return Ok(Some(event.data));
            }
        }
        Ok(None)
    }
}

/// The jobs program's own answers in a transaction.
fn events(landed: EncodedConfirmedTransactionWithStatusMeta) -> Vec<DemandAnswered> {
    let Some(decoded) = landed.transaction.transaction.decode() else { return Vec::new() };
    let keys = decoded.message.static_account_keys();
    let inner: Option<Vec<_>> = landed.transaction.meta.and_then(|meta| Option::from(meta.inner_instructions));
    let calls = inner.into_iter().flatten().flat_map(|part| part.instructions);
    let of_jobs = calls.filter_map(|call| match call {
        UiInstruction::Compiled(call) if keys.get(usize::from(call.program_id_index)) == Some(&jobs::ID) => {
            bs58::decode(call.data).into_vec().ok()
        }
        _ => None,
    });
    let answer = |data: Vec<u8>| {
        let fields = data.strip_prefix(EVENT_IX_TAG_LE)?.strip_prefix(DemandAnswered::DISCRIMINATOR)?;
        DemandAnswered::try_from_slice(fields).ok()
    };
    of_jobs.filter_map(answer).collect()
}
