//! What an audit needs from a chain: accounts as they were at a slot.
use crate::source::SourceError;
use anchor_lang::prelude::Pubkey;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{Response, RpcKeyedAccount};
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// Longest wait for one answer.
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// Accounts at one instant: everything that was done up to the end of `slot`, and perhaps some of what came after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub slot: u64,
    /// Bytes by address; what does not exist is absent.
    pub accounts: BTreeMap<[u8; 32], Vec<u8>>,
}

/// Where accounts are read.
pub trait ChainState: Send + Sync {
    /// Everything that a program owns, at one instant in or after slot `not_before`.
    fn owned_by(&self, program: [u8; 32], not_before: u64)
    -> impl Future<Output = Result<Reading, SourceError>> + Send;

    /// These accounts, at one instant in or after slot `not_before`.
    fn accounts(
        &self,
        addresses: &[[u8; 32]],
        not_before: u64,
    ) -> impl Future<Output = Result<Reading, SourceError>> + Send;
}

/// Reads at `confirmed` through `getProgramAccounts` and `getMultipleAccounts`.
pub struct RpcState {
    client: RpcClient,
}

impl RpcState {
    pub fn new(url: String) -> Self {
        Self { client: RpcClient::new_with_timeout_and_commitment(url, CALL_LIMIT, CommitmentConfig::confirmed()) }
    }
}

fn failed(call: &str, error: impl std::fmt::Display) -> SourceError {
    SourceError::Call { call: call.to_owned(), message: error.to_string() }
}

fn config(not_before: u64) -> RpcAccountInfoConfig {
    RpcAccountInfoConfig {
        min_context_slot: Some(not_before),
        encoding: Some(solana_account_decoder_client_types::UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::confirmed()),
        ..RpcAccountInfoConfig::default()
    }
}

impl ChainState for RpcState {
    async fn owned_by(&self, program: [u8; 32], not_before: u64) -> Result<Reading, SourceError> {
        let call = format!("getProgramAccounts({})", Pubkey::from(program));
        let config = RpcProgramAccountsConfig {
            account_config: config(not_before),
            with_context: Some(true),
            ..RpcProgramAccountsConfig::default()
        };
        let params = serde_json::json!([Pubkey::from(program).to_string(), config]);
        let answer: Response<Vec<RpcKeyedAccount>> =
            self.client.send(RpcRequest::GetProgramAccounts, params).await.map_err(|e| failed(&call, e))?;
        let mut accounts = BTreeMap::new();
        for keyed in answer.value {
            let address: Pubkey = keyed.pubkey.parse().map_err(|e| failed(&call, e))?;
            let data = keyed.account.data.decode().ok_or_else(|| failed(&call, "an account is not readable"))?;
            accounts.insert(address.to_bytes(), data);
        }
        Ok(Reading { slot: answer.context.slot, accounts })
    }

    async fn accounts(&self, addresses: &[[u8; 32]], not_before: u64) -> Result<Reading, SourceError> {
        let keys: Vec<Pubkey> = addresses.iter().copied().map(Pubkey::from).collect();
        let call = "getMultipleAccounts";
        let answer = self.client.get_multiple_ui_accounts_with_config(&keys, config(not_before)).await;
        let answer = answer.map_err(|e| failed(call, e))?;
        let mut accounts = BTreeMap::new();
        for (address, account) in addresses.iter().zip(answer.value) {
            let Some(account) = account else { continue };
            let data = account.data.decode().ok_or_else(|| failed(call, "an account is not readable"))?;
            accounts.insert(*address, data);
        }
        Ok(Reading { slot: answer.context.slot, accounts })
    }
}
