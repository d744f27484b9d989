use super::elements::{short, slot};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::FormQuery;
use crate::handlers::search::search;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use explorer_client::{Hit, HitKind, SearchQuery};
use maud::{Markup, html};

/// The page that shows it; of what has none, the API's answer.
fn shown_at(hit: &Hit) -> String {
    let page = match hit.kind {
        HitKind::Job | HitKind::Device | HitKind::Operator | HitKind::Staker => true,
        HitKind::User | HitKind::Model | HitKind::Proposal | HitKind::Epoch => true,
        HitKind::Position | HitKind::Proposer | HitKind::Prover | HitKind::Demander => true,
        HitKind::Pool | HitKind::Transaction | HitKind::Voter | HitKind::Publisher => false,
    };
    if page { hit.path.replacen("/v1", "", 1) } else { hit.path.clone() }
}

/// Goes straight to what was found if that is one thing.
pub async fn page(State(app): State<App>, FormQuery(query): FormQuery<SearchQuery>) -> Result<Response, ApiError> {
    let found = search(&app, &query).await?;
    if let [hit] = &found.data[..] {
        return Ok(Redirect::to(&shown_at(hit)).into_response());
    }
    let content = html! {
        h1 { "Search" }
        @if found.data.is_empty() {
            p.empty { "Nothing is known under “" (query.q) "”. It may not be indexed yet." }
        } @else {
            (table(&found.data))
            @if found.truncated { p { "There is more: write more letters." } }
        }
    };
    Ok(framed(&app, "Search", Section::None, content).await?.into_response())
}

fn table(hits: &[Hit]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="What was found" { table {
            caption { "What was found" }
            thead { tr { th scope="col" { "Kind" } th scope="col" { "Address" } th scope="col" { "Name" } th scope="col" { "Last change" } } }
            tbody { @for hit in hits { tr {
                td { (hit.kind.word()) }
                th scope="row" { a href=(shown_at(hit)) { (short(&hit.id)) } }
                td { @match &hit.name { Some(name) => (name), None => span.quiet { "–" } } }
                td { (slot(hit.slot, hit.finality)) }
            } } }
        } }
    }
}
