//! What can go wrong between a client and the chain.
use crate::Signature;
use solana_transaction_error::TransactionError;

/// Failure of a request or transaction.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot reach the RPC node at {url}: {cause} (hint: is it running? check --url)")]
    Unreachable { url: String, cause: String },
    #[error("the RPC node refused the request: {0}")]
    Rpc(String),
    #[error("{0}")]
    Program(ProgramFailure),
    #[error("the transaction failed: {cause}\n{logs}")]
    Transaction { cause: String, logs: String },
    #[error("{signature} was not confirmed within {seconds} s; it may still land: check it before sending again")]
    Unconfirmed { signature: Signature, seconds: u64 },
    #[error("no {what} at {address} (hint: {hint})")]
    Missing { what: &'static str, address: crate::Pubkey, hint: &'static str },
    #[error("account {address} is not a {what}: {cause}")]
    Malformed { what: &'static str, address: crate::Pubkey, cause: String },
}

/// A named refusal by one of our programs, or by Anchor on their behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramFailure {
    /// For example `DeadlinePassed`.
    pub name: String,
    pub message: String,
    pub code: u32,
}

impl std::fmt::Display for ProgramFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "refused by the program: {} ({})", self.message, self.name)
    }
}

impl ClientError {
    /// The refusal's name, if a program refused.
    pub fn program_error(&self) -> Option<&str> {
        match self {
            ClientError::Program(failure) => Some(&failure.name),
            _ => None,
        }
    }
}

/// Turns a failed transaction into the program's own words where there are any: Anchor logs name, number and message.
pub fn explain(error: &TransactionError, logs: &[String]) -> ClientError {
    match program_failure(logs) {
        Some(failure) => ClientError::Program(failure),
        None => ClientError::Transaction { cause: error.to_string(), logs: logs.join("\n") },
    }
}

/// The last Anchor error in a transaction's logs.
pub fn program_failure(logs: &[String]) -> Option<ProgramFailure> {
    let line = logs.iter().rev().find(|l| l.contains("Error Code: "))?;
    let part = |from: &str, to: &str| {
        let rest = &line[line.find(from)? + from.len()..];
        Some(rest[..rest.find(to)?].to_string())
    };
    let name = part("Error Code: ", ". ")?;
    let code = part("Error Number: ", ". ")?.parse().ok()?;
    let message = line[line.find("Error Message: ")? + "Error Message: ".len()..].trim_end_matches('.').to_string();
    Some(ProgramFailure { name, message, code })
}
