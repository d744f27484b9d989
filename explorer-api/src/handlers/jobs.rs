use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::{Answer, Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Job, JobDetail, JobsQuery, Key, Page, Problem};

/// Jobs.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobsQuery),
    responses((status = 200, content((Page<Job> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, headers: HeaderMap, StrictQuery(query): StrictQuery<JobsQuery>) -> Answer {
    list::answer(app, &headers, query).await
}

pub async fn detail(app: &App, address: Key) -> Result<JobDetail, ApiError> {
    let job = store::jobs::find(&app.pool, address).await?;
    let job = job.ok_or_else(|| ApiError::not_found(format_args!("job {address}")))?;
    let history = store::events::of_job(&app.pool, address).await?;
    let finalized = app.head.borrow().finalized_slot;
    let history: Vec<_> = history.into_iter().map(|row| row.show(finalized)).collect();
    let job = job.show(finalized);
    // Most jobs have neither, and asking costs as much as the job itself.
    let mut audited_cells = Vec::new();
    if job.audit.as_ref().is_some_and(|audit| audit.answered > 0) {
        let rows = store::audits::of_job(&app.pool, address).await?;
        audited_cells = rows.into_iter().map(|row| row.show(finalized)).collect();
    }
    let mut demands = Vec::new();
    if history.iter().any(|event| event.kind == "DemandMade") {
        let rows = store::demands::of_job(&app.pool, address).await?;
        demands = rows.into_iter().map(|row| row.show(finalized)).collect();
    }
    Ok(JobDetail { job, audited_cells, demands, history })
}

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{address}", tag = "jobs", params(("address" = String, Path)),
    responses((status = 200, body = JobDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(address): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<JobDetail>, ApiError> {
    Ok(fresh(detail(&app, address).await?))
}
