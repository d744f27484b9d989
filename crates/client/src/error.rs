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
    #[error("the transaction failed: {cause}")]
    Transaction { cause: String, logs: String },
    #[error("{signature} was not confirmed within {seconds} s; it may still land: check it before sending again")]
    Unconfirmed { signature: Signature, seconds: u64 },
    #[error("no {what} at {address} (hint: {hint})")]
    Missing { what: &'static str, address: crate::Pubkey, hint: &'static str },
    #[error("account {address} is not a {what}: {cause} (hint: check the address)")]
    Malformed { what: &'static str, address: crate::Pubkey, cause: String },
    #[error("not confirmed at the prompt: nothing was signed or sent")]
    Declined,
    #[error(
        "the evidence for job {job} ({size} bytes) was written, but its buffer does not hold it (hint: does another \
         process use the same wallet? stop it and try again)"
    )]
    Buffer { job: crate::Pubkey, size: u32 },
    #[error("the transaction has {bytes} bytes, more than the 1,232 that fit: do its parts one after the other")]
    TooLarge { bytes: usize },
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

/// Turns a failed transaction into the program's own words where there are any: Anchor logs name, number and message; the token
/// and system programs log a sentence.
pub fn explain(error: &TransactionError, logs: &[String]) -> ClientError {
    if let Some(failure) = program_failure(logs) {
        return ClientError::Program(failure);
    }
    let cause = match error {
        TransactionError::AccountNotFound | TransactionError::InsufficientFundsForFee => {
            "the wallet that pays the fee has no SOL: send it some".into()
        }
        TransactionError::InsufficientFundsForRent { .. } => {
            "the wallet that pays has too little SOL for the rent of new accounts: send it some".into()
        }
        _ => match said(logs) {
            Some(sentence) => format!("{sentence} ({error})"),
            None => error.to_string(),
        },
    };
    ClientError::Transaction { cause, logs: logs.join("\n") }
}

/// What a program without numbered errors said last.
fn said(logs: &[String]) -> Option<String> {
    let words = |line: &String| {
        let said = line.strip_prefix("Program log: Error: ").map(str::to_string);
        said.or_else(|| Some(format!("too little SOL for the rent of new accounts: {}", short_of(line)?)))
    };
    logs.iter().rev().find_map(words)
}

/// The system program's `Transfer: insufficient lamports A, need B`, in SOL.
fn short_of(line: &str) -> Option<String> {
    let (have, need) = line.strip_prefix("Transfer: insufficient lamports ")?.split_once(", need ")?;
    let sol = |lamports: &str| Some(economy::amount::Decimal { amount: lamports.parse().ok()?, decimals: 9 });
    Some(format!("the wallet has {} SOL, one of them needs {}", sol(have)?, sol(need)?))
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
    // Anchor's own errors say nothing without the account's name.
    let account = (code < 6_000).then(|| part("caused by account: ", ".")).flatten();
    let message = account.map_or(message.clone(), |account| format!("account {account}: {message}"));
    Some(ProgramFailure { name, message, code })
}
