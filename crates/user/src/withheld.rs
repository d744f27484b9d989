//! Results that are not served: demands for their data on chain, and what comes of them.
use crate::error::UserError;
use crate::review::{Review, find_job, review};
use blobs::Blobs;
use client::{Chain, ClientError, Confirmed, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use jobs::Item;
use jobs::state::{Demand, Job, Model};
use judge::demand::MAX_SEGMENTS;
use std::time::Duration;
use verify::Rejection;

/// How often another demand may be first before the user is told.
const TRIES: u32 = 4;
const POLL: Duration = Duration::from_millis(500);

/// What came of a demand.
pub enum Outcome {
    /// The result can be had after all.
    Served(Box<Review>),
    /// The worker answered on chain, and the job's window is open until then (unix time, seconds).
    Answered { window_end: i64 },
    /// The worker was silent: the price is back with the user.
    Refunded(Confirmed),
    /// The job ended otherwise.
    Ended,
}

/// Whether the reason that there is no result to judge is that what was committed to is not served.
pub fn is_withheld(found: &Result<Review, UserError>) -> bool {
    match found {
        Err(UserError::Withheld { .. } | UserError::BadResult { .. }) => true,
        Err(_) => false,
        Ok(review) => matches!(
            review.outcome,
            Err(Rejection::Layers { .. } | Rejection::Shape { .. } | Rejection::Commitment { .. })
        ),
    }
}

/// Demands `item` of a job, against the bond that the network asks for.
///
/// # Errors
/// The program's or node's refusal.
pub async fn demand(
    chain: &Chain,
    wallet: &Keypair,
    address: &Pubkey,
    item: Item,
) -> Result<(Demand, Confirmed), UserError> {
    let me = wallet.pubkey();
    let mut tries = 1;
    loop {
        let job = find_job(chain, address).await?;
        let n = job.demands.next();
        match chain.send(&[jobs_ix::demand_data(me, *address, &job, item)], &[wallet]).await {
            Ok(confirmed) => {
                let hint = "it was made a moment ago, and has ended already";
                let demand = chain.get("demand", &address::demand(address, n), hint).await?;
                return Ok((demand, confirmed));
            }
            // Somebody else's has taken the number.
            Err(_) if tries < TRIES && find_job(chain, address).await?.demands.next() != n => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Demands a part of a job's output that nobody can know beforehand: up to eight segments of a random row.
///
/// # Errors
/// As [`demand`].
pub async fn demand_output(
    chain: &Chain,
    wallet: &Keypair,
    address: &Pubkey,
) -> Result<(Demand, Confirmed), UserError> {
    let job: Job = find_job(chain, address).await?;
    let hint = "a job's model is registered before the job";
    let model: Model = chain.get("model", &address::model(&job.model_root), hint).await?;
    let last = model.layers.last().and_then(|record| record.layer().ok());
    let bytes = last.map_or(1, |layer| layer.out_row_bytes());
    let segments = bytes.div_ceil(judge::commitment::SEGMENT as u32).max(1);
    let count = segments.min(MAX_SEGMENTS);
    let item = Item::Segments {
        layer: (model.layers.len() as u32).saturating_sub(1),
        row: below(job.rows)?,
        first: below(segments - count + 1)?,
        count: count as u8,
    };
    demand(chain, wallet, address, item).await
}

/// A number below `n`, from the operating system.
fn below(n: u32) -> Result<u32, getrandom::Error> {
    let number = getrandom::u64()?;
    Ok((number % u64::from(n.max(1))) as u32)
}

/// Waits until a demand is answered, its time has passed (the job is ended then), or the result can be had after all.
///
/// # Errors
/// The program's or node's refusal.
pub async fn follow(chain: &Chain, blobs: &Blobs, wallet: &Keypair, demand: &Demand) -> Result<Outcome, UserError> {
    let account = address::demand(&demand.job, demand.n);
    loop {
        let open = chain.find::<Demand>("demand", &account).await?.is_some();
        let Some(job) = chain.find::<Job>("job", &demand.job).await? else { return Ok(Outcome::Ended) };
        let found = review(chain, blobs, &demand.job).await;
        if !is_withheld(&found) {
            return Ok(Outcome::Served(Box::new(found?)));
        }
        if !open {
            return Ok(Outcome::Answered { window_end: job.window_end });
        }
        if let Some(confirmed) = expire_if_late(chain, wallet, demand).await? {
            return Ok(Outcome::Refunded(confirmed));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// How a demand ended.
pub(crate) enum Settled {
    Answered,
    /// Not at all: the job was refunded.
    Silent(Confirmed),
    /// The job ended otherwise.
    Ended,
}

/// Waits until a demand has ended; ends the job if nobody answers in time.
pub(crate) async fn await_answer(chain: &Chain, wallet: &Keypair, demand: &Demand) -> Result<Settled, UserError> {
    let account = address::demand(&demand.job, demand.n);
    loop {
        let open = chain.find::<Demand>("demand", &account).await?.is_some();
        if chain.find::<Job>("job", &demand.job).await?.is_none() {
            return Ok(Settled::Ended);
        }
        if !open {
            return Ok(Settled::Answered);
        }
        if let Some(confirmed) = expire_if_late(chain, wallet, demand).await? {
            return Ok(Settled::Silent(confirmed));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Expires a demand whose time has passed.
async fn expire_if_late(chain: &Chain, wallet: &Keypair, demand: &Demand) -> Result<Option<Confirmed>, UserError> {
    if chain.now().await? <= demand.deadline {
        return Ok(None);
    }
    match expire_demand(chain, wallet, demand).await {
        Ok(confirmed) => Ok(Some(confirmed)),
        // Answered in the last moment, or expired by somebody else: the next look tells.
        Err(UserError::Chain(error)) if error.program_error().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends a job whose worker has not answered `demand` in time. Anybody may.
///
/// # Errors
/// The program's or node's refusal.
pub async fn expire_demand(chain: &Chain, wallet: &Keypair, demand: &Demand) -> Result<Confirmed, UserError> {
    let job = find_job(chain, &demand.job).await?;
    let me = wallet.pubkey();
    // The refund and the caller's share need these accounts.
    let end = [
        credits_ix::create_iosd_account(me, job.user),
        credits_ix::create_io_account(me, me),
        jobs_ix::expire_demand(me, &job, demand),
    ];
    Ok(chain.send(&end, &[wallet]).await?)
}

/// Returns rents and bonds of demands that a job that has ended has left behind; how many. Anybody may.
///
/// # Errors
/// The program's or node's refusal.
pub async fn close_demands(chain: &Chain, wallet: &Keypair, job: &Pubkey) -> Result<usize, UserError> {
    let left = chain.demands(job).await?;
    for demand in &left {
        match chain.send(&[jobs_ix::close_demand(demand)], &[wallet]).await {
            // Somebody else was first.
            Err(error) if error.program_error().is_some() => {}
            other => drop(other?),
        }
    }
    Ok(left.len())
}

/// All open demands for a job's data whose time has passed.
///
/// # Errors
/// If the node cannot be reached.
pub async fn overdue(chain: &Chain, job: &Pubkey) -> Result<Option<Demand>, ClientError> {
    let now = chain.now().await?;
    Ok(chain.demands(job).await?.into_iter().find(|demand| now > demand.deadline))
}
