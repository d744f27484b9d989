//! Proving a wrong cell on chain.
use crate::error::UserError;
use crate::review::{Review, Served};
use client::{Chain, ClientError, Confirmed, Instruction, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use futures::future::try_join_all;
use jobs::state::{Job, Proof};
use std::time::Duration;
use verify::Rejection;

/// Evidence bytes in one writing transaction: what 1,232 bytes leave after one signature and the accounts.
pub const EVIDENCE_CHUNK: usize = 900;
/// Writing transactions under way at a time.
const AT_ONCE: usize = 4;

/// How often and how long apart a job is looked for that seems to be gone: a few blocks.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);

/// A wrong cell with evidence that the judge has been shown here, and that convinced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    /// What the model gives.
    pub expected: i32,
    /// What the worker committed to.
    pub committed: i32,
    pub evidence: Vec<u8>,
}

/// A fault that was proven: the user has been refunded.
#[derive(Clone, Debug)]
pub struct Disputed {
    pub fault: Fault,
    /// Transactions before the judging one.
    pub uploads: usize,
    pub confirmed: Confirmed,
}

impl Review {
    /// The fault that the review has found, with evidence that the chain's own judge convicts by.
    ///
    /// # Errors
    /// If the result is right, the fault is not in one cell, or the evidence would not convict.
    pub fn fault(&self) -> Result<Fault, UserError> {
        let Served { address, result, .. } = &self.served;
        let (layer, row, column, expected, committed) = match &self.outcome {
            Err(Rejection::Cell { layer, row, column, expected, committed }) => {
                (*layer, *row, *column, *expected, *committed)
            }
            Err(other) => return Err(UserError::NotACell(other.to_string())),
            Ok(_) => return Err(UserError::Honest { job: *address }),
        };
        let id = address.to_bytes();
        let evidence = verify::evidence(&self.served.case(&id), &result.outputs, layer, row, column)?;
        Ok(Fault { layer, row, column, expected, committed, evidence })
    }
}

/// Has the chain judge the wrong cell that a review has found: [`prove`] for [`Review::fault`].
///
/// # Errors
/// As these two.
pub async fn dispute(chain: &Chain, wallet: &Keypair, review: &Review) -> Result<Disputed, UserError> {
    prove(chain, wallet, &review.served.address, &review.served.job, review.fault()?).await
}

/// Uploads the evidence and has the chain judge it. What an attempt that was cut off has left in the prover's buffer is used
/// again, so a retry pays only for the rest.
///
/// # Errors
/// [`UserError::Ended`] if the job has ended meanwhile, by another prover or otherwise: the buffer is closed then. Otherwise the
/// program's or node's refusal.
pub async fn prove(
    chain: &Chain,
    wallet: &Keypair,
    address: &Pubkey,
    job: &Job,
    fault: Fault,
) -> Result<Disputed, UserError> {
    let proven = match upload(chain, wallet, *address, job, &fault.evidence).await {
        Ok(uploads) => {
            let judge = jobs_ix::dispute_cell(wallet.pubkey(), *address, job, (fault.layer, fault.row, fault.column));
            chain.send(&[judge], &[wallet]).await.map(|confirmed| (uploads, confirmed)).map_err(UserError::from)
        }
        Err(error) => Err(error),
    };
    match proven {
        Ok((uploads, confirmed)) => Ok(Disputed { fault, uploads, confirmed }),
        Err(UserError::Chain(ClientError::Program(_) | ClientError::Transaction { .. }) | UserError::Ended { .. })
            if has_ended(chain, address).await? =>
        {
            close_buffer(chain, wallet, address).await?;
            Err(UserError::Ended { job: *address })
        }
        Err(error) => Err(error),
    }
}

/// Whether a job is gone. A refusal may come from a block that is not confirmed yet, so it looks again a few times.
async fn has_ended(chain: &Chain, job: &Pubkey) -> Result<bool, ClientError> {
    for _ in 0..LOOKS {
        if chain.bytes(job).await?.is_none() {
            return Ok(true);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(false)
}

/// Closes the wallet's proof buffer for a job and gets its rent back. `false` if there is none.
///
/// # Errors
/// The program's or node's refusal.
pub async fn close_buffer(chain: &Chain, wallet: &Keypair, job: &Pubkey) -> Result<bool, ClientError> {
    let prover = wallet.pubkey();
    if chain.bytes(&address::proof(job, &prover)).await?.is_none() {
        return Ok(false);
    }
    chain.send(&[jobs_ix::close_proof(prover, *job)], &[wallet]).await?;
    Ok(true)
}

/// Fills the wallet's buffer with the evidence. Gives the number of transactions.
async fn upload(
    chain: &Chain,
    wallet: &Keypair,
    job: Pubkey,
    state: &Job,
    evidence: &[u8],
) -> Result<usize, UserError> {
    let prover = wallet.pubkey();
    let size = u16::try_from(evidence.len()).map_err(|_| UserError::EvidenceSize(evidence.len()))?;
    let buffer = chain.bytes(&address::proof(&job, &prover)).await?;
    let fits = |data: &Vec<u8>| data.len() == Proof::HEADER + evidence.len();
    let (written, mut open): (Vec<u8>, Vec<Instruction>) = match buffer {
        Some(data) if fits(&data) => (data[Proof::HEADER..].to_vec(), Vec::new()),
        left => {
            let close = left.map(|_| jobs_ix::close_proof(prover, job));
            (Vec::new(), close.into_iter().chain([jobs_ix::open_proof(prover, job, size)]).collect())
        }
    };
    // The refund needs the user's account, who may have closed an empty one; the prover's share goes to the prover's.
    if chain.bytes(&address::iosd_account(&state.user)).await?.is_none() {
        open.push(credits_ix::create_iosd_account(prover, state.user));
    }
    if chain.bytes(&address::io_account(&prover)).await?.is_none() {
        open.push(credits_ix::create_io_account(prover, prover));
    }
    let mut sent = 0;
    if !open.is_empty() {
        chain.send(&open, &[wallet]).await?;
        sent += 1;
    }
    let parts = evidence.chunks(EVIDENCE_CHUNK).enumerate().map(|(i, part)| (i * EVIDENCE_CHUNK, part));
    let missing: Vec<_> = parts.filter(|(at, part)| written.get(*at..at + part.len()) != Some(*part)).collect();
    sent += missing.len();
    for some in missing.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|(at, part)| write(chain, wallet, job, *at, part))).await?;
    }
    Ok(sent)
}

async fn write(chain: &Chain, wallet: &Keypair, job: Pubkey, at: usize, part: &[u8]) -> Result<(), UserError> {
    // Whoever was first has ended the job; nothing more is paid for it then.
    if chain.bytes(&job).await?.is_none() {
        return Err(UserError::Ended { job });
    }
    let write = jobs_ix::write_proof(wallet.pubkey(), job, at as u16, part.to_vec());
    chain.send(&[write], &[wallet]).await?;
    Ok(())
}
