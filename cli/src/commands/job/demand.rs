//! Data that a worker does not serve.
use crate::args::DemandArgs;
use crate::context::{Context, address};
use crate::exit::refused;
use crate::output::Output;
use anyhow::Result;
use client::Pubkey;
use economy::amount::sol;
use jobs::Item;
use jobs::state::Demand;
use serde_json::json;
use std::time::{Duration, Instant};
use user::{Conviction, Outcome, Review, UserError};

/// How long the result may take to turn up before it is demanded; never past the job's window.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds before the window's end at which a demand must be sent.
const MARGIN_S: i64 = 5;

fn item(wish: &DemandArgs) -> Result<Item> {
    let Some(layer) = wish.layer else { return Ok(Item::LayerRoots) };
    let (row, depth) = (wish.row, wish.depth);
    Ok(match (wish.level, wish.index, row, wish.segment) {
        (Some(level), Some(index), row, _) => Item::Nodes { layer, row, level, index, depth },
        (_, _, Some(row), Some(first)) => Item::Segments { layer, row, first, count: wish.count },
        _ => anyhow::bail!("name a row and a segment, or a level and an index"),
    })
}

pub async fn run(context: &Context, wish: DemandArgs) -> Result<Output> {
    let (chain, wallet, job) = (context.chain(), context.wallet()?, address(&wish.job)?);
    if wish.close {
        let closed = user::close_demands(&chain, &wallet, &job).await?;
        let text = format!("closed {closed} demands of job {job}: rents and bonds are back with their demanders");
        return Ok(Output::new(&json!({ "job": job.to_string(), "closed": closed }), text));
    }
    let (demand, confirmed) = user::demand(&chain, &wallet, &job, item(&wish)?).await?;
    if wish.wait {
        (context.progress())(&bonded(&demand));
        return match user::follow(&chain, &context.blobs()?, &wallet, &demand).await? {
            Outcome::Served(_) => Ok(told(&demand, "served", "the result can be had: io job accept fetches it")),
            Outcome::Answered { window_end } => Ok(told(&demand, "answered", &answered(&demand, window_end))),
            Outcome::Refunded(_) => Ok(told(&demand, "refunded", SILENT)),
            Outcome::Ended => Ok(told(&demand, "ended", "the job has ended; the explorer has its history")),
        };
    }
    let text = format!(
        "demand {} of job {job}: {}\nsignature {}\nnext: io job expire {job} after the deadline, if there is no answer",
        demand.n,
        bonded(&demand),
        confirmed.signature
    );
    let json = json!({
        "job": job.to_string(), "n": demand.n, "bond_lamports": demand.bond, "deadline": demand.deadline,
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

const SILENT: &str = "the worker was silent: the price is back with the user, the worker's reserved stake is slashed, and bond \
                      and rent of the demand are back";

fn bonded(demand: &Demand) -> String {
    format!(
        "{} SOL are the bond, which an answer costs; it can come until unix time {}",
        sol(demand.bond),
        demand.deadline
    )
}

fn answered(demand: &Demand, window_end: i64) -> String {
    format!(
        "the worker answered demand {} on chain, which the explorer shows; the result itself is still not served. The job can be \
         disputed until unix time {window_end} (hint: `io job dispute {}` does the work here and demands what leads to a wrong cell)",
        demand.n, demand.job
    )
}

fn told(demand: &Demand, status: &str, text: &str) -> Output {
    let json = json!({ "job": demand.job.to_string(), "n": demand.n, "status": status });
    Output::new(&json, format!("job {}: {text}", demand.job))
}

/// Ends a job whose worker has not answered in time.
pub async fn expire(context: &Context, demand: &Demand) -> Result<Output> {
    let confirmed = user::expire_demand(&context.chain(), &context.wallet()?, demand).await?;
    let json = json!({ "job": demand.job.to_string(), "n": demand.n, "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, format!("job {}: {SILENT}\nsignature {}", demand.job, confirmed.signature)))
}

/// Nothing is served: the work is done here, and demands lead to the wrong cell, if there is one.
pub async fn convict(context: &Context, job: Pubkey) -> Result<Output> {
    let (chain, progress) = (context.chain(), context.progress());
    progress("the result is withheld: demanding on chain what leads to a wrong cell; each answer costs a bond");
    let (blobs, wallet) = (context.blobs()?, context.wallet()?);
    let said = |what: &str, demands: usize, signature: String, text: String| {
        let json = json!({ "job": job.to_string(), "status": what, "demands": demands, "signature": signature });
        Ok(Output::new(&json, format!("job {job}: {text}\nsignature {signature}")))
    };
    match user::convict(&chain, &blobs, &wallet, &job, &progress).await? {
        Conviction::Honest { .. } => refused(format!(
            "there is nothing to dispute: what was committed to is what the model gives, and this machine has computed it (hint: `io \
             job demand {job} ...` asks for parts that are not served)"
        )),
        Conviction::Ended => refused(format!("job {job} has ended; the explorer has its history")),
        Conviction::Silent { demands, confirmed } => {
            said("refunded", demands, confirmed.signature.to_string(), SILENT.into())
        }
        Conviction::Wrong { layer, row, column, demands, confirmed } => {
            let text = format!(
                "proved: layer {layer}, row {row}, column {column} is wrong, after {demands} demands; the price is back with its user"
            );
            said("refunded", demands, confirmed.signature.to_string(), text)
        }
    }
}

/// The result was not served: waits for it a little, then demands a part of it on chain and waits for what comes of that.
/// Returns the review if the result turns up.
pub async fn withheld(
    context: &Context,
    job: Pubkey,
    found: Result<Review, UserError>,
    may_demand: bool,
) -> Result<Review> {
    let (chain, blobs, progress) = (context.chain(), context.blobs()?, context.progress());
    let why = match &found {
        Err(error) => error.to_string(),
        Ok(review) => review.outcome.as_ref().err().map(ToString::to_string).unwrap_or_default(),
    };
    if !may_demand {
        return refused(format!(
            "{why}: not accepted, and nothing was demanded (hint: without a demand the worker is paid after the window; `io job \
             demand {job}` makes one)"
        ));
    }
    progress(&format!("{why}: trying again for {} s", PATIENCE.as_secs()));
    let start = Instant::now();
    let end = super::find(&chain, &job).await?.window_end.saturating_sub(MARGIN_S);
    while start.elapsed() < PATIENCE && chain.now().await? < end {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let found = user::review(&chain, &blobs, &job).await;
        if !user::is_withheld(&found) {
            return Ok(found?);
        }
    }
    let wallet = context.wallet()?;
    let (demand, _) = user::demand_output(&chain, &wallet, &job).await?;
    progress(&format!("the result is withheld: a part of it is demanded on chain; {}", bonded(&demand)));
    match user::follow(&chain, &blobs, &wallet, &demand).await? {
        Outcome::Served(review) => Ok(*review),
        Outcome::Answered { window_end } => refused(format!("not accepted: {}", answered(&demand, window_end))),
        Outcome::Refunded(_) => refused(format!("not accepted: {SILENT}")),
        Outcome::Ended => refused(format!("job {job} has ended; the explorer has its history")),
    }
}
