use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NumberPath, StrictQuery};
use crate::handlers::{Answer, Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Page, PageQuery, Problem, Proposal, ProposalDetail, ProposalsQuery, VotesQuery};

/// Proposals, newest first.
#[utoipa::path(get, path = "/v1/proposals", tag = "governance", params(ProposalsQuery),
    responses((status = 200, content((Page<Proposal> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<ProposalsQuery>,
) -> Answer {
    list::answer(app, &headers, query).await
}

pub async fn detail(app: &App, number: i64, query: PageQuery) -> Result<ProposalDetail, ApiError> {
    let proposal = store::proposals::find(&app.pool, number).await?;
    let proposal = proposal.ok_or_else(|| ApiError::not_found(format_args!("proposal {number}")))?;
    let PageQuery { cursor, limit } = query;
    let votes = VotesQuery { proposal: Some(number.unsigned_abs()), cursor, limit, ..Default::default() };
    let votes = list::page(app, votes).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(ProposalDetail { proposal: proposal.show(finalized), votes })
}

/// One proposal. `cursor` and `limit` are of the votes.
#[utoipa::path(get, path = "/v1/proposals/{number}", tag = "governance", params(("number" = u64, Path), PageQuery),
    responses((status = 200, body = ProposalDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    NumberPath(number): NumberPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<ProposalDetail>, ApiError> {
    Ok(fresh(detail(&app, number, query).await?))
}
