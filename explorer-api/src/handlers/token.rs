use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::handlers::{Fresh, fresh};
use crate::store;
use axum::extract::State;
use explorer_client::{Problem, Token};

/// Epochs in the series.
pub const EPOCHS: u32 = 60;

/// The coin: what exists, what was burned and minted, and what may be minted next.
#[utoipa::path(get, path = "/v1/tokens/io", tag = "economy",
    responses((status = 200, body = Token),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(State(app): State<App>, StrictQuery(_): StrictQuery<NoQuery>) -> Result<Fresh<Token>, ApiError> {
    Ok(fresh(store::token::token(&app.pool, EPOCHS).await?))
}
