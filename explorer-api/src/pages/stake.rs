//! Positions and what happened to them.
use super::elements::{linked, money, money_or_dash, more, short, slot, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, StrictQuery};
use crate::handlers::stakers;
use axum::extract::State;
use explorer_client::{Amount, PageQuery, Position, StakeChange};
use maud::{Markup, html};

pub async fn staker(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Markup, ApiError> {
    let staker = stakers::staker(&app, key, query).await?;
    let newest = staker.positions.iter().max_by_key(|position| position.slot);
    let content = html! {
        p.trail { a href="/operators" { "Operators" } " / Staker" }
        h1 { "Staker " span.sub { (short(&staker.key)) } }
        @if let Some(position) = newest { p.lead { (slot(position.slot, position.finality)) } }
        section { h2 { "Positions" } (position_table("Stake after all losses; owed as of the last event", &staker.positions, false)) }
        section { h2 { "History" } (change_table("Newest first", &staker.history.data)) }
        (more(&format!("/stakers/{}", staker.key), &(), &staker.history.page))
    };
    framed(&app, "Staker", Section::Operators, content).await
}

/// An amount, and from which epoch on it is something else.
fn until(amount: &Amount, epoch: Option<&String>) -> Markup {
    html! { (money(amount)) @if let Some(epoch) = epoch { br; span.quiet { "epoch " (epoch) } } }
}

/// `of_pool`: all of one pool, so that the holders tell them apart.
pub fn position_table(caption: &str, positions: &[Position], of_pool: bool) -> Markup {
    if positions.is_empty() {
        return html! { p.empty { "Nobody stakes here." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { @if of_pool { "Holder" } @else { "Pool of" } }
                    th.number scope="col" { "Active" } th.number scope="col" { "Reserved" }
                    th.number scope="col" { "Warming" } th.number scope="col" { "Cooling" }
                    th.number scope="col" { "Owed" } th.number scope="col" { "Claimed" } th scope="col" { "Locked until" }
                } }
                tbody { @for position in positions { tr {
                    th scope="row" {
                        @if of_pool {
                            (linked("/stakers/", &position.holder))
                            @if position.holder == position.pool_owner { " " span.quiet { "operator" } }
                        } @else {
                            @if position.pool_kind == "operator" { (linked("/operators/", &position.pool_owner)) }
                            @else { (linked("/jobs?user=", &position.pool_owner)) " " span.quiet { "user" } }
                            @if position.closed { " " span.pill data-status="closed" { "closed" } }
                        }
                    }
                    td.number { (money(&position.stake.active)) }
                    td.number { (money(&position.stake.reserved)) }
                    td.number { (until(&position.stake.warming, position.warm_epoch.as_ref())) }
                    td.number { (until(&position.stake.cooling, position.cool_epoch.as_ref())) }
                    td.number { (money(&position.owed)) }
                    td.number { (money(&position.claimed)) }
                    td { @match position.locked_until { Some(until) => (time(until)), None => span.quiet { "–" } } }
                } } }
            }
        }
    }
}

fn title(change: &StakeChange) -> &str {
    let nothing = change.amount.as_ref().is_some_and(|amount| amount.amount == "0");
    match change.kind.as_str() {
        "StakeActivated" if nothing => "Brought up to date",
        "PoolOpened" => "Pool opened",
        "StakeAdded" => "Staked",
        "StakeActivated" => "Became active",
        "UnstakeStarted" => "Unstaked, cooling",
        "StakeWithdrawn" => "Withdrawn",
        "PositionClosed" => "Position closed",
        "RewardsClaimed" => "Rewards claimed",
        "RebatesClaimed" => "Rebates claimed",
        "CommissionClaimed" => "Commission claimed",
        "StakeForfeited" => "Forfeited to a user",
        "StakeSlashed" => "Slashed",
        "PositionLocked" => "Locked by a vote",
        other => other,
    }
}

pub fn change_table(caption: &str, changes: &[StakeChange]) -> Markup {
    if changes.is_empty() {
        return html! { p.empty { "Nothing." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "What" } th.number scope="col" { "Amount" } th scope="col" { "Pool of" }
                    th scope="col" { "When" } th scope="col" { "Transaction" }
                } }
                tbody { @for change in changes { tr {
                    th scope="row" { (title(change)) }
                    td.number { (money_or_dash(change.amount.as_ref())) }
                    td { @match &change.pool_owner { Some(owner) => (short(owner)), None => span.quiet { "–" } } }
                    td { (time(change.at)) }
                    td { (short(&change.signature)) }
                } } }
            }
        }
    }
}
