//! Proposals and votes.
mod guardian;
mod propose;
mod show;
mod vote;

use crate::args::GovCommand;
use crate::context::Context;
use crate::exit::refused;
use crate::output::Output;
use crate::time::{by, moment};
use anyhow::Result;
use client::preview::action;
use client::{Chain, Instruction, Signer, governance_ix};
use economy::amount::io;
use governance::Action;
use governance::state::{Config, Proposal, Status};
use serde_json::json;

pub async fn run(context: &Context, command: GovCommand) -> Result<Output> {
    match command {
        GovCommand::Propose(command) => propose::run(context, command).await,
        GovCommand::Vote { number, side, pool } => vote::run(context, number, side, &pool).await,
        GovCommand::Finish { number } => finish(context, number).await,
        GovCommand::Execute { number } => execute(context, number).await,
        GovCommand::Veto { number } => veto(context, number).await,
        GovCommand::Close { number } => close(context, number).await,
        GovCommand::Show { number } => show::one(context, number).await,
        GovCommand::List => show::all(context).await,
        GovCommand::Guardian(command) => guardian::run(context, command).await,
        GovCommand::Parameters => show::parameters(context).await,
    }
}

pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Voting => "voting",
        Status::Passed => "passed",
        Status::Rejected => "rejected",
        Status::Vetoed => "vetoed",
        Status::Executed => "executed",
    }
}

/// What can be done with a proposal now, in words.
pub fn next_step(proposal: &Proposal, config: &Config, now: i64) -> String {
    let n = proposal.number;
    let stale = proposal.is_stale(config);
    match proposal.status {
        Status::Voting if now < proposal.voting_end => {
            format!("io gov vote {n} yes|no|abstain; the vote ends {}", moment(proposal.voting_end, now))
        }
        Status::Voting => format!("io gov finish {n}"),
        Status::Passed if stale => {
            format!("io gov close {n}: the voting rules have changed, it cannot be executed any more")
        }
        Status::Passed if now < proposal.eta => format!("io gov execute {n}, {}", moment(proposal.eta, now)),
        Status::Passed if now <= proposal.expires => {
            format!("io gov execute {n}; that is possible until {}", by(proposal.expires, now))
        }
        Status::Passed => format!("io gov close {n}: it was not executed in time"),
        Status::Rejected | Status::Vetoed | Status::Executed => format!("io gov close {n}"),
    }
}

/// Fails with what can be done instead.
fn not_now<T>(proposal: &Proposal, config: &Config, now: i64, why: &str) -> Result<T> {
    refused(format!("{why} (next: {})", next_step(proposal, config, now)))
}

