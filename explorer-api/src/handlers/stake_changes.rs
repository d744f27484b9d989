use crate::app::App;
use crate::extract::StrictQuery;
use crate::handlers::Answer;
use crate::list;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Page, Problem, StakeChange, StakeChangesQuery};

/// What happened to stake, newest first.
#[utoipa::path(get, path = "/v1/stake-changes", tag = "suppliers", params(StakeChangesQuery),
    responses((status = 200, content((Page<StakeChange> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<StakeChangesQuery>,
) -> Answer {
    list::answer(app, &headers, query).await
}
