mod demand;

use crate::args::JobCommand;
use crate::commands::credits::{Wanted, order};
use crate::commands::model::import;
use crate::context::{Context, address, amount, root};
use crate::exit::refused;
use crate::output::Output;
use anyhow::{Context as _, Result};
use client::{Chain, ClientError, Confirmed, Pubkey, Signer, jobs_ix};
use credits::BuyOrder;
use economy::amount::{io, iosd};
use economy::{IO_DECIMALS, IOSD_DECIMALS};
use jobs::state::{Audit, Job, Status};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use user::Terms;
use worker::work::{self, hex};

pub async fn run(context: &Context, command: JobCommand) -> Result<Output> {
    match command {
        JobCommand::Post { model, input, price, claim_within, execute_within, pay_io, max_io } => {
            let price = amount(&price, IOSD_DECIMALS)?;
            let max_io = max_io.map(|most| amount(&most, IO_DECIMALS)).transpose()?;
            let terms = Terms { price, claim_s: claim_within, execute_s: execute_within, pay_io: None };
            post(context, &model, &input, terms, pay_io, max_io).await
        }
        JobCommand::Watch { job } => watch(context, address(&job)?).await,
        JobCommand::Accept { job, output, no_demand } => accept(context, address(&job)?, output, !no_demand).await,
        JobCommand::Demand(wish) => demand::run(context, wish).await,
        JobCommand::Dispute { job } => dispute(context, address(&job)?).await,
        JobCommand::Cancel { job } => {
            let job = address(&job)?;
            let confirmed = user::cancel(&context.chain(), &context.wallet()?, &job).await?;
            Ok(done("cancelled: the price is back", &job, &confirmed))
        }
        JobCommand::Expire { job } => {
            let job = address(&job)?;
            if let Some(demand) = user::overdue(&context.chain(), &job).await? {
                return demand::expire(context, &demand).await;
            }
            let confirmed = user::expire(&context.chain(), &context.wallet()?, &job).await?;
            Ok(done("expired: its user has the price back", &job, &confirmed))
        }
        JobCommand::Status { job } => status(context, address(&job)?).await,
        JobCommand::Draw { job } => {
            let (chain, job) = (context.chain(), address(&job)?);
            let confirmed = user::draw(&chain, &context.wallet()?, &job).await?;
            let state = chain.find::<Job>("job", &job).await?;
            let words = state.map_or("over".into(), |state| audit_words(&state));
            Ok(done(&format!("audit: {words}"), &job, &confirmed))
        }
        JobCommand::Settle { job } => {
            let (chain, job) = (context.chain(), address(&job)?);
            let state = find(&chain, &job).await?;
            let known = if state.audit == Audit::Passed { "audited on chain" } else { "unchallenged" };
            let confirmed = chain.send(&[jobs_ix::settle_job(job, &state)], &[&context.wallet()?]).await?;
            Ok(done(&format!("settled, {known}: its supplier is paid"), &job, &confirmed))
        }
    }
}

async fn find(chain: &Chain, job: &Pubkey) -> Result<Job, ClientError> {
    chain.get("live job", job, "it has ended, or was never posted here: its history is in the explorer").await
}

/// A job's audit in words.
fn audit_words(job: &Job) -> String {
    let cells = job.audit_cells;
    match job.audit {
        Audit::None => "no result yet".into(),
        Audit::Pending { draw_slot, certain: false } => format!("to be drawn by slot {draw_slot}"),
        Audit::Pending { draw_slot, certain: true } => {
            format!("certain, {cells} cells to be drawn by slot {draw_slot}")
        }
        Audit::NotDrawn => "not drawn".into(),
        Audit::Open { deadline, .. } => {
            format!("open: {} of {cells} cells left to answer until {deadline}", job.unanswered())
        }
        Audit::Passed => format!("passed, all {cells} cells are right"),
    }
}

async fn status(context: &Context, address: Pubkey) -> Result<Output> {
    let chain = context.chain();
    let job = find(&chain, &address).await?;
    let state = match job.status {
        Status::Posted => "posted",
        Status::Claimed => "claimed",
        _ => "committed",
    };
    let mut lines = vec![format!("job {address} is {state}, {} IOSD", iosd(job.price))];
    let mut needed = None;
    if job.status == Status::Posted {
        lines.push(format!("claim until {}", job.claim_deadline));
        match chain.reservation(job.price).await? {
            Ok(amount) => {
                needed = Some(amount);
                lines.push(format!("a claim needs {} IO of the operator's own free stake", io(amount)));
            }
            Err(error) => lines.push(format!("it cannot be claimed now: {error}")),
        }
    } else {
        lines.push(format!("device {}, operator {}", job.device, job.operator));
        lines.push(format!("reserved stake {} IO", io(job.reserved)));
        lines.push(format!("audited with a chance of {} bps in {} cells", job.audit_bps, job.audit_cells));
    }
    match job.status {
        Status::Claimed => lines.push(format!("commit until {}", job.commit_deadline)),
        Status::Committed => {
            lines.push(format!("audit: {}", audit_words(&job)));
            lines.push(format!("can be disputed until {}", job.window_end));
        }
        _ => {}
    }
    let json = json!({
        "job": address.to_string(), "status": state, "price_iosd": iosd(job.price).to_string(),
        "reservation_io": needed.map(|amount| io(amount).to_string()), "reserved_io": io(job.reserved).to_string(),
        "audit_bps": job.audit_bps, "audit_cells": job.audit_cells, "audit": audit_words(&job),
        "window_end": job.window_end,
    });
    Ok(Output::new(&json, lines.join("\n")))
}

