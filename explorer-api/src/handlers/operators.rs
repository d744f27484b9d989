use super::{Fresh, PageQuery, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::store;
use crate::store::operators::Operator;
use crate::store::stake::{Position, StakeChange};
use crate::values::Key;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Holders and losses shown with an operator.
const STAKERS: u32 = 50;
const LOSSES: u32 = 50;

pub async fn page(app: &App, query: &PageQuery) -> Result<Page<Operator>, ApiError> {
    let (list, limit) = (ListKey::new("operators", &[]), cursor::limit(query.limit)?);
    let before = list.decode(query.cursor.as_deref())?;
    let rows = store::operators::list(&app.pool, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)))
}

/// Operators, newest first.
#[utoipa::path(get, path = "/v1/operators", tag = "suppliers", params(PageQuery),
    responses((status = 200, body = Page<Operator>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<Page<Operator>>, ApiError> {
    Ok(fresh(page(&app, &query).await?))
}

/// An operator with those who stake towards it, the largest first, and what its pool lost, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorDetail {
    #[serde(flatten)]
    pub operator: Operator,
    pub stakers: Vec<Position>,
    pub losses: Vec<StakeChange>,
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
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<OperatorDetail>, ApiError> {
    Ok(fresh(detail(&app, key).await?))
}
