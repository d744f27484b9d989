//! One cluster: reading accounts and sending transactions.
use crate::error::{ClientError, explain};
use crate::{Keypair, Pubkey, Signature, Signer};
use anchor_lang::{AccountDeserialize, Discriminator};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_message::Message;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::SerializableTransaction;
use solana_rpc_client_api::client_error::{Error as RpcError, ErrorKind};
use solana_rpc_client_api::config::{
    RpcAccountInfoConfig, RpcProgramAccountsConfig, RpcSendTransactionConfig, RpcTransactionConfig,
};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};
use solana_rpc_client_api::request::{RpcError as RequestError, RpcResponseErrorData};
use solana_transaction::Transaction;
use solana_transaction_status_client_types::UiTransactionEncoding;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a transaction may take from sending to confirmation.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// What one packet of the network holds.
pub const MAX_BYTES: usize = 1_232;
/// How often a transaction is looked for, and sent again, until it is confirmed.
const POLL: Duration = Duration::from_millis(150);
const RESEND: Duration = Duration::from_secs(2);
/// How often a request is tried while the node cannot be reached.
const TRIES: u32 = 4;

/// A transaction that is part of the chain at `confirmed`.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed {
    pub signature: Signature,
    pub slot: u64,
}

/// Asked before anything is signed, with the instructions and who pays the fee: an error, and nothing is signed.
pub type Approval = Arc<dyn Fn(&[Instruction], &Pubkey) -> Result<(), ClientError> + Send + Sync>;

/// A connection to one cluster at commitment `confirmed`.
pub struct Chain {
    rpc: RpcClient,
    approval: Option<Approval>,
}

/// Where the cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub slot: u64,
    /// Unix time, seconds.
    pub now: i64,
}

impl Chain {
    pub fn new(url: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(20);
        let commitment = CommitmentConfig::confirmed();
        Chain { rpc: RpcClient::new_with_timeout_and_commitment(url.into(), timeout, commitment), approval: None }
    }

    /// Asks `approval` before every signature.
    pub fn with_approval(mut self, approval: Approval) -> Self {
        self.approval = Some(approval);
        self
    }

    pub fn url(&self) -> String {
        self.rpc.url()
    }

    /// The RPC client, for what has no method here.
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// Signs and sends `instructions` (the first signer pays), and waits until they are confirmed. The same transaction
    /// is sent again while it is not seen, so it cannot land twice.
    ///
    /// # Errors
    /// The program's own refusal where there is one; [`ClientError::Unconfirmed`] if it is unknown whether it landed.
    pub async fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Confirmed, ClientError> {
        let payer = signers[0].pubkey();
        if let Some(approval) = &self.approval {
            approval(instructions, &payer)?;
        }
        let blockhash = self.retry(|| self.rpc.get_latest_blockhash()).await?;
        let message = Message::new(instructions, Some(&payer));
        let bytes = size(&message);
        if bytes > MAX_BYTES {
            return Err(ClientError::TooLarge { bytes });
        }
        let transaction = Transaction::new(signers, message, blockhash);
        let signature = *transaction.get_signature();
        let config = RpcSendTransactionConfig {
            preflight_commitment: Some(CommitmentConfig::processed().commitment),
            ..Default::default()
        };
        let start = Instant::now();
        let mut sent = None::<Instant>;
        while start.elapsed() < CONFIRM_WITHIN {
            if sent.is_none_or(|at| at.elapsed() >= RESEND) {
                match self.rpc.send_transaction_with_config(&transaction, config).await {
                    Ok(_) => {}
                    // Sent before and seen by then: its status will tell.
                    Err(e) if sent.is_some() && e.to_string().contains("already been processed") => {}
                    Err(e) if unreachable(&e) && start.elapsed() < CONFIRM_WITHIN / 2 => {}
                    Err(e) => return Err(self.error(e)),
                }
                sent = Some(Instant::now());
            }
            if let Ok(statuses) = self.rpc.get_signature_statuses(&[signature]).await
                && let Some(status) = statuses.value.into_iter().flatten().next()
            {
                if let Some(error) = &status.err {
                    return Err(explain(error, &self.logs(&signature).await));
                }
                if status.satisfies_commitment(CommitmentConfig::confirmed()) {
                    return Ok(Confirmed { signature, slot: status.slot });
                }
            }
            tokio::time::sleep(POLL).await;
        }
        Err(ClientError::Unconfirmed { signature, seconds: CONFIRM_WITHIN.as_secs() })
    }

    /// Reads one of our accounts; `None` if it does not exist.
    ///
    /// # Errors
    /// If the node cannot be reached or the account is something else.
    pub async fn find<T: AccountDeserialize>(
        &self,
        what: &'static str,
        address: &Pubkey,
    ) -> Result<Option<T>, ClientError> {
        let Some(data) = self.data(address, CommitmentConfig::confirmed()).await? else { return Ok(None) };
        let malformed = |e: anchor_lang::error::Error| {
            let cause = match e {
                anchor_lang::error::Error::AnchorError(e) => e.error_msg,
                other => other.to_string(),
            };
            ClientError::Malformed { what, address: *address, cause }
        };
        T::try_deserialize(&mut data.as_slice()).map(Some).map_err(malformed)
    }

    /// Reads one of our accounts, which must exist.
    ///
    /// # Errors
    /// As [`Chain::find`], and [`ClientError::Missing`] with `hint`.
    pub async fn get<T: AccountDeserialize>(
        &self,
        what: &'static str,
        address: &Pubkey,
        hint: &'static str,
    ) -> Result<T, ClientError> {
        self.find(what, address).await?.ok_or(ClientError::Missing { what, address: *address, hint })
    }

