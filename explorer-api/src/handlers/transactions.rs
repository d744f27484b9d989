use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, SignaturePath, StrictQuery};
use crate::handlers::{fresh, immutable};
use crate::store;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use explorer_client::{Finality, Problem, Transaction, base58};

/// One transaction. It can be kept for ever once it is finalized and no event can be missing from it.
#[utoipa::path(get, path = "/v1/transactions/{signature}", tag = "network", params(("signature" = String, Path)),
    responses((status = 200, body = Transaction),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    SignaturePath(signature): SignaturePath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Response, ApiError> {
    // Asked before the events are read: what is found meanwhile is then in the answer.
    let finalized = app.head.borrow().finalized_slot;
    let incomplete = store::events::may_be_missing(&app.pool, &signature).await?;
    let rows = store::events::of_transaction(&app.pool, &signature).await?;
    let events: Vec<_> = rows.into_iter().map(|row| row.show(finalized)).collect();
    let signature = base58(&signature);
    let Some(first) = events.first() else {
        return Err(ApiError::not_found(format_args!("transaction {signature}")));
    };
    let (time, slot, finality) = (first.time, first.slot, first.finality);
    let transaction = Transaction { signature, time, events, slot, finality };
    Ok(match finality {
        Finality::Finalized if !incomplete => immutable(transaction).into_response(),
        Finality::Finalized | Finality::Confirmed => fresh(transaction).into_response(),
    })
}
