//! Checking a committed result before paying for it.
use crate::error::UserError;
use blobs::{BlobId, Blobs};
use client::{Chain, Confirmed, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use jobs::state::{Job, Status};
use model::{Model, ResultFile};
use verify::{Case, Rejection, Report};
use worker::work;

/// A committed result with everything that it was checked against.
pub struct Review {
    pub address: Pubkey,
    pub job: Job,
    pub model: Model,
    pub input: Vec<u8>,
    pub result: ResultFile,
    pub outcome: Result<Report, Rejection>,
}

/// Fetches model, input and result of a committed job, and checks every cell of the result.
///
/// # Errors
/// If something cannot be had. A wrong result is not an error here, see [`Review::outcome`].
pub async fn review(chain: &Chain, blobs: &Blobs, address: &Pubkey) -> Result<Review, UserError> {
    let job = find_job(chain, address).await?;
    if job.status != Status::Committed {
        return Err(UserError::NoResult { job: *address, status: job.status });
    }
    let model = work::fetch_model(blobs, job.model_blob, &job.model_root).await?;
    let input = work::fetch_input(blobs, address, &job, &model).await?.to_vec();
    let limit = ResultFile::max_bytes(&model.specs(), job.rows);
    let bytes = blobs.clone().with_limit(limit).get(BlobId(job.result_blob)).await;
    let bytes = bytes.map_err(|cause| UserError::Withheld { job: *address, cause })?;
    let result = ResultFile::from_bytes(&bytes).map_err(|cause| UserError::BadResult { job: *address, cause })?;
    let id = address.to_bytes();
    let case = Case {
        model: &model,
        job: &id,
        rows: job.rows,
        input: &input,
        input_root: &job.input_root,
        commitment: &job.commitment,
    };
    // The input's root was compared when it was fetched.
    let outcome = verify::check_known(&case, &result);
    Ok(Review { address: *address, job, model, input, result, outcome })
}

/// Pays for a result that has passed its check; refuses a wrong one.
///
/// # Errors
/// [`UserError::Rejected`] for a wrong result; the program's or node's refusal.
pub async fn accept(chain: &Chain, wallet: &Keypair, review: Review) -> Result<(Confirmed, Report), UserError> {
    let report = match review.outcome {
        Ok(report) => report,
        Err(rejection) => {
            let hint = match rejection {
                Rejection::Cell { .. } => {
                    format!(" (hint: `io job dispute {}` proves it and gets the price back)", review.address)
                }
                _ => String::new(),
            };
            return Err(UserError::Rejected { job: review.address, rejection, hint });
        }
    };
    let instruction = jobs_ix::accept_result(wallet.pubkey(), review.address, &review.job);
    Ok((chain.send(&[instruction], &[wallet]).await?, report))
}

/// Takes back a job that nobody has claimed.
///
/// # Errors
/// The program's or node's refusal.
pub async fn cancel(chain: &Chain, wallet: &Keypair, address: &Pubkey) -> Result<Confirmed, UserError> {
    let job = find_job(chain, address).await?;
    let refund_to = credits_ix::create_iosd_account(wallet.pubkey(), job.user);
    let instruction = jobs_ix::cancel_job(wallet.pubkey(), *address, &job);
    Ok(chain.send(&[refund_to, instruction], &[wallet]).await?)
}

/// Draws a committed job's audit, once its draw slot has passed. Anybody may.
///
/// # Errors
/// The program's or node's refusal.
pub async fn draw(chain: &Chain, wallet: &Keypair, address: &Pubkey) -> Result<Confirmed, UserError> {
    Ok(chain.send(&[jobs_ix::draw_audit(wallet.pubkey(), *address)], &[wallet]).await?)
}

/// Refunds a job whose deadline has passed to its user: nobody claimed it, its device did not commit, or its audit was not
/// answered. Anybody may.
///
/// # Errors
/// The program's or node's refusal.
pub async fn expire(chain: &Chain, wallet: &Keypair, address: &Pubkey) -> Result<Confirmed, UserError> {
    let job = find_job(chain, address).await?;
    if job.status == Status::Committed {
        let me = wallet.pubkey();
        let instructions = [
            credits_ix::create_iosd_account(me, job.user),
            credits_ix::create_io_account(me, me),
            jobs_ix::expire_audit(me, *address, &job),
        ];
        return Ok(chain.send(&instructions, &[wallet]).await?);
    }
    let has_io = chain.bytes(&address::io_account(&job.user)).await?.is_some();
    Ok(chain.send(&jobs_ix::expire_with_accounts(wallet.pubkey(), *address, &job, has_io), &[wallet]).await?)
}

pub(crate) async fn find_job(chain: &Chain, address: &Pubkey) -> Result<Job, UserError> {
    let hint = "it has ended, or was never posted here: its history is in the explorer";
    Ok(chain.get("live job", address, hint).await?)
}
