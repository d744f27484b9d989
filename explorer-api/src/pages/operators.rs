use super::elements::{
    card, device_table, export, linked, money, money_or_dash, more, percent, plural, short, slot, time,
};
use super::layout::{Section, page as framed};
use super::stake::{change_table, position_table};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::operators;
use crate::list;
use axum::extract::State;
use explorer_client::{DevicesQuery, Operator, OperatorDetail, OperatorsQuery, Pool};
use maud::{Markup, html};

const DEVICES: u32 = 25;

pub async fn list(State(app): State<App>, StrictQuery(query): StrictQuery<OperatorsQuery>) -> Result<Markup, ApiError> {
    let operators = list::page(&app, query.clone()).await?;
    let content = html! {
        div.heading { h1 { "Operators" } (export(&query)) }
        (table("Operators, newest first", &operators.data))
        (more("/operators", &query, &operators.page))
    };
    framed(&app, "Operators", Section::Operators, content).await
}

fn bps(pool: &Pool) -> String {
    percent(u64::try_from(pool.commission_bps).unwrap_or_default())
}

fn table(caption: &str, operators: &[Operator]) -> Markup {
    if operators.is_empty() {
        return html! { p.empty { "No operators." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Operator" } th.number scope="col" { "Stake" } th.number scope="col" { "Needed" } th.number scope="col" { "Stakers" }
                    th.number scope="col" { "Commission" } th.number scope="col" { "Devices" }
                    th.number scope="col" { "Paid" } th.number scope="col" { "Expired" } th.number scope="col" { "Faulted" }
                    th.number scope="col" { "Slashed" } th.number scope="col" { "Earned" }
                } }
                tbody { @for operator in operators { tr {
                    @let pool = operator.pool.as_ref();
                    th scope="row" { (linked("/operators/", &operator.key)) }
                    td.number { (money_or_dash(pool.map(|pool| &pool.stake.total))) }
                    td.number { (money(&operator.required_stake)) }
                    td.number { @match pool { Some(pool) => (pool.stakers), None => span.quiet { "–" } } }
                    td.number { @match pool { Some(pool) => (bps(pool)), None => span.quiet { "–" } } }
                    td.number { (operator.devices) }
                    td.number { (operator.jobs.paid) }
                    td.number { (operator.jobs.expired) }
                    td.number { (operator.jobs.faulted) }
                    td.number { (money_or_dash(pool.map(|pool| &pool.losses.slashed))) }
                    td.number { (money(&operator.earned)) }
                } } }
            }
        }
    }
}

pub async fn one(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Markup, ApiError> {
    let OperatorDetail { operator, stakers, losses } = operators::detail(&app, key).await?;
    let devices = DevicesQuery { operator: Some(key), limit: Some(DEVICES), ..Default::default() };
    let devices = list::page(&app, devices).await?.data;
    let content = html! {
        p.trail { a href="/operators" { "Operators" } " / " (short(&operator.key)) }
        h1 { "Operator " span.sub { (short(&operator.key)) } }
        p.lead {
            @match operator.registered_at {
                Some(at) => { "Registered " (time(at)) } None => { "Not registered" }
            } " " (slot(operator.slot, operator.finality))
        }
        (numbers(&operator))
        div.columns {
            section { h2 { "Pool" }
                @match &operator.pool { Some(pool) => (pool_facts(pool)), None => p.empty { "No pool yet." } }
            }
            section { h2 { "Earnings" } (earnings(&operator)) }
        }
        section { h2 { "Stakers" } (position_table("Positions, the largest first", &stakers, true)) }
        section { h2 { "Losses" } (change_table("What its pool lost, newest first", &losses)) }
        section {
            div.heading { h2 { "Devices" } a href={ "/jobs?operator=" (operator.key) } { "Its jobs" } }
            (device_table("Its newest devices", &devices))
        }
    };
    framed(&app, "Operator", Section::Operators, content).await
}

fn numbers(operator: &Operator) -> Markup {
    let jobs = &operator.jobs;
    html! {
        dl.cards {
            @if let Some(pool) = &operator.pool {
                (card("Stake", money(&pool.stake.total), html! {
                    (money(&operator.required_stake)) " needed by " (plural(operator.devices, "device"))
                }))
                (card("Stakers", html! { (pool.stakers) }, html! { (bps(pool)) " commission" }))
                (card("Slashed", money(&pool.losses.slashed), html! {
                    (match pool.losses.slashes { 0 => "never".into(), 1 => "once".into(), n => format!("{n} times") })
                    ", " (money(&pool.losses.forfeited)) " to users"
                }))
            }
            (card("Jobs paid", html! { (jobs.paid) }, html! { (jobs.expired) " expired, " (jobs.faulted) " proven wrong" }))
            (card("Earned", money(&operator.earned), html! { (money(&operator.earnings_owed)) " not redeemed" }))
        }
    }
}

fn pool_facts(pool: &Pool) -> Markup {
    html! {
        dl.facts {
            dt { "Active" } dd { (money(&pool.stake.active)) }
            dt { "Reserved for jobs" } dd { (money(&pool.stake.reserved)) }
            dt { "Warming" } dd { (money(&pool.stake.warming)) }
            dt { "Cooling" } dd { (money(&pool.stake.cooling)) }
            dt { "Commission" } dd { (bps(pool)) ", " (money(&pool.rewards.commission_owed)) " owed, "
                (money(&pool.rewards.commission_claimed)) " claimed" }
            dt { "Rewards" } dd { (money(&pool.rewards.earned)) " earned, " (money(&pool.rewards.claimed)) " claimed" }
            dt { "Opened" } dd { (time(pool.opened_at)) }
            dt { "Address" } dd { (short(&pool.address)) }
        }
    }
}

fn earnings(operator: &Operator) -> Markup {
    html! {
        dl.facts {
            dt { "Earned" } dd { (money(&operator.earned)) }
            dt { "Free to redeem" } dd { (money(&operator.earnings_owed)) }
            dt { "Asked for" } dd { (money(&operator.requested))
                @if let Some(epoch) = &operator.request_epoch { ", in epoch " a href={ "/epochs/" (epoch) } { (epoch) } } }
            dt { "Redeemed" } dd { (money(&operator.redeemed)) ", for " (money(&operator.received)) }
        }
    }
}
