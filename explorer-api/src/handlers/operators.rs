use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::{Answer, Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Key, Operator, OperatorDetail, OperatorsQuery, Page, Problem};

/// Holders and losses shown with an operator.
const STAKERS: u32 = 50;
const LOSSES: u32 = 50;

/// Operators.
#[utoipa::path(get, path = "/v1/operators", tag = "suppliers", params(OperatorsQuery),
    responses((status = 200, content((Page<Operator> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<OperatorsQuery>,
) -> Answer {
    list::answer(app, &headers, query).await
}

pub async fn detail(app: &App, key: Key) -> Result<OperatorDetail, ApiError> {
    let operator = store::operators::find(&app.pool, key).await?;
    let operator = operator.ok_or_else(|| ApiError::not_found(format_args!("operator {key}")))?;
    let stakers = store::stake::positions_in(&app.pool, "operator", key, STAKERS).await?;
    let losses = store::stake::losses(&app.pool, key, LOSSES).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(OperatorDetail {
        operator: operator.show(finalized),
        stakers: stakers.into_iter().map(|row| row.show(finalized)).collect(),
        losses: losses.into_iter().map(|row| row.show(finalized)).collect(),
    })
}

/// One operator: its pool, its record and what it is owed.
#[utoipa::path(get, path = "/v1/operators/{address}", tag = "suppliers", params(("address" = String, Path)),
    responses((status = 200, body = OperatorDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<OperatorDetail>, ApiError> {
    Ok(fresh(detail(&app, key).await?))
}
