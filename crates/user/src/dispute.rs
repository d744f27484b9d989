//! Proving a wrong cell on chain.
use crate::error::UserError;
use crate::review::{Review, Served};
use client::{Chain, ClientError, Confirmed, Keypair, Pubkey, Signer, address, credits_ix, evidence, jobs_ix};
use jobs::state::Job;
use std::time::Duration;
use verify::Rejection;

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

/// Has the chain judge the wrong cell that a review has found: [`prove`] for [`Review::fault`]. A buffer whose evidence was
/// refused is closed, its rent is back.
///
/// # Errors
/// As these two.
pub async fn dispute(chain: &Chain, wallet: &Keypair, review: &Review) -> Result<Disputed, UserError> {
    let Served { address, job, .. } = &review.served;
    let proven = prove(chain, wallet, address, job, review.fault()?).await;
    if proven.as_ref().is_err_and(is_refusal) {
        evidence::close(chain, wallet, *address).await?;
    }
    proven
}

/// Whether the chain has refused what was sent, as opposed to not having been reached.
pub fn is_refusal(error: &UserError) -> bool {
    matches!(error, UserError::Chain(ClientError::Program(_) | ClientError::Transaction { .. }))
}

/// Uploads the evidence and has the chain judge it. What an attempt that was cut off has left in the prover's buffer is used
/// again, so a retry pays only for the rest.
///
/// # Errors
/// [`UserError::Ended`] if the job has ended meanwhile, by another prover or otherwise: the buffer is closed then. Otherwise the
/// program's or node's refusal, and the buffer stays for another attempt.
pub async fn prove(
    chain: &Chain,
    wallet: &Keypair,
    address: &Pubkey,
    job: &Job,
    fault: Fault,
) -> Result<Disputed, UserError> {
    match judged(chain, wallet, address, job, &fault).await {
        Ok((uploads, confirmed)) => Ok(Disputed { fault, uploads, confirmed }),
        // If it is not known whether it landed, the buffer may still be needed.
        Err(error @ (ClientError::Unconfirmed { .. } | ClientError::Unreachable { .. })) => Err(error.into()),
        Err(refusal) => {
            if !has_ended(chain, address).await? {
                return Err(refusal.into());
            }
            evidence::close(chain, wallet, *address).await?;
            Err(UserError::Ended { job: *address })
        }
    }
}

/// Gives the number of transactions before the judging one, and that.
async fn judged(
    chain: &Chain,
    wallet: &Keypair,
    address: &Pubkey,
    job: &Job,
    fault: &Fault,
) -> Result<(usize, Confirmed), ClientError> {
    let prover = wallet.pubkey();
    // The refund needs the user's account, who may have closed an empty one; the prover's share goes to the prover's.
    let mut accounts = Vec::new();
    if chain.bytes(&address::iosd_account(&job.user)).await?.is_none() {
        accounts.push(credits_ix::create_iosd_account(prover, job.user));
    }
    if chain.bytes(&address::io_account(&prover)).await?.is_none() {
        accounts.push(credits_ix::create_io_account(prover, prover));
    }
    let uploads = evidence::upload(chain, wallet, *address, &fault.evidence, &accounts).await?;
    let judge = jobs_ix::dispute_cell(prover, *address, job, (fault.layer, fault.row, fault.column));
    let judge = evidence::judged(judge, fault.evidence.len());
    Ok((uploads, chain.send(&judge, &[wallet]).await?))
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
