//! Checking a committed result before paying for it.
use crate::error::UserError;
use blobs::{BlobId, Blobs};
use bytes::Bytes;
use client::{Chain, Confirmed, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use jobs::state::{Job, Status};
use model::{Model, ResultFile};
use verify::{Case, Rejection, Report};
use worker::work;

/// A committed result with everything that it is to be checked against.
pub struct Served {
    pub address: Pubkey,
    pub job: Job,
    pub model: Model,
    pub input: Bytes,
    pub result: ResultFile,
}

/// A result that has been checked.
pub struct Review {
    pub served: Served,
    pub outcome: Result<Report, Rejection>,
}

/// Fetches model, input and result of a committed job, none larger than the job allows, and checks the first two against what was
/// posted.
///
/// # Errors
/// If one of them cannot be had, is damaged or is something else.
pub async fn fetch(blobs: &Blobs, address: &Pubkey, job: &Job) -> Result<Served, UserError> {
    let (model, input) = fetch_given(blobs, address, job).await?;
    let limit = ResultFile::max_bytes(&model.specs(), job.rows);
    let withheld = |cause| UserError::Withheld { job: *address, cause };
    let bytes = blobs.clone().with_limit(limit).get(BlobId(job.result_blob)).await.map_err(withheld)?;
    let result = ResultFile::from_bytes(&bytes).map_err(|cause| UserError::BadResult { job: *address, cause })?;
    Ok(Served { address: *address, job: job.clone(), model, input, result })
}

/// Fetches what a job's user has posted: model and input, checked against the chain.
///
/// # Errors
/// If one of them cannot be had, is damaged or is something else.
pub async fn fetch_given(blobs: &Blobs, address: &Pubkey, job: &Job) -> Result<(Model, Bytes), UserError> {
    let model = work::fetch_model(blobs, job.model_blob, &job.model_root).await?;
    let input = work::fetch_input(blobs, address, job, &model).await?;
    Ok((model, input))
}

impl Served {
    /// Checks every cell. It computes for as long as the job is large: not for an async thread.
    pub fn check(self) -> Review {
        let id = self.address.to_bytes();
        // The input's root was compared when it was fetched.
        let outcome = verify::check_known(&self.case(&id), &self.result);
        Review { served: self, outcome }
    }

    /// `id`: the job's address as bytes.
    pub(crate) fn case<'a>(&'a self, id: &'a [u8; 32]) -> Case<'a> {
        Case {
            model: &self.model,
            job: id,
            rows: self.job.rows,
            input: &self.input,
            input_root: &self.job.input_root,
            commitment: &self.job.commitment,
        }
    }
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
    let served = fetch(blobs, address, &job).await?;
    let check = tokio::task::spawn_blocking(|| served.check());
    check.await.map_err(|e| UserError::CheckFailed { job: *address, cause: e.to_string() })
}

/// Pays for a result that has passed its check; refuses a wrong one.
///
/// # Errors
/// [`UserError::Rejected`] for a wrong result; the program's or node's refusal.
pub async fn accept(chain: &Chain, wallet: &Keypair, review: Review) -> Result<(Confirmed, Report), UserError> {
    let Served { address, job, .. } = &review.served;
    let report = match review.outcome {
        Ok(report) => report,
        Err(rejection) => {
            let hint = match rejection {
                Rejection::Cell { .. } => {
                    format!(" (hint: `io job dispute {address}` proves it and gets the price back)")
                }
                _ => String::new(),
            };
            return Err(UserError::Rejected { job: *address, rejection: Box::new(rejection), hint });
        }
    };
    let instruction = jobs_ix::accept_result(wallet.pubkey(), *address, job);
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
