use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, StrictQuery};
use crate::handlers::{Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use explorer_client::{Key, PageQuery, Problem, StakeChangesQuery, Staker};

/// Positions shown of one holder; nobody needs more.
const POSITIONS: u32 = 100;

pub async fn staker(app: &App, key: Key, query: PageQuery) -> Result<Staker, ApiError> {
    let positions = store::stake::positions_of(&app.pool, key, POSITIONS).await?;
    if positions.is_empty() {
        return Err(ApiError::not_found(format_args!("staker {key}")));
    }
    let PageQuery { cursor, limit } = query;
    let history = StakeChangesQuery { holder: Some(key), cursor, limit, ..Default::default() };
    let history = list::page(app, history).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(Staker {
        key: key.to_string(),
        positions: positions.into_iter().map(|row| row.show(finalized)).collect(),
        history,
    })
}

/// One holder of stake. `cursor` and `limit` are of the history.
#[utoipa::path(get, path = "/v1/stakers/{address}", tag = "suppliers", params(("address" = String, Path), PageQuery),
    responses((status = 200, body = Staker),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<Staker>, ApiError> {
    Ok(fresh(staker(&app, key, query).await?))
}
