use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::{Fresh, fresh};
use crate::store;
use axum::extract::State;
use explorer_client::{Market, Problem};

/// Prices and supply now, by class of device.
#[utoipa::path(get, path = "/v1/market", tag = "network",
    responses((status = 200, body = Market),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Fresh<Market>, ApiError> {
    Ok(fresh(store::market::market(&app.pool).await?))
}
