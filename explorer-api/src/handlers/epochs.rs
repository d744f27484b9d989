use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, NumberPath, StrictQuery};
use crate::handlers::{Answer, Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Epoch, EpochDetail, EpochsQuery, Page, Problem, RedemptionsQuery};

/// Requests shown with an epoch; `/v1/redemptions` lists the rest.
const REDEMPTIONS: u32 = 100;

/// Epochs, newest first.
#[utoipa::path(get, path = "/v1/epochs", tag = "economy", params(EpochsQuery),
    responses((status = 200, content((Page<Epoch> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, headers: HeaderMap, StrictQuery(query): StrictQuery<EpochsQuery>) -> Answer {
    list::answer(app, &headers, query).await
}

pub async fn detail(app: &App, index: i64) -> Result<EpochDetail, ApiError> {
    let epoch = store::epochs::find(&app.pool, index).await?;
    let epoch = epoch.ok_or_else(|| ApiError::not_found(format_args!("epoch {index}")))?;
    let requests =
        RedemptionsQuery { epoch: Some(index.unsigned_abs()), limit: Some(REDEMPTIONS), ..Default::default() };
    let requests = list::page(app, requests).await?.data;
    let finalized = app.head.borrow().finalized_slot;
    Ok(EpochDetail { epoch: epoch.show(finalized), requests })
}

/// One epoch.
#[utoipa::path(get, path = "/v1/epochs/{index}", tag = "economy", params(("index" = u64, Path)),
    responses((status = 200, body = EpochDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    NumberPath(index): NumberPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<EpochDetail>, ApiError> {
    Ok(fresh(detail(&app, index).await?))
}
