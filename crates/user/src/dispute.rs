//! Proving a wrong cell on chain.
use crate::error::UserError;
use crate::review::Review;
use client::{Chain, Confirmed, Keypair, Signer, address, credits_ix, jobs_ix};
use verify::{Case, Rejection};

/// Evidence bytes in one writing transaction: what 1,232 bytes leave after one signature and the accounts.
const CHUNK: usize = 900;

/// A fault that was proven: the user has been refunded.
#[derive(Clone, Debug)]
pub struct Disputed {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    /// What the model gives.
    pub expected: i32,
    /// What the worker committed to.
    pub committed: i32,
    pub evidence_bytes: usize,
    /// Transactions before the judging one.
    pub uploads: usize,
    pub confirmed: Confirmed,
}

/// Builds the evidence for the wrong cell that a review has found, uploads it, and has the chain judge it.
///
/// # Errors
/// If the result is right, the fault is not in one cell, or the program or node refuses.
pub async fn dispute(chain: &Chain, wallet: &Keypair, review: &Review) -> Result<Disputed, UserError> {
    let (layer, row, column, expected, committed) = match &review.outcome {
        Err(Rejection::Cell { layer, row, column, expected, committed }) => {
            (*layer, *row, *column, *expected, *committed)
        }
        Err(other) => return Err(UserError::NotACell(other.to_string())),
        Ok(_) => return Err(UserError::Honest { job: review.address }),
    };
    let id = review.address.to_bytes();
    let case = Case {
        model: &review.model,
        job: &id,
        rows: review.job.rows,
        input: &review.input,
        input_root: &review.job.input_root,
        commitment: &review.job.commitment,
    };
    let evidence = verify::evidence(&case, &review.result.outputs, layer, row, column)?;
    let size = u16::try_from(evidence.len()).map_err(|_| UserError::EvidenceSize(evidence.len()))?;

    let (prover, job) = (wallet.pubkey(), review.address);
    // A buffer left behind by an attempt that was cut off may have another size.
    let mut open = Vec::new();
    if chain.find::<jobs::state::Proof>("proof buffer", &address::proof(&job, &prover)).await?.is_some() {
        open.push(jobs_ix::close_proof(prover, job));
    }
    open.push(jobs_ix::open_proof(prover, job, size));
    // The refund needs the user's account, who may have closed an empty one.
    open.push(credits_ix::create_iosd_account(prover, review.job.user));
    // The prover's share of the stake that is slashed goes there.
    open.push(credits_ix::create_io_account(prover, prover));
    chain.send(&open, &[wallet]).await?;
    let mut uploads = 1;
    for (i, chunk) in evidence.chunks(CHUNK).enumerate() {
        let write = jobs_ix::write_proof(prover, job, (i * CHUNK) as u16, chunk.to_vec());
        chain.send(&[write], &[wallet]).await?;
        uploads += 1;
    }
    let judge = jobs_ix::dispute_cell(prover, job, &review.job, (layer, row, column));
    let confirmed = chain.send(&[judge], &[wallet]).await?;
    Ok(Disputed { layer, row, column, expected, committed, evidence_bytes: evidence.len(), uploads, confirmed })
}
