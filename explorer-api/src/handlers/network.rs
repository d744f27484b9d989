use super::{Fresh, fresh};
use crate::app::App;
use crate::error::{ApiError, Problem};
use crate::extract::{NoQuery, StrictQuery};
use crate::store;
use crate::store::network::Network;
use axum::extract::State;

/// The network in numbers, and how far they can be trusted.
#[utoipa::path(get, path = "/v1/network", tag = "network",
    responses((status = 200, body = Network),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Fresh<Network>, ApiError> {
    Ok(fresh(store::network::network(&app.pool).await?))
}
