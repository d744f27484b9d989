use super::elements::{export, linked, money, money_or_dash, more, number_of, short, slot, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, NumberPath, StrictQuery};
use crate::handlers::epochs;
use crate::list;
use axum::extract::State;
use explorer_client::{Amount, Closing, Epoch, EpochDetail, EpochsQuery, Redemption};
use maud::{Markup, html};

pub async fn list(State(app): State<App>, StrictQuery(query): StrictQuery<EpochsQuery>) -> Result<Markup, ApiError> {
    let epochs = list::page(&app, query.clone()).await?;
    let content = html! {
        p.trail { a href="/token" { "Token" } " / Epochs" }
        div.heading { h1 { "Epochs" } (export(&query)) }
        (epoch_table("Epochs, newest first", &epochs.data))
        (more("/epochs", &query, &epochs.page))
    };
    framed(&app, "Epochs", Section::Token, content).await
}

fn scheduled(epoch: &Epoch) -> Amount {
    let minted = &epoch.minted;
    let sum = number_of(&minted.idle) + number_of(&minted.stakers) + number_of(&minted.treasury);
    Amount::io(sum.to_string())
}

fn state(epoch: &Epoch) -> Markup {
    let word = if epoch.closing.is_some() { "closed" } else { "open" };
    html! { span.pill data-status=(word) { (word) } }
}

pub fn epoch_table(caption: &str, epochs: &[Epoch]) -> Markup {
    if epochs.is_empty() {
        return html! { p.empty { "No epochs yet." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Epoch" } th scope="col" { "State" } th.number scope="col" { "Burned" }
                    th.number scope="col" { "Redeemed" } th.number scope="col" { "Scheduled" }
                    th.number scope="col" { "Asked for" } th.number scope="col" { "Paid" }
                    th.number scope="col" { "Supply" } th scope="col" { "Closed" }
                } }
                tbody { @for epoch in epochs { tr {
                    th scope="row" { a href={ "/epochs/" (epoch.index) } { (epoch.index) } }
                    td { (state(epoch)) }
                    td.number { (money(&epoch.io_burned)) }
                    td.number { (money(&epoch.minted.redemptions)) }
                    td.number { (money(&scheduled(epoch))) }
                    td.number { (money(&epoch.redemptions.requested)) }
                    td.number { (money_or_dash(epoch.closing.as_ref().map(|closing| &closing.paid))) }
                    td.number { (money_or_dash(epoch.closing.as_ref().map(|closing| &closing.supply))) }
                    td { @match &epoch.closing { Some(closing) => (time(closing.at)), None => span.quiet { "–" } } }
                } } }
            }
        }
    }
}

pub async fn one(
    State(app): State<App>,
    NumberPath(index): NumberPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Markup, ApiError> {
    let EpochDetail { epoch, requests } = epochs::detail(&app, index).await?;
    let content = html! {
        p.trail { a href="/token" { "Token" } " / " a href="/epochs" { "Epochs" } " / " (epoch.index) }
        h1 { "Epoch " (epoch.index) }
        p.lead { (state(&epoch)) " " (slot(epoch.slot, epoch.finality)) }
        div.columns {
            section { h2 { "During it" }
                dl.facts {
                    dt { "Burned for credits" } dd { (money(&epoch.io_burned)) ", for " (money(&epoch.iosd_bought)) }
                    dt { "Slashed stake burned" } dd { (money(&epoch.slash_burned)) }
                    dt { "Minted for redemptions" } dd { (money(&epoch.minted.redemptions)) }
                    dt { "Minted for stakers" } dd { (money(&epoch.minted.stakers)) }
                    dt { "Minted for idle devices" } dd { (money(&epoch.minted.idle)) }
                    dt { "Minted for the treasury" } dd { (money(&epoch.minted.treasury)) }
                    dt { "Redemptions asked for" } dd { (money(&epoch.redemptions.requested)) }
                }
            }
            section { h2 { "Its closing" }
                @match &epoch.closing {
                    Some(closing) => (closing_facts(closing, &epoch)),
                    None => p.empty { "Not closed yet: anyone may close it once it is over." },
                }
            }
        }
        section { h2 { "Redemptions" } (request_table(&requests)) }
    };
    framed(&app, &format!("Epoch {}", epoch.index), Section::Token, content).await
}

fn closing_facts(closing: &Closing, epoch: &Epoch) -> Markup {
    html! {
        dl.facts {
            dt { "Closed" } dd { (time(closing.at)) ", transaction " (short(&closing.signature)) }
            dt { "Joined the reserve" } dd { (money(&closing.smoothed_burn)) }
            dt { "Redemptions paid" } dd { (money(&closing.paid)) ", " (money(&closing.promised)) " promised" }
            dt { "Price" } dd { (money_or_dash(closing.price.as_ref())) }
            dt { "Settled since" } dd { (money(&epoch.redemptions.settled)) ", " (money(&epoch.redemptions.settled_io)) " minted" }
            dt { "Left in the reserve" } dd { (money(&closing.reserve)) }
            dt { "Scheduled" } dd {
                (money(&closing.scheduled.stakers)) " stakers, " (money(&closing.scheduled.idle)) " idle devices, "
                (money(&closing.scheduled.treasury)) " treasury"
            }
            dt { "Supply" } dd { (money(&closing.supply)) }
            dt { "Staked" } dd { (money(&closing.staked)) }
        }
    }
}

fn request_table(requests: &[Redemption]) -> Markup {
    if requests.is_empty() {
        return html! { p.empty { "Nobody asked for redemptions." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Redemptions" {
            table {
                caption { "Requests and what came of them, newest first" }
                thead { tr {
                    th scope="col" { "Operator" } th scope="col" { "What" } th.number scope="col" { "Asked for" }
                    th.number scope="col" { "Paid" } th.number scope="col" { "In IO" } th.number scope="col" { "Rest" }
                    th scope="col" { "When" }
                } }
                tbody { @for request in requests { tr {
                    th scope="row" { (linked("/operators/", &request.owner)) }
                    td { (request.kind) }
                    td.number { (money(&request.amount)) }
                    td.number { (money_or_dash(request.charged.as_ref())) }
                    td.number { (money_or_dash(request.received.as_ref())) }
                    td.number {
                        (money_or_dash(request.rest.as_ref()))
                        @if let (Some(joined), Some(rest)) = (&request.joined, &request.rest)
                            && rest.amount != "0" { " to epoch " a href={ "/epochs/" (joined) } { (joined) } }
                    }
                    td { (time(request.at)) }
                } } }
            }
        }
    }
}
