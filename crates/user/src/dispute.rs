//! Proving a wrong cell on chain.
use crate::error::UserError;
use crate::review::Review;
use client::{Chain, ClientError, Confirmed, Keypair, Signer, credits_ix, evidence, jobs_ix};
use verify::{Case, Rejection};

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
    let proof = verify::evidence(&case, &review.result.outputs, layer, row, column)?;

    let (prover, job) = (wallet.pubkey(), review.address);
    // The refund needs the user's account, who may have closed an empty one; the prover's share of the stake that is slashed
    // needs the prover's.
    let accounts =
        [credits_ix::create_iosd_account(prover, review.job.user), credits_ix::create_io_account(prover, prover)];
    let uploads = evidence::upload(chain, wallet, job, &proof, &accounts).await?;
    let judge = jobs_ix::dispute_cell(prover, job, &review.job, (layer, row, column));
    let confirmed = match chain.send(&evidence::judged(judge, proof.len()), &[wallet]).await {
        Ok(confirmed) => confirmed,
        Err(refusal) => {
            // What was refused will be refused again: the rent is better back. If it is not known whether it landed, the buffer
            // may still be needed.
            if !matches!(refusal, ClientError::Unconfirmed { .. } | ClientError::Unreachable { .. }) {
                let _ = evidence::close(chain, wallet, job).await;
            }
            return Err(refusal.into());
        }
    };
    Ok(Disputed { layer, row, column, expected, committed, evidence_bytes: proof.len(), uploads, confirmed })
}
