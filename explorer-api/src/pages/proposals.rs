use super::elements::{export, linked, money, more, percent, plural, short, slot, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NumberPath, StrictQuery};
use crate::handlers::proposals;
use crate::list;
use axum::extract::State;
use explorer_client::{PageQuery, Phase, Proposal, ProposalDetail, ProposalsQuery, Tally, Vote};
use maud::{Markup, html};

pub async fn list(State(app): State<App>, StrictQuery(query): StrictQuery<ProposalsQuery>) -> Result<Markup, ApiError> {
    let proposals = list::page(&app, query.clone()).await?;
    let content = html! {
        div.heading { h1 { "Proposals" } (export(&query)) }
        (table("Proposals, newest first", &proposals.data))
        (more("/proposals", &query, &proposals.page))
    };
    framed(&app, "Proposals", Section::Proposals, content).await
}

fn pill(status: Phase) -> Markup {
    html! { span.pill data-status=(status.word()) { (status.word()) } }
}

fn bps(value: i32) -> String {
    percent(u64::try_from(value).unwrap_or_default())
}

fn approval(tally: &Tally) -> Markup {
    html! { @match tally.approval_bps { Some(bps) => (percent(bps)), None => span.quiet { "–" } } }
}

fn table(caption: &str, proposals: &[Proposal]) -> Markup {
    if proposals.is_empty() {
        return html! { p.empty { "No proposals." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "No." } th scope="col" { "Proposal" } th scope="col" { "State" }
                    th.number scope="col" { "Of the quorum" } th.number scope="col" { "Approval" }
                    th.number scope="col" { "Votes" } th scope="col" { "Voting ends" }
                } }
                tbody { @for proposal in proposals { tr {
                    td { (proposal.number) }
                    th.words scope="row" { a href={ "/proposals/" (proposal.number) } { (proposal.title) } }
                    td { (pill(proposal.status)) }
                    td.number { (percent(proposal.tally.quorum_progress_bps)) }
                    td.number { (approval(&proposal.tally)) }
                    td.number { (proposal.tally.votes) }
                    td { (time(proposal.voting_end)) }
                } } }
            }
        }
    }
}

pub async fn one(
    State(app): State<App>,
    NumberPath(number): NumberPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Markup, ApiError> {
    let ProposalDetail { proposal, votes } = proposals::detail(&app, number, query).await?;
    let content = html! {
        p.trail { a href="/proposals" { "Proposals" } " / " (proposal.number) }
        h1.sentence { (proposal.title) }
        p.lead { (pill(proposal.status)) strong { (proposal.status.sentence()) } " " (slot(proposal.slot, proposal.finality)) }
        div.columns {
            section { h2 { "Votes" } (tallies(&proposal.tally)) }
            section { h2 { "Life" } (life(&proposal)) }
        }
        section {
            h2 { "Cast" }
            (vote_table(&votes.data))
            (more(&format!("/proposals/{}", proposal.number), &(), &votes.page))
        }
    };
    framed(&app, &format!("Proposal {}", proposal.number), Section::Proposals, content).await
}

/// How far something is on its way to what it needs, both in hundredths of a percent.
fn progress(label: &str, value: u64, needed: u64) -> Markup {
    html! { progress aria-label=(label) value=(value.min(needed)) max=(needed.max(1)) {} }
}

fn tallies(tally: &Tally) -> Markup {
    let threshold = u64::try_from(tally.threshold_bps).unwrap_or_default();
    html! {
        dl.facts {
            dt { "Yes" } dd { (money(&tally.yes)) }
            dt { "No" } dd { (money(&tally.no)) }
            dt { "Abstain" } dd { (money(&tally.abstain)) }
            dt { "Took part" } dd { (money(&tally.turnout)) ", " (plural(tally.votes, "vote")) }
            dt { "Quorum" } dd {
                (money(&tally.quorum)) ", " (percent(tally.quorum_progress_bps)) " of it reached"
                (progress("Turnout of the quorum", tally.quorum_progress_bps, 10_000))
            }
            dt { "Approval" } dd {
                (approval(tally)) " of yes and no, " (bps(tally.threshold_bps)) " needed"
                (progress("Approval of what is needed", tally.approval_bps.unwrap_or(0), threshold))
            }
        }
    }
}

fn life(proposal: &Proposal) -> Markup {
    html! {
        dl.facts {
            dt { "Proposed" } dd { (time(proposal.created_at)) ", transaction " (short(&proposal.created_signature)) }
            dt { "By" } dd { (short(&proposal.proposer)) }
            dt { "Voting ends" } dd { (time(proposal.voting_end)) }
            dt { "Can be executed" } dd { "from " (time(proposal.executable_at)) " to " (time(proposal.expires_at)) }
            @if let Some(at) = proposal.executed_at {
                dt { "Executed" } dd { (time(at))
                    @if let Some(signature) = &proposal.executed_signature { ", transaction " (short(signature)) } }
            }
            @if let Some(guardian) = &proposal.vetoed_by { dt { "Stopped by" } dd { (short(guardian)) } }
            dt { "Deposit" } dd { (money(&proposal.deposit)) ", " (proposal.deposit_state) }
            dt { "Address" } dd { (short(&proposal.address)) }
        }
    }
}

fn vote_table(votes: &[Vote]) -> Markup {
    if votes.is_empty() {
        return html! { p.empty { "No votes." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Votes" {
            table {
                caption { "Newest first" }
                thead { tr {
                    th scope="col" { "Voter" } th scope="col" { "Choice" } th.number scope="col" { "Weight" }
                    th scope="col" { "When" } th scope="col" { "Transaction" }
                } }
                tbody { @for vote in votes { tr {
                    th scope="row" { (linked("/stakers/", &vote.voter)) }
                    td { span.pill data-status=(vote.choice) { (vote.choice) } }
                    td.number { (money(&vote.weight)) }
                    td { (time(vote.at)) }
                    td { (short(&vote.signature)) }
                } } }
            }
        }
    }
}