fn done(what: &str, job: &Pubkey, confirmed: &Confirmed) -> Output {
    let signature = confirmed.signature.to_string();
    let text = format!("job {job} {what}\nsignature {signature}");
    Output::new(&json!({ "job": job.to_string(), "signature": signature }), text)
}

async fn post(
    context: &Context,
    model: &str,
    input: &Path,
    mut terms: Terms,
    pay_io: bool,
    max_io: Option<u64>,
) -> Result<Output> {
    let (chain, blobs, wallet) = (context.chain(), context.blobs()?, context.wallet()?);
    let file = Path::new(model);
    let model =
        if file.exists() { import(file, None)? } else { work::published_model(&chain, &blobs, &root(model)?).await? };
    let batch = std::fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    if pay_io {
        let bought = order(&chain, &wallet.pubkey(), Wanted::Iosd(terms.price), max_io).await?;
        let BuyOrder::ExactOut { max_io, .. } = bought else { anyhow::bail!("an amount of IOSD was ordered") };
        terms.pay_io = Some(max_io);
    } else {
        require_credits(&chain, &wallet.pubkey(), terms.price).await?;
    }
    let posted = user::post_job(&chain, &blobs, &wallet, &model, batch, terms)
        .await
        .with_context(|| format!("cannot post {} as a job", input.display()))?;
    let price = iosd(terms.price);
    let text = format!(
        "posted job {} with {} rows for {price} IOSD\nsignature {}\nnext: io job watch {}",
        posted.job, posted.rows, posted.confirmed.signature, posted.job
    );
    let json = json!({
        "job": posted.job.to_string(), "rows": posted.rows, "price_iosd": price.to_string(),
        "input_root": hex(&posted.input_root), "signature": posted.confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

/// Fails with what is missing if the wallet has too few credits.
async fn require_credits(chain: &Chain, owner: &Pubkey, price: u64) -> Result<()> {
    let have = chain.tokens(&client::address::iosd_account(owner)).await?;
    if have >= price {
        return Ok(());
    }
    let missing = iosd(price - have);
    refused(format!(
        "the job costs {} IOSD, the wallet has {}: {missing} are missing (hint: `io credits buy {missing}`, or post with --pay-io)",
        iosd(price),
        iosd(have)
    ))
}

async fn watch(context: &Context, address: Pubkey) -> Result<Output> {
    let (chain, progress) = (context.chain(), context.progress());
    let mut job = find(&chain, &address).await?;
    let mut said = None;
    loop {
        if said != Some(job.status) {
            progress(match job.status {
                Status::Posted => "posted: waiting for a device to claim it",
                Status::Claimed => "claimed: a device is working on it",
                _ => "committed",
            });
            said = Some(job.status);
        }
        if job.status == Status::Committed {
            let text = format!(
                "job {address} has a result\ndevice {}\ncommitment {}\naudit {}\nnext: io job accept {address}",
                job.device,
                hex(&job.commitment),
                audit_words(&job)
            );
            let json = json!({
                "job": address.to_string(), "status": "committed", "device": job.device.to_string(),
                "commitment": hex(&job.commitment), "window_end": job.window_end, "audit": audit_words(&job),
            });
            return Ok(Output::new(&json, text));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        match chain.find::<Job>("job", &address).await? {
            Some(next) => job = next,
            None => {
                let text = format!("job {address} has ended; the explorer has its history");
                return Ok(Output::new(&json!({ "job": address.to_string(), "status": "ended" }), text));
            }
        }
    }
}

async fn accept(context: &Context, address: Pubkey, output: Option<PathBuf>, demand: bool) -> Result<Output> {
    let (chain, progress) = (context.chain(), context.progress());
    progress("checking every cell of the result");
    let mut found = user::review(&chain, &context.blobs()?, &address).await;
    if user::is_withheld(&found) {
        found = Ok(demand::withheld(context, address, found, demand).await?);
    }
    let review = found?;
    let bytes = review.served.result.output().to_vec();
    let (confirmed, report) = user::accept(&chain, &context.wallet()?, review).await?;
    // Whoever asked for the data of this job gets the bond back.
    user::close_demands(&chain, &context.wallet()?, &address).await?;
    if let Some(path) = &output {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let text = format!(
        "checked in {:.3} s and accepted: the supplier of job {address} is paid\nsignature {}",
        report.seconds(),
        confirmed.signature
    );
    let json = json!({
        "job": address.to_string(), "verify_s": report.seconds(), "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn dispute(context: &Context, address: Pubkey) -> Result<Output> {
    let (chain, progress) = (context.chain(), context.progress());
    progress("looking for a wrong cell");
    let found = user::review(&chain, &context.blobs()?, &address).await;
    if user::is_withheld(&found) {
        return demand::convict(context, address).await;
    }
    let review = found?;
    let proven = user::dispute(&chain, &context.wallet()?, &review).await?;
    let fault = &proven.fault;
    let text = format!(
        "proved: layer {}, row {}, column {} is {}, the worker committed to {}\n\
         {} bytes of evidence in {} transactions; the price is back with its user\nsignature {}",
        fault.layer,
        fault.row,
        fault.column,
        fault.expected,
        fault.committed,
        fault.evidence.len(),
        proven.uploads + 1,
        proven.confirmed.signature
    );
    let json = json!({
        "job": address.to_string(), "layer": fault.layer, "row": fault.row, "column": fault.column,
        "expected": fault.expected, "committed": fault.committed,
        "signature": proven.confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}
