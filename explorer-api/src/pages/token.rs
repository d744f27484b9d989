use super::chart::burned_and_minted;
use super::elements::{card, money, number_of, share};
use super::epochs::epoch_table;
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::token::EPOCHS;
use crate::list;
use crate::store;
use axum::extract::State;
use explorer_client::{Amount, EpochsQuery, Token};
use maud::{Markup, html};

const LATEST: u32 = 8;

pub async fn page(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Markup, ApiError> {
    let token = store::token::token(&app.pool, EPOCHS).await?;
    let epochs = list::page(&app, EpochsQuery { limit: Some(LATEST), ..Default::default() }).await?.data;
    let content = html! {
        h1 { "The coin " span.sub { "IO" } }
        (numbers(&token))
        section { h2 { "Burned and minted" } (burned_and_minted(&token.epochs)) }
        section { h2 { "Budgets of the schedule" } (budgets(&token)) }
        section {
            div.heading { h2 { "Epochs" } a href="/epochs" { "All epochs" } }
            (epoch_table("The newest epochs", &epochs))
        }
    };
    framed(&app, "Token", Section::Token, content).await
}

fn sum(amounts: &[&Amount]) -> Amount {
    Amount::io(amounts.iter().map(|amount| number_of(amount)).sum::<u128>().to_string())
}

fn numbers(token: &Token) -> Markup {
    let (burned, minted) = (&token.burned, &token.minted);
    let all_burned = sum(&[&burned.credits, &burned.slashed_stake, &burned.deposits]);
    let scheduled = sum(&[&minted.idle, &minted.stakers, &minted.treasury]);
    let all_minted = sum(&[&minted.redemptions, &scheduled]);
    html! {
        dl.cards {
            (card("Supply", match &token.supply { Some(supply) => money(supply), None => html! { "n/a" } }, html! {
                @match &token.supply {
                    Some(_) => { "of at most " (money(&token.cap)) }
                    None => { "known when the first epoch is closed" }
                }
            }))
            (card("Staked", money(&token.staked), html! {
                @match token.supply.as_ref().and_then(|supply| share(&token.staked, supply)) {
                    Some(share) => { (share) " of all" }
                    None => { "active and reserved" }
                }
            }))
            (card("Burned", money(&all_burned), html! {
                (money(&burned.credits)) " for credits, " (money(&burned.slashed_stake)) " slashed, "
                (money(&burned.deposits)) " deposits"
            }))
            (card("Minted since genesis", money(&all_minted), html! {
                (money(&minted.redemptions)) " for redemptions, " (money(&scheduled)) " on schedule"
            }))
            (card("Reserve for redemptions", money(&token.reserve), html! {
                (money(&token.promised)) " promised, the last epoch brought " (money(&token.smoothed_burn))
            }))
            (card("Open epoch", html! { a href={ "/epochs/" (token.next_epoch) } { (token.next_epoch) } }, html! {
                "first that is not closed"
            }))
        }
    }
}

fn budgets(token: &Token) -> Markup {
    let limit = |limit: &Option<Amount>| {
        html! { @match limit {
            Some(limit) => (money(limit)), None => span.quiet { "as at launch" },
        } }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Budgets" {
            table {
                caption { "What may be minted on schedule now" }
                thead { tr {
                    th scope="col" { "Budget" } th.number scope="col" { "Available" } th.number scope="col" { "Minted" }
                    th.number scope="col" { "Scheduled so far" } th.number scope="col" { "Limit in an epoch" }
                    th.number scope="col" { "Limit in all" }
                } }
                tbody { @for budget in &token.budgets { tr {
                    th scope="row" { (budget.purpose) }
                    td.number { (money(&budget.available)) }
                    td.number { (money(&budget.minted)) }
                    td.number { (money(&budget.scheduled)) }
                    td.number { (limit(&budget.epoch_limit)) }
                    td.number { (limit(&budget.total_limit)) }
                } } }
            }
        }
    }
}
