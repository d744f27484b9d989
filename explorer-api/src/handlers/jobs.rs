use super::{Fresh, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::store;
use crate::store::audits::AuditedCell;
use crate::store::demands::Demand;
use crate::store::events::Event;
use crate::store::jobs::{Job, JobFilter};
use crate::values::{Hash, Key};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A job's state.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Posted,
    Claimed,
    Committed,
    Paid,
    Cancelled,
    Expired,
    Refunded,
    Unanswered,
}

impl JobStatus {
    pub const ALL: [Self; 8] = [
        Self::Posted,
        Self::Claimed,
        Self::Committed,
        Self::Paid,
        Self::Cancelled,
        Self::Expired,
        Self::Refunded,
        Self::Unanswered,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Claimed => "claimed",
            Self::Committed => "committed",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunded => "refunded",
            Self::Unanswered => "unanswered",
        }
    }
}

/// All filters must match.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    pub status: Option<JobStatus>,
    #[param(value_type = Option<String>)]
    pub user: Option<Key>,
    #[param(value_type = Option<String>)]
    pub device: Option<Key>,
    #[param(value_type = Option<String>)]
    pub operator: Option<Key>,
    /// Root of the model, in hex.
    #[param(value_type = Option<String>)]
    pub model: Option<Hash>,
    /// `page.next` of the page before.
    pub cursor: Option<String>,
    /// Rows on a page, 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}

impl JobsQuery {
    pub fn list_key(&self) -> ListKey {
        let text = |value: Option<&dyn std::fmt::Display>| value.map(ToString::to_string);
        ListKey::new(
            "jobs",
            &[
                ("status", self.status.map(|status| status.word().to_owned())),
                ("user", text(self.user.as_ref().map(|k| k as _))),
                ("device", text(self.device.as_ref().map(|k| k as _))),
                ("operator", text(self.operator.as_ref().map(|k| k as _))),
                ("model", text(self.model.as_ref().map(|k| k as _))),
            ],
        )
    }
}

/// A page of jobs, for JSON and for people.
pub async fn page(app: &App, query: &JobsQuery) -> Result<Page<Job>, ApiError> {
    let (list, limit) = (query.list_key(), cursor::limit(query.limit)?);
    let before = list.decode(query.cursor.as_deref())?;
    let filter = JobFilter {
        status: query.status.map(JobStatus::word),
        user: query.user,
        device: query.device,
        operator: query.operator,
        model: query.model,
    };
    let rows = store::jobs::list(&app.pool, &filter, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)))
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobsQuery),
    responses((status = 200, body = Page<Job>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<JobsQuery>,
) -> Result<Fresh<Page<Job>>, ApiError> {
    Ok(fresh(page(&app, &query).await?))
}

/// A job with everything that happened to it, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDetail {
    #[serde(flatten)]
    pub job: Job,
    /// Audited cells that were shown to be right.
    pub audited_cells: Vec<AuditedCell>,
    /// Demands for its data, in order.
    pub demands: Vec<Demand>,
    pub history: Vec<Event>,
}

pub async fn detail(app: &App, address: Key) -> Result<JobDetail, ApiError> {
    let job = store::jobs::find(&app.pool, address).await?;
    let job = job.ok_or_else(|| ApiError::not_found(format_args!("job {address}")))?;
    let history = store::events::of_job(&app.pool, address).await?;
    let finalized = app.head.borrow().finalized_slot;
    let history = history.into_iter().map(|row| row.show(finalized)).collect();
    let audited_cells = store::audits::of_job(&app.pool, address).await?;
    let audited_cells = audited_cells.into_iter().map(|row| row.show(finalized)).collect();
    let demands = store::demands::of_job(&app.pool, address).await?;
    let demands = demands.into_iter().map(|row| row.show(finalized)).collect();
    Ok(JobDetail { job: job.show(finalized), audited_cells, demands, history })
}

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{address}", tag = "jobs", params(("address" = String, Path)),
    responses((status = 200, body = JobDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(address): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<JobDetail>, ApiError> {
    Ok(fresh(detail(&app, address).await?))
}
