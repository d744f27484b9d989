use crate::app::App;
use crate::extract::StrictQuery;
use crate::handlers::Answer;
use crate::list;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Page, Problem, Redemption, RedemptionsQuery};

/// What suppliers asked to be paid in IO and what came of it, newest first.
#[utoipa::path(get, path = "/v1/redemptions", tag = "economy", params(RedemptionsQuery),
    responses((status = 200, content((Page<Redemption> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<RedemptionsQuery>,
) -> Answer {
    list::answer(app, &headers, query).await
}