    /// All accounts of type `T` of `program` that hold `bytes` at `offset` for every one of `fields`. Offsets count from the
    /// type's own first field.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn list<T: AccountDeserialize + Discriminator>(
        &self,
        program: &Pubkey,
        fields: &[(usize, Vec<u8>)],
    ) -> Result<Vec<(Pubkey, T)>, ClientError> {
        let start = T::DISCRIMINATOR.len();
        let field = |(offset, bytes): &(usize, Vec<u8>)| Memcmp::new_raw_bytes(start + offset, bytes.clone());
        let filters =
            std::iter::once(Memcmp::new_raw_bytes(0, T::DISCRIMINATOR.to_vec())).chain(fields.iter().map(field));
        let config = RpcProgramAccountsConfig {
            filters: Some(filters.map(RpcFilterType::Memcmp).collect()),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                commitment: Some(CommitmentConfig::confirmed()),
                ..Default::default()
            },
            ..Default::default()
        };
        let accounts = self.retry(|| self.rpc.get_program_ui_accounts_with_config(program, config.clone())).await?;
        let decoded = accounts.into_iter().filter_map(|(address, account)| {
            let value = T::try_deserialize(&mut account.data.decode()?.as_slice()).ok()?;
            Some((address, value))
        });
        Ok(decoded.collect())
    }

    /// The cluster's own clock, unix seconds: deadlines are judged by it, not by this machine's.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn now(&self) -> Result<i64, ClientError> {
        Ok(self.clock().await?.now)
    }

    /// The cluster's own clock and slot.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn clock(&self) -> Result<Clock, ClientError> {
        let address = anchor_lang::pubkey!("SysvarC1ock11111111111111111111111111111111");
        let data = self.data(&address, CommitmentConfig::processed()).await?.unwrap_or_default();
        // Clock: slot u64, epoch_start i64, epoch u64, leader_schedule_epoch u64, unix_timestamp i64.
        let at = |at: usize| -> Option<[u8; 8]> { data.get(at..at + 8)?.try_into().ok() };
        let clock =
            at(0).zip(at(32)).map(|(slot, now)| Clock { slot: u64::from_le_bytes(slot), now: i64::from_le_bytes(now) });
        clock.ok_or_else(|| ClientError::Rpc("the node has no clock sysvar".into()))
    }

    /// Balance of a token account in base units; zero if there is none.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn tokens(&self, account: &Pubkey) -> Result<u64, ClientError> {
        let data = self.data(account, CommitmentConfig::confirmed()).await?.unwrap_or_default();
        let amount: Option<[u8; 8]> = data.get(64..72).and_then(|b| b.try_into().ok());
        Ok(amount.map_or(0, u64::from_le_bytes))
    }

    /// Base units of a mint that exist; zero if there is no such mint.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn supply(&self, mint: &Pubkey) -> Result<u64, ClientError> {
        let data = self.data(mint, CommitmentConfig::confirmed()).await?.unwrap_or_default();
        let amount: Option<[u8; 8]> = data.get(36..44).and_then(|b| b.try_into().ok());
        Ok(amount.map_or(0, u64::from_le_bytes))
    }

    /// Lamports of an address; zero if it has none.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn lamports(&self, address: &Pubkey) -> Result<u64, ClientError> {
        self.retry(|| self.rpc.get_balance(address)).await
    }

    /// An account's bytes; `None` if there is none.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn bytes(&self, address: &Pubkey) -> Result<Option<Vec<u8>>, ClientError> {
        self.data(address, CommitmentConfig::confirmed()).await
    }

    /// Not `get_account`: that takes every failure for a missing account.
    async fn data(&self, address: &Pubkey, commitment: CommitmentConfig) -> Result<Option<Vec<u8>>, ClientError> {
        let addresses = [*address];
        let response = self.retry(|| self.rpc.get_multiple_accounts_with_commitment(&addresses, commitment)).await?;
        Ok(response.value.into_iter().flatten().next().map(|account| account.data))
    }

    /// What a transaction that has landed logged; nothing if the node does not know any more.
    async fn logs(&self, signature: &Signature) -> Vec<String> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        let landed = self.rpc.get_transaction_with_config(signature, config).await.ok();
        let meta = landed.and_then(|landed| landed.transaction.meta);
        meta.and_then(|meta| Option::from(meta.log_messages)).unwrap_or_default()
    }

    pub(crate) async fn retry<T, F>(&self, request: impl Fn() -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        let mut wait = Duration::from_millis(200);
        for _ in 1..TRIES {
            match request().await {
                Err(e) if unreachable(&e) => tokio::time::sleep(wait).await,
                other => return other.map_err(|e| self.error(e)),
            }
            wait *= 2;
        }
        request().await.map_err(|e| self.error(e))
    }

    fn error(&self, error: RpcError) -> ClientError {
        if unreachable(&error) {
            return ClientError::Unreachable { url: self.url(), cause: error.to_string() };
        }
        if let ErrorKind::RpcError(RequestError::RpcResponseError {
            data: RpcResponseErrorData::SendTransactionPreflightFailure(result),
            ..
        }) = error.kind()
            && let Some(cause) = &result.err
        {
            let cause = cause.clone().into();
            return explain(&cause, result.logs.as_deref().unwrap_or_default());
        }
        ClientError::Rpc(error.to_string())
    }
}

/// Bytes of the signed transaction.
pub fn size(message: &Message) -> usize {
    1 + 64 * usize::from(message.header.num_required_signatures) + message.serialize().len()
}

fn unreachable(error: &RpcError) -> bool {
    matches!(error.kind(), ErrorKind::Reqwest(_) | ErrorKind::Io(_) | ErrorKind::Middleware(_))
}
