use super::chart::{Point, bars};
use super::elements::{card, money, money_or_dash, number_of, slot};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::series;
use crate::store;
use axum::extract::State;
use explorer_client::{Amount, Market, SeriesQuery, Time};
use maud::{Markup, html};

/// The day of a point.
fn day(start: Time) -> String {
    start.to_string().chars().take(10).collect()
}

pub async fn page(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Markup, ApiError> {
    let market = store::market::market(&app.pool).await?;
    let days = SeriesQuery::default();
    let (_, demand) = series::demand(&app, &days).await?;
    let (_, supply) = series::supply(&app, &days).await?;
    let (_, price) = series::price(&app, &days).await?;
    let point = |start, value: u128, told: String| Point { label: day(start), value, told };
    let asked: Vec<_> = demand
        .iter()
        .map(|p| point(p.at.start, number_of(&p.value), format!("{} jobs for {}", p.jobs, p.value.readable())))
        .collect();
    let devices: Vec<_> = supply
        .iter()
        .map(|p| point(p.at.start, u128::try_from(p.devices).unwrap_or(0), format!("{} devices", p.devices)))
        .collect();
    let priced = |amount: &Option<Amount>, start| {
        amount.as_ref().map(|amount| point(start, number_of(amount), amount.readable()))
    };
    let work: Vec<_> = price.iter().filter_map(|p| priced(&p.work, p.at.start)).collect();
    let coin: Vec<_> = price.iter().filter_map(|p| priced(&p.last, p.at.start)).collect();
    let content = html! {
        div.heading { h1 { "Market" } a.export href="/v1/market" { "JSON" } }
        @if let Some(at) = market.slot { p.lead { (slot(at, market.finality)) } }
        dl.cards { (card("Waiting jobs", html! { (market.posted.jobs) }, html! {
            "worth " (money(&market.posted.value)) ", in the middle " (money_or_dash(market.posted.median_price.as_ref()))
        })) }
        section { h2 { "By class of device" } (table(&market)) }
        section { h2 { "Asked for by day" } (bars("Value of posted jobs by day", &asked)) }
        section { h2 { "Devices by day" } (bars("Registered devices by day", &devices)) }
        section { h2 { "Price of work by day" } (bars("Paid for 10^12 multiply-accumulates by day", &work)) }
        section { h2 { "Price of IO by day" } (bars("Price of IO by day", &coin)) }
    };
    framed(&app, "Market", Section::Market, content).await
}

fn table(market: &Market) -> Markup {
    if market.classes.is_empty() {
        return html! { p.empty { "No devices." } };
    }
    let caption = "Prices of 10^12 multiply-accumulates";
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) { table {
            caption { (caption) }
            thead { tr {
                th scope="col" { "Class" } th.number scope="col" { "Devices" } th.number scope="col" { "Online" }
                th.number scope="col" { "Hired" } th.number scope="col" { "Lowest offer" } th.number scope="col" { "Median offer" }
                th.number scope="col" { "Claimed" } th.number scope="col" { "Paid, median" } th.number scope="col" { "Paid, by work" }
            } }
            tbody { @for class in &market.classes { tr {
                th scope="row" { a href={ "/devices?class=" (class.class) } { (class.class) } }
                td.number { (class.devices) } td.number { (class.online) } td.number { (class.hired) }
                td.number { (money_or_dash(class.lowest_offer.as_ref())) }
                td.number { (money_or_dash(class.median_offer.as_ref())) }
                td.number { (money_or_dash(class.claimed.median_price.as_ref())) }
                td.number { (money_or_dash(class.paid.median_price.as_ref())) }
                td.number { (money_or_dash(class.paid.mean_price.as_ref())) }
            } } }
        } }
    }
}
