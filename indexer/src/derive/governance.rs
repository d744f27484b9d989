//! Proposals and votes.
use super::columns::Jsonb;
use super::more_rows::{Proposal, Vote};
use super::{Inserted, Work, orders};
use crate::decode::{GovernanceEvent, words};
use ::governance::events::*;
use ::governance::state::{Action, Rule, Status, Target};
use anchor_lang::prelude::Pubkey;

pub fn apply(work: &mut Work, row: &Inserted<'_>, event: &GovernanceEvent) {
    match event {
        GovernanceEvent::ShardOpened(_) => {}
        GovernanceEvent::ProposalCreated(e) => created(work, row, e),
        GovernanceEvent::VoteCast(e) => voted(work, row, e),
        GovernanceEvent::ProposalFinished(e) => {
            if let Some(proposal) = step(work, row, &e.proposal, e.status) {
                proposal.finished_time = Some(e.stamp.time);
            }
        }
        GovernanceEvent::ProposalVetoed(e) => {
            if let Some(proposal) = step(work, row, &e.proposal, Status::Vetoed) {
                proposal.vetoed_by = Some(e.guardian.to_bytes());
                proposal.finished_time.get_or_insert(e.stamp.time);
            }
        }
        GovernanceEvent::ProposalExecuted(e) => executed(work, row, e),
        GovernanceEvent::ProposalClosed(e) => closed(work, row, e),
        // The vote was counted; only its account is gone.
        GovernanceEvent::VoteClosed(_) => {}
        GovernanceEvent::GuardianOffered(e) => orders::offered(work, row, &e.to),
        GovernanceEvent::GuardianAccepted(e) => orders::accepted(work, row, &e.guardian),
        GovernanceEvent::PausedByGuardian(e) => paused(work, row, e),
        // The target's own event says who its authority is now.
        GovernanceEvent::ProgramAuthorityAccepted(_) => {}
    }
}

fn created(work: &mut Work, row: &Inserted<'_>, e: &ProposalCreated) {
    work.proposals.add(Proposal {
        address: e.proposal.to_bytes(),
        event_id: row.id,
        number: e.number.into(),
        proposer: e.proposer.to_bytes(),
        action_kind: words::action_kind(&e.action).into(),
        action: Jsonb(words::action_fields(&e.action).to_string()),
        words: words::action(&e.action),
        deposit: e.deposit.into(),
        rules_version: e.rules_version.into(),
        voting_end: e.voting_end,
        eta: e.eta,
        expires: e.expires,
        quorum: e.quorum.into(),
        threshold_bps: e.threshold_bps.into(),
        status: "voting".into(),
        created_time: e.stamp.time,
        created_signature: row.signature(),
        slot: row.slot,
        ..Proposal::default()
    });
}

/// The proposal's row, to be changed.
fn proposal<'w>(work: &'w mut Work, row: &Inserted<'_>, proposal: &Pubkey) -> Option<&'w mut Proposal> {
    let key = (proposal.to_bytes(),);
    let found = work.proposals.get(&key).is_some();
    work.expect(found, row);
    let proposal = work.proposals.change(&key)?;
    proposal.slot = row.slot;
    Some(proposal)
}

fn voted(work: &mut Work, row: &Inserted<'_>, e: &VoteCast) {
    if let Some(proposal) = proposal(work, row, &e.proposal) {
        proposal.yes = e.yes.into();
        proposal.no = e.no.into();
        proposal.abstain = e.abstain.into();
        proposal.votes += 1;
    }
    work.votes.push(Vote {
        proposal: e.proposal.to_bytes(),
        position: e.position.to_bytes(),
        event_id: row.id,
        voter: e.voter.to_bytes(),
        choice: words::choice(e.choice),
        weight: e.weight.into(),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
    });
}

fn step<'w>(work: &'w mut Work, row: &Inserted<'_>, at: &Pubkey, status: Status) -> Option<&'w mut Proposal> {
    let proposal = proposal(work, row, at)?;
    proposal.status = words::status(status).into();
    Some(proposal)
}

fn executed(work: &mut Work, row: &Inserted<'_>, e: &ProposalExecuted) {
    if let Some(proposal) = step(work, row, &e.proposal, Status::Executed) {
        proposal.executed_time = Some(e.stamp.time);
        proposal.executed_signature = Some(row.signature());
    }
    let governance = work.governance.one();
    governance.rules_version = e.rules_version.into();
    governance.slot = Some(row.slot);
    // What it changed in another program is in that program's own event.
    match e.action {
        Action::Rules { rule: Rule::Paused, .. } => orders::paused(work, row, e.paused),
        Action::Rules { rule, value } => orders::parameter(work, row, words::name(rule), e.old, value),
        Action::Guardian { new } => orders::accepted(work, row, &new),
        _ => {}
    }
}

fn closed(work: &mut Work, row: &Inserted<'_>, e: &ProposalClosed) {
    if let Some(proposal) = proposal(work, row, &e.proposal) {
        proposal.deposit_returned = Some(e.deposit_returned.into());
        proposal.deposit_burned = Some(e.deposit_burned.into());
    }
    let governance = work.governance.one();
    governance.deposits_burned = e.deposits_burned.into();
    governance.slot = Some(row.slot);
    let totals = work.totals.one();
    totals.io_deposits_burned += e.deposit_burned;
    totals.burn_supply(e.deposit_burned);
}

/// Another program tells of its pause itself, in the same instruction and before.
fn paused(work: &mut Work, row: &Inserted<'_>, e: &PausedByGuardian) {
    if e.target == Target::Governance {
        orders::paused(work, row, e.flags);
    }
    orders::paused_by_guardian(work, row, words::target(e.target), &e.guardian);
}
