use super::{Fresh, PageQuery, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{KeyPath, StrictQuery};
use crate::store;
use crate::store::stake::{Position, StakeChange};
use crate::values::Key;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Positions shown of one holder; nobody needs more.
const POSITIONS: u32 = 100;

/// A holder of stake: all positions, open ones first, and what happened to them, newest first. What jobs reserve and free of
/// an operator's own stake is left out of the history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Staker {
    pub key: String,
    pub positions: Vec<Position>,
    pub history: Page<StakeChange>,
}

pub async fn staker(app: &App, key: Key, query: &PageQuery) -> Result<Staker, ApiError> {
    let list = ListKey::new("stakers", &[("key", Some(key.to_string()))]);
    let limit = cursor::limit(query.limit)?;
    let before = list.decode(query.cursor.as_deref())?;
    let positions = store::stake::positions_of(&app.pool, key, POSITIONS).await?;
    if positions.is_empty() {
        return Err(ApiError::not_found(format_args!("staker {key}")));
    }
    let rows = store::stake::history_of(&app.pool, key, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(Staker {
        key: key.to_string(),
        positions: positions.into_iter().map(|row| row.show(finalized)).collect(),
        history: list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)),
    })
}

/// One holder of stake. `cursor` and `limit` are of the history.
#[utoipa::path(get, path = "/v1/stakers/{address}", tag = "suppliers", params(("address" = String, Path), PageQuery),
    responses((status = 200, body = Staker),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<Staker>, ApiError> {
    Ok(fresh(staker(&app, key, &query).await?))
}
