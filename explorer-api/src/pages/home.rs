use super::chart::{Point, bars};
use super::elements::{card, device_table, job_table, money, plural, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::series;
use crate::list;
use crate::store;
use axum::extract::State;
use explorer_client::{DevicesQuery, JobsQuery, Network, SeriesQuery};
use maud::{Markup, html};

const LATEST: u32 = 12;
const DEVICES: u32 = 8;

pub async fn page(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Markup, ApiError> {
    let network = store::network::network(&app.pool).await?;
    let jobs = list::page(&app, JobsQuery { limit: Some(LATEST), ..Default::default() }).await?.data;
    let devices = list::page(&app, DevicesQuery { limit: Some(DEVICES), ..Default::default() }).await?.data;
    let (_, days) = series::jobs(&app, &SeriesQuery::default()).await?;
    let posted: Vec<_> = days
        .iter()
        .map(|day| Point {
            label: day.at.start.to_string().chars().take(10).collect(),
            value: u128::try_from(day.posted).unwrap_or(0),
            told: plural(day.posted, "job"),
        })
        .collect();
    let content = html! {
        h1 { "Network" }
        (numbers(&network))
        section { h2 { "Jobs posted by day" } (bars("Jobs posted by day", &posted)) }
        section {
            div.heading { h2 { "Latest jobs" } a href="/jobs" { "All jobs" } }
            (job_table("The newest jobs", &jobs))
        }
        section {
            div.heading { h2 { "Devices" } a href="/devices" { "All devices" } }
            (device_table("The newest devices", &devices))
        }
    };
    framed(&app, "Network", Section::Network, content).await
}

fn numbers(network: &Network) -> Markup {
    let jobs = &network.jobs;
    let open = jobs.posted + jobs.claimed + jobs.committed;
    html! {
        dl.cards {
            (card("Jobs", html! { (jobs.total) }, html! {
                (open) " open, " (jobs.paid) " paid, " (jobs.cancelled + jobs.expired) " returned, " (jobs.refunded) " disputed, " (jobs.unanswered) " without an answer"
            }))
            (card("Devices", html! { (network.devices) }, html! {
                (plural(network.operators, "operator")) ", " (plural(network.models, "model")) ", " (plural(network.users, "user"))
            }))
            (card("Paid for work", money(&network.paid_volume), html! {
                (money(&network.supplier_earnings)) " to suppliers"
            }))
            (card("IO burned", money(&network.io_burned), html! { (money(&network.io_redeemed)) " paid out to suppliers" }))
            (card("Fees retired", money(&network.fees_retired), html! {
                (money(&network.fees_incentives)) " for incentives"
            }))
            (card("Credits in wallets", money(&network.iosd_supply), html! {
                (money(&network.iosd_in_escrow)) " in escrow"
            }))
            @match &network.price {
                Some(price) => (card("Price of IO", money(&price.spot), html! {
                    "average " (money(&price.average)) ", " (time(price.at))
                })),
                None => (card("Price of IO", html! { "n/a" }, html! { "no majority of the feed yet" })),
            }
            (card("Indexed slot", match network.index.indexed_slot {
                Some(slot) => html! { (slot) },
                None => html! { "n/a" },
            }, html! {
                @match (network.index.lag_slots, network.index.finalized_slot) {
                    (Some(0), Some(finalized)) => { "at the tip, finalized " (finalized) }
                    (Some(lag), Some(finalized)) => { (lag) " behind, finalized " (finalized) }
                    _ => { "waiting for the chain" }
                }
            }))
        }
    }
}
