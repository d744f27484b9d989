use super::{Fresh, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::StrictQuery;
use crate::store;
use crate::store::models::Model;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ModelsQuery {
    /// `page.next` of the page before.
    cursor: Option<String>,
    /// Rows on a page, 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Models, newest first.
#[utoipa::path(get, path = "/v1/models", tag = "jobs", params(ModelsQuery),
    responses((status = 200, body = Page<Model>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<ModelsQuery>,
) -> Result<Fresh<Page<Model>>, ApiError> {
    let (list, limit) = (ListKey::new("models", &[]), cursor::limit(query.limit)?);
    let before = list.decode(query.cursor.as_deref())?;
    let rows = store::models::list(&app.pool, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(fresh(list.page(rows, limit, |row| row.event_id, |row| row.show(finalized))))
}
