//! Answering demands for the data of the live job: silence costs the whole reservation, an answer earns the bond.
use crate::error::WorkerError;
use client::{Chain, Keypair, Pubkey, Signer, evidence, jobs_ix};
use jobs::state::{Demand, Job};
use judge::Claim;
use judge::demand::Holder;
use model::{Model, ResultFile};
use tracing::{info, warn};

/// Outputs of all layers of a job, behind an input that nothing here looks at.
pub fn activations(result: &ResultFile) -> Vec<Vec<u8>> {
    std::iter::once(Vec::new()).chain(result.outputs.iter().cloned()).collect()
}

/// Answers all demands that can still be answered, the most urgent first. Returns how many.
///
/// # Errors
/// The first failure, after all have been tried: the next look at the chain tries those again that are still open.
pub async fn answer_all(
    chain: &Chain,
    key: &Keypair,
    (address, job): (&Pubkey, &Job),
    model: &Model,
    activations: &[Vec<u8>],
    mut open: Vec<Demand>,
) -> Result<usize, WorkerError> {
    let now = chain.now().await?;
    let (id, layers) = (address.to_bytes(), model.specs());
    let claim =
        Claim { job: &id, layers: &layers, rows: job.rows, input_root: &job.input_root, commitment: &job.commitment };
    let held = Holder::new(&claim, activations)?;
    open.retain(|demand| now <= demand.deadline);
    open.sort_by_key(|demand| (demand.deadline, demand.n));
    let (mut answered, mut failed) = (0, None);
    for demand in &open {
        match answer(chain, key, job, &held, demand).await {
            Ok(()) => answered += 1,
            Err(error) => {
                warn!(job = %address, n = demand.n, %error, "a demand is not answered yet");
                failed = failed.or(Some(error));
            }
        }
    }
    failed.map_or(Ok(answered), Err)
}

async fn answer(
    chain: &Chain,
    key: &Keypair,
    job: &Job,
    held: &Holder<'_>,
    demand: &Demand,
) -> Result<(), WorkerError> {
    let answer = held.answer(&demand.item.into())?;
    evidence::upload(chain, key, demand.job, &answer, &[]).await?;
    let confirmed = chain.send(&[jobs_ix::answer_demand(key.pubkey(), job, demand)], &[key]).await?;
    info!(job = %demand.job, n = demand.n, signature = %confirmed.signature, bytes = answer.len(), "answered a demand");
    Ok(())
}
