use super::{Fresh, PageQuery, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{NumberPath, StrictQuery};
use crate::store;
use crate::store::proposals::{Proposal, Vote};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

pub async fn page(app: &App, query: &PageQuery) -> Result<Page<Proposal>, ApiError> {
    let (list, limit) = (ListKey::new("proposals", &[]), cursor::limit(query.limit)?);
    let before = list.decode(query.cursor.as_deref())?;
    let rows = store::proposals::list(&app.pool, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)))
}

/// Proposals, newest first.
#[utoipa::path(get, path = "/v1/proposals", tag = "governance", params(PageQuery),
    responses((status = 200, body = Page<Proposal>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<Page<Proposal>>, ApiError> {
    Ok(fresh(page(&app, &query).await?))
}

/// A proposal with its votes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalDetail {
    #[serde(flatten)]
    pub proposal: Proposal,
    pub votes: Page<Vote>,
}

pub async fn detail(app: &App, number: i64, query: &PageQuery) -> Result<ProposalDetail, ApiError> {
    let list = ListKey::new("votes", &[("proposal", Some(number.to_string()))]);
    let limit = cursor::limit(query.limit)?;
    let before = list.decode(query.cursor.as_deref())?;
    let proposal = store::proposals::find(&app.pool, number).await?;
    let proposal = proposal.ok_or_else(|| ApiError::not_found(format_args!("proposal {number}")))?;
    let rows = store::proposals::votes(&app.pool, &proposal.address, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(ProposalDetail {
        proposal: proposal.show(finalized),
        votes: list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)),
    })
}

/// One proposal. `cursor` and `limit` are of the votes.
#[utoipa::path(get, path = "/v1/proposals/{number}", tag = "governance", params(("number" = u64, Path), PageQuery),
    responses((status = 200, body = ProposalDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    NumberPath(number): NumberPath,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Fresh<ProposalDetail>, ApiError> {
    Ok(fresh(detail(&app, number, &query).await?))
}