async fn finish(context: &Context, number: u64) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (proposal, config, now) = (chain.proposal(number).await?, chain.governance_config().await?, chain.now().await?);
    if proposal.status != Status::Voting {
        return not_now(
            &proposal,
            &config,
            now,
            &format!("proposal {number} is {} already", status_word(proposal.status)),
        );
    }
    if now < proposal.voting_end {
        return not_now(&proposal, &config, now, &format!("the vote on proposal {number} has not ended yet"));
    }
    let confirmed = chain.send(&[governance_ix::finish(number)], &[&wallet]).await?;
    let after = chain.proposal(number).await?;
    let turnout = after.yes + after.no + after.abstain;
    let text = format!(
        "proposal {number} is {}: {} IO for it, {} against, {} abstained; {} of the {} IO needed took part\nsignature {}\nnext: {}",
        status_word(after.status),
        io(after.yes),
        io(after.no),
        io(after.abstain),
        io(turnout),
        io(after.quorum),
        confirmed.signature,
        next_step(&after, &config, now)
    );
    let json = json!({
        "proposal": number, "status": status_word(after.status), "yes_io": io(after.yes).to_string(),
        "no_io": io(after.no).to_string(), "abstain_io": io(after.abstain).to_string(),
        "quorum_io": io(after.quorum).to_string(), "eta": after.eta, "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

/// What carries a proposal out: finishing comes first if nobody has.
async fn carrying_out(chain: &Chain, proposal: &Proposal, payer: client::Pubkey) -> Result<Vec<Instruction>> {
    let number = proposal.number;
    Ok(match proposal.action {
        Action::Pay { to, amount } => {
            let budget = chain.emission().await?.budgets[credits::Purpose::Treasury as usize];
            let can = budget.mintable(chain.epoch().await?);
            if can < amount {
                return refused(format!(
                    "the treasury's budget can pay {} IO now, not {}: it grows with every epoch (hint: `io epoch show`)",
                    io(can),
                    io(amount)
                ));
            }
            vec![governance_ix::execute_payment(payer, number, to)]
        }
        action => vec![governance_ix::execute(number, &action)],
    })
}

async fn execute(context: &Context, number: u64) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (proposal, config, now) = (chain.proposal(number).await?, chain.governance_config().await?, chain.now().await?);
    let word = status_word(proposal.status);
    if proposal.status != Status::Passed {
        return not_now(
            &proposal,
            &config,
            now,
            &format!("proposal {number} is {word}, only one that has passed can be executed"),
        );
    }
    if proposal.is_stale(&config) {
        return not_now(&proposal, &config, now, "the voting rules have changed since it was made");
    }
    if now < proposal.eta {
        return not_now(&proposal, &config, now, &format!("proposal {number} has passed, its timelock has not"));
    }
    if now > proposal.expires {
        return not_now(&proposal, &config, now, "the time to execute it has passed");
    }
    let last = proposal.action.kind().and_then(|kind| config.changed.get(kind)).copied().unwrap_or(0);
    if !economy::vote::rested(last, now, config.timelock_s) {
        let again = last + i64::from(config.timelock_s);
        let words = "this was changed less than a timelock ago: it can be executed";
        return refused(format!("{words} {}", moment(again, now)));
    }
    let instructions = carrying_out(&chain, &proposal, wallet.pubkey()).await?;
    let confirmed = chain.send(&instructions, &[&wallet]).await?;
    let done = action(&proposal.action);
    let text = format!("done: {done}\nsignature {}\nnext: io gov close {number}", confirmed.signature);
    let json = json!({ "proposal": number, "done": done, "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, text))
}

async fn veto(context: &Context, number: u64) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (proposal, config, now) = (chain.proposal(number).await?, chain.governance_config().await?, chain.now().await?);
    guardian::require(&config, &wallet.pubkey())?;
    if !proposal.action.is_vetoable() {
        return refused("the guardian cannot stop a proposal that replaces the guardian: vote against it");
    }
    if !matches!(proposal.status, Status::Voting | Status::Passed) {
        return not_now(
            &proposal,
            &config,
            now,
            &format!("proposal {number} is {} already", status_word(proposal.status)),
        );
    }
    let confirmed = chain.send(&[governance_ix::veto(wallet.pubkey(), number)], &[&wallet]).await?;
    let text = format!("stopped: {}\nsignature {}", action(&proposal.action), confirmed.signature);
    let json = json!({ "proposal": number, "status": "vetoed", "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, text))
}

async fn close(context: &Context, number: u64) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (proposal, config, now) = (chain.proposal(number).await?, chain.governance_config().await?, chain.now().await?);
    let deposit = match proposal.ballot().close(now, proposal.is_stale(&config)) {
        Ok(deposit) => deposit,
        Err(error) => {
            return not_now(&proposal, &config, now, &format!("proposal {number} cannot be put away: {error}"));
        }
    };
    let confirmed = chain.send(&[governance_ix::close_proposal(me, number, proposal.proposer)], &[&wallet]).await?;
    // A vetoed proposal's vote may still be running; its votes are closed later.
    let votes = if now >= proposal.voting_end { chain.votes(number).await? } else { Vec::new() };
    for some in votes.chunks(8) {
        let closing: Vec<_> =
            some.iter().map(|(_, v)| governance_ix::close_vote(number, v.position, v.payer)).collect();
        chain.send(&closing, &[&wallet]).await?;
    }
    let (word, amount) = match deposit {
        economy::vote::Deposit::Returned => ("returned", io(proposal.deposit)),
        economy::vote::Deposit::Burned => ("burned: too little stake took part", io(proposal.deposit)),
    };
    let text = format!(
        "proposal {number} is put away; its deposit of {amount} IO was {word}\nrent of {} votes returned\nsignature {}",
        votes.len(),
        confirmed.signature
    );
    let json = json!({
        "proposal": number, "deposit_io": amount.to_string(), "returned": deposit == economy::vote::Deposit::Returned,
        "votes_closed": votes.len(), "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}
