use super::{Fresh, PageQuery, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{NoQuery, NumberPath, StrictQuery};
use crate::store;
use crate::store::epochs::{Epoch, Redemption};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Requests shown with an epoch; the rest are in its sums.
const REDEMPTIONS: u32 = 100;

pub async fn page(app: &App, query: &PageQuery) -> Result<Page<Epoch>, ApiError> {
    let (list, limit) = (ListKey::new("epochs", &[]), cursor::limit(query.limit)?);
    let before = list.decode(query.cursor.as_deref())?;
    let rows = store::epochs::list(&app.pool, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(list.page(rows, limit, |row| row.id, |row| row.show(finalized)))
}

/// Epochs, newest first.
#[utoipa::path(get, path = "/v1/epochs", tag = "economy", params(PageQuery),
    responses((status = 200, body = Page<Epoch>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<Page<Epoch>>, ApiError> {
    Ok(fresh(page(&app, &query).await?))
}

/// An epoch with what suppliers asked for in it, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EpochDetail {
    #[serde(flatten)]
    pub epoch: Epoch,
    pub requests: Vec<Redemption>,
}

pub async fn detail(app: &App, index: i64) -> Result<EpochDetail, ApiError> {
    let epoch = store::epochs::find(&app.pool, index).await?;
    let epoch = epoch.ok_or_else(|| ApiError::not_found(format_args!("epoch {index}")))?;
    let requests = store::epochs::redemptions(&app.pool, index, REDEMPTIONS).await?;
    let finalized = app.head.borrow().finalized_slot;
    let requests = requests.into_iter().map(|row| row.show(finalized)).collect();
    Ok(EpochDetail { epoch: epoch.show(finalized), requests })
}

/// One epoch.
#[utoipa::path(get, path = "/v1/epochs/{index}", tag = "economy", params(("index" = u64, Path)),
    responses((status = 200, body = EpochDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    NumberPath(index): NumberPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<EpochDetail>, ApiError> {
    Ok(fresh(detail(&app, index).await?))
}
