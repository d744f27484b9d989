//! Voting with stake.
use super::{next_step, not_now, status_word};
use crate::args::{PoolArgs, Side};
use crate::commands::pools::{Named, kind_word};
use crate::commands::positions::{Held, held};
use crate::context::Context;
use crate::exit::refused;
use crate::output::Output;
use crate::time::moment;
use anyhow::Result;
use client::read::Calendar;
use client::{Chain, Signer, address, governance_ix, staking_ix};
use economy::amount::io;
use governance::Choice;
use governance::state::{Proposal, Status, Vote};
use serde_json::json;

pub async fn run(context: &Context, number: u64, side: Side, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (proposal, config, calendar) =
        (chain.proposal(number).await?, chain.governance_config().await?, chain.calendar().await?);
    let now = calendar.now;
    if proposal.status != Status::Voting {
        return not_now(
            &proposal,
            &config,
            now,
            &format!("proposal {number} is {} already", status_word(proposal.status)),
        );
    }
    if now >= proposal.voting_end {
        return not_now(&proposal, &config, now, &format!("the vote on proposal {number} has ended"));
    }
    let mut mine = held(&chain, &me, calendar.epoch()).await?;
    if pool.operator.is_some() || pool.user.is_some() {
        let named = Named::find(&chain, pool, &me).await?;
        mine.retain(|h| h.stored.pool == named.address);
    }
    if mine.is_empty() {
        return refused(format!(
            "you have no stake there to vote with (hint: `io stake show`; votes are counted by stake, {me} has none)"
        ));
    }
    let choice = match side {
        Side::Yes => Choice::Yes,
        Side::No => Choice::No,
        Side::Abstain => Choice::Abstain,
    };
    let (mut votes, mut reasons) = (Vec::new(), Vec::new());
    for h in &mine {
        let of = format!("{} {}", kind_word(h.pool.kind), h.pool.owner);
        if let Some(reason) = may_not(&chain, &proposal, h, &calendar).await? {
            reasons.push(format!("with {of}: {reason}"));
            continue;
        }
        let mut instructions = Vec::new();
        if h.stored.warming > 0 && h.stored.warm_epoch <= calendar.epoch() {
            // What has warmed up votes, too.
            instructions.push(staking_ix::refresh_position(h.stored.pool, me));
        }
        instructions.push(governance_ix::vote(me, me, h.stored.pool, number, choice));
        let confirmed = chain.send(&instructions, &[&wallet]).await?;
        let vote: Option<Vote> = chain.find("vote", &address::vote(&address::proposal(number), &h.address)).await?;
        votes.push((of, vote.map_or(0, |v| v.weight), confirmed.signature));
    }
    if votes.is_empty() {
        return refused(format!("none of your positions can vote on proposal {number}\n{}", reasons.join("\n")));
    }
    let lines =
        votes.iter().map(|(of, weight, signature)| format!("{} IO with {of}\nsignature {signature}", io(*weight)));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    for reason in &reasons {
        text += &format!("\nnot {reason}");
    }
    text += &format!("\nlocked until the vote ends, {}", moment(proposal.voting_end, now));
    let proposal = chain.proposal(number).await?;
    text += &format!(
        "\nso far {} IO for it, {} against, {} abstain; {} must take part",
        io(proposal.yes),
        io(proposal.no),
        io(proposal.abstain),
        io(proposal.quorum)
    );
    text += &format!("\nnext: {}", next_step(&proposal, &config, now));
    let json_votes: Vec<_> = votes.iter().map(|(of, weight, signature)| {
        json!({ "pool_of": of, "weight_io": io(*weight).to_string(), "signature": signature.to_string() })
    }).collect();
    let json = json!({
        "proposal": number, "votes": json_votes, "yes_io": io(proposal.yes).to_string(), "no_io": io(proposal.no).to_string(),
        "abstain_io": io(proposal.abstain).to_string(), "quorum_io": io(proposal.quorum).to_string(),
    });
    Ok(Output::new(&json, text))
}

/// Why a position cannot vote on a proposal, if it cannot.
async fn may_not(chain: &Chain, proposal: &Proposal, h: &Held, calendar: &Calendar) -> Result<Option<String>> {
    let number = proposal.number;
    let vote: Option<Vote> = chain.find("vote", &address::vote(&address::proposal(number), &h.address)).await?;
    if let Some(vote) = vote {
        let word = match vote.choice {
            Choice::Yes => "yes",
            Choice::No => "no",
            Choice::Abstain => "abstain",
        };
        return Ok(Some(format!("has voted {word} with {} IO; a vote cannot be changed", io(vote.weight))));
    }
    let proposed = Calendar { now: proposal.created, ..*calendar }.epoch();
    if !economy::vote::may_vote(h.stored.warm_epoch, proposed) {
        return Ok(Some(format!(
            "stake was added too late: it counts from epoch {} on, the proposal is from epoch {proposed}",
            h.stored.warm_epoch
        )));
    }
    if h.now.weight(h.pool_now.factor).unwrap_or(0) == 0 {
        return Ok(Some("nothing of it is active".into()));
    }
    Ok(None)
}
