use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::{Fresh, fresh};
use crate::store;
use axum::extract::State;
use explorer_client::{Network, Problem};

/// The network in numbers, and how far they can be trusted.
#[utoipa::path(get, path = "/v1/network", tag = "network",
    responses((status = 200, body = Network),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Fresh<Network>, ApiError> {
    Ok(fresh(store::network::network(&app.pool).await?))
}
