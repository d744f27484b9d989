//! Convicting a worker that serves nothing: one's own work, and demands on chain down to the first cell that differs.
use crate::error::UserError;
use crate::review::find_job;
use crate::withheld::{Settled, await_answer, demand};
use blobs::Blobs;
use client::{Chain, Confirmed, Keypair, Pubkey, Signer, credits_ix, evidence, jobs_ix};
use compute::{Backend, Cpu};
use jobs::Item;
use judge::cell::Witness;
use judge::walk::{Stand, Walk};
use judge::{Claim, Wanted};
use worker::work;

/// How a walk ended.
pub enum Conviction {
    /// What was committed to is what the model gives: the result can be accepted, and this is its output.
    Honest { output: Vec<u8> },
    /// A cell was proven wrong: the price is back with the user.
    Wrong { layer: u32, row: u32, column: u32, demands: usize, confirmed: Confirmed },
    /// A demand was not answered: the price is back with the user.
    Silent { demands: usize, confirmed: Confirmed },
    /// The job ended otherwise.
    Ended,
}

/// Does the job's work on this machine and compares it with the commitment. Where they differ, demands lead down to a wrong
/// cell, which is then proven; each demand that is answered costs its bond.
///
/// # Errors
/// If model or input cannot be had, or the program or node refuses.
pub async fn convict(
    chain: &Chain,
    blobs: &Blobs,
    wallet: &Keypair,
    address: &Pubkey,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Conviction, UserError> {
    let job = find_job(chain, address).await?;
    if job.status != jobs::state::Status::Committed {
        return Err(UserError::NoResult { job: *address, status: job.status });
    }
    let model = work::fetch_model(blobs, job.model_blob, &job.model_root).await?;
    let input = work::fetch_input(blobs, address, &job, &model).await?;
    progress("doing the job's work on this machine");
    let mut own = Cpu::new().execute(&model, &input).map_err(worker::WorkerError::from)?.activations;
    let columns = model.columns();
    let (id, layers) = (address.to_bytes(), model.specs());
    let claim =
        Claim { job: &id, layers: &layers, rows: job.rows, input_root: &job.input_root, commitment: &job.commitment };
    let mut demands = 0;
    let stand = {
        let witness = Witness { activations: &own, columns: &columns };
        let mut walk = Walk::new(&claim, &witness)?;
        loop {
            let Stand::Ask(wanted) = walk.stand().clone() else { break walk.stand().clone() };
            progress(&format!("demand {}: {wanted:?}", demands + 1));
            let (asked, _) = demand(chain, wallet, address, item(wanted)).await?;
            demands += 1;
            match await_answer(chain, wallet, &asked).await? {
                Settled::Silent(confirmed) => return Ok(Conviction::Silent { demands, confirmed }),
                Settled::Ended => return Ok(Conviction::Ended),
                Settled::Answered => {}
            }
            let data = chain.answered(address, asked.n).await?;
            walk.take(&data.ok_or(UserError::NoAnswer { job: *address, n: asked.n })?.data)?;
        }
    };
    let Stand::Wrong { layer, row, column, evidence: proof } = stand else {
        return Ok(Conviction::Honest { output: own.pop().unwrap_or_default() });
    };
    progress(&format!("layer {layer}, row {row}, column {column} is wrong: proving it"));
    let (prover, job) = (wallet.pubkey(), find_job(chain, address).await?);
    let accounts = [credits_ix::create_iosd_account(prover, job.user), credits_ix::create_io_account(prover, prover)];
    evidence::upload(chain, wallet, *address, &proof, &accounts).await?;
    let judge = jobs_ix::dispute_cell(prover, *address, &job, (layer, row, column));
    let confirmed = chain.send(&evidence::judged(judge, proof.len()), &[wallet]).await?;
    Ok(Conviction::Wrong { layer, row, column, demands, confirmed })
}

/// As the chain takes it. A walk asks for nothing that does not fit.
fn item(wanted: Wanted) -> Item {
    let byte = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    match wanted {
        Wanted::LayerRoots => Item::LayerRoots,
        Wanted::Nodes { layer, row, level, index, depth } => {
            Item::Nodes { layer, row, level: byte(level), index, depth: byte(depth) }
        }
        Wanted::Segments { layer, row, first, count } => Item::Segments { layer, row, first, count: byte(count) },
    }
}
