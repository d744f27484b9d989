use crate::app::App;
use crate::extract::StrictQuery;
use crate::handlers::Answer;
use crate::list;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Model, ModelsQuery, Page, Problem};

/// Models.
#[utoipa::path(get, path = "/v1/models", tag = "jobs", params(ModelsQuery),
    responses((status = 200, content((Page<Model> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, headers: HeaderMap, StrictQuery(query): StrictQuery<ModelsQuery>) -> Answer {
    list::answer(app, &headers, query).await
}
