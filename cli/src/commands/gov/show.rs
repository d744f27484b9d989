//! Proposals and parameters as they are.
use super::{next_step, status_word};
use crate::commands::pools::rate;
use crate::context::Context;
use crate::output::Output;
use crate::table::{pairs, table};
use crate::time::{by, duration, moment};
use anyhow::Result;
use client::parameter::Parameters;
use client::preview::action;
use client::{Parameter, Pubkey};
use economy::amount::io;
use governance::Choice;
use governance::state::{Config, Proposal};
use serde_json::{Value, json};

fn json_of(p: &Proposal, config: &Config, now: i64) -> Value {
    json!({
        "proposal": p.number, "does": action(&p.action), "status": status_word(p.status), "proposer": p.proposer.to_string(),
        "deposit_io": io(p.deposit).to_string(), "created": p.created, "voting_end": p.voting_end, "eta": p.eta,
        "expires": p.expires, "yes_io": io(p.yes).to_string(), "no_io": io(p.no).to_string(),
        "abstain_io": io(p.abstain).to_string(), "quorum_io": io(p.quorum).to_string(), "threshold_bps": p.threshold_bps,
        "next": next_step(p, config, now),
    })
}

pub async fn one(context: &Context, number: u64) -> Result<Output> {
    let chain = context.chain();
    let (p, config, now) = (chain.proposal(number).await?, chain.governance_config().await?, chain.now().await?);
    let turnout = p.yes + p.no + p.abstain;
    let needed = economy::vote::threshold(p.yes + p.no, p.threshold_bps).unwrap_or(u64::MAX);
    let mut lines = vec![
        ("proposal", format!("{number}: {}", action(&p.action))),
        ("status", status_word(p.status).into()),
        ("proposer", format!("{}, deposit {} IO", p.proposer, io(p.deposit))),
        ("voting", format!("ends {}", moment(p.voting_end, now))),
        ("execution", format!("from {} until {}", by(p.eta, now), by(p.expires, now))),
        ("turnout", format!("{} IO of the {} IO needed", io(turnout), io(p.quorum))),
        (
            "yes",
            format!(
                "{} IO, {} IO needed ({} of yes and no, and more than no)",
                io(p.yes),
                io(needed),
                rate(p.threshold_bps)
            ),
        ),
        ("no", format!("{} IO", io(p.no))),
        ("abstain", format!("{} IO", io(p.abstain))),
    ];
    let votes = chain.votes(number).await?;
    for (_, vote) in &votes {
        let word = match vote.choice {
            Choice::Yes => "yes",
            Choice::No => "no",
            Choice::Abstain => "abstain",
        };
        lines.push(("vote", format!("{word} by {} with {} IO", vote.voter, io(vote.weight))));
    }
    lines.push(("next", next_step(&p, &config, now)));
    Ok(Output::new(&json_of(&p, &config, now), pairs(&lines)))
}

pub async fn all(context: &Context) -> Result<Output> {
    let chain = context.chain();
    let (all, config, now) = (chain.proposals().await?, chain.governance_config().await?, chain.now().await?);
    let row = |p: &Proposal| {
        vec![
            p.number.to_string(),
            action(&p.action),
            status_word(p.status).into(),
            io(p.yes).to_string(),
            io(p.no).to_string(),
            io(p.quorum).to_string(),
            next_step(p, &config, now),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let text = match rows.is_empty() {
        true => "no proposals (hint: `io gov propose --help`)".into(),
        false => table(&["no.", "does", "status", "yes IO", "no IO", "quorum", "next"], &rows),
    };
    let json: Vec<Value> = all.iter().map(|p| json_of(p, &config, now)).collect();
    Ok(Output::new(&json!({ "proposals": json }), text))
}

pub async fn parameters(context: &Context) -> Result<Output> {
    let now = Parameters::read(&context.chain()).await?;
    let row = |p: Parameter| {
        let bounds = p.bounds();
        let value = now.get(p);
        vec![p.name().into(), p.show(value), p.show(bounds.min), p.show(bounds.max), p.step()]
    };
    let rows: Vec<Vec<String>> = Parameter::all().map(row).collect();
    let json = |p: Parameter| {
        let bounds = p.bounds();
        json!({ "name": p.name(), "value": p.show(now.get(p)), "raw": now.get(p), "min": bounds.min, "max": bounds.max,
            "step": p.step() })
    };
    let json: Vec<Value> = Parameter::all().map(json).collect();
    let g = &now.governance;
    let text = format!(
        "{}\na vote takes {}, what passed can be executed {} later and for {}; guardian {}\n\
         change one: io gov propose set NAME VALUE",
        table(&["parameter", "value", "at least", "at most", "one change moves it by"], &rows),
        duration(g.voting_s.into()),
        duration(g.timelock_s.into()),
        duration(g.grace_s.into()),
        if g.guardian == Pubkey::default() { "nobody".into() } else { g.guardian.to_string() }
    );
    Ok(Output::new(&json!({ "parameters": json }), text))
}
