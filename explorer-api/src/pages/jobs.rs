use super::elements::{job_table, more};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::StrictQuery;
use crate::handlers::jobs::{self, JobStatus, JobsQuery};
use axum::extract::State;
use maud::{Markup, html};
use serde::Deserialize;

/// The form's fields: a browser sends empty ones too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormQuery {
    status: Option<String>,
    user: Option<String>,
    device: Option<String>,
    operator: Option<String>,
    model: Option<String>,
    cursor: Option<String>,
}

fn filled<T: std::str::FromStr<Err = &'static str>>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map(Some).map_err(|reason| ApiError::invalid_parameter(name, reason)),
        None => Ok(None),
    }
}

impl FormQuery {
    fn read(&self) -> Result<JobsQuery, ApiError> {
        let status = match self.status.as_deref().filter(|text| !text.is_empty()) {
            Some(word) => Some(
                JobStatus::ALL
                    .into_iter()
                    .find(|status| status.word() == word)
                    .ok_or_else(|| ApiError::invalid_parameter("status", "not a state of a job"))?,
            ),
            None => None,
        };
        Ok(JobsQuery {
            status,
            user: filled("user", self.user.as_deref())?,
            device: filled("device", self.device.as_deref())?,
            operator: filled("operator", self.operator.as_deref())?,
            model: filled("model", self.model.as_deref())?,
            cursor: self.cursor.clone().filter(|cursor| !cursor.is_empty()),
            limit: None,
        })
    }
}

pub async fn page(State(app): State<App>, StrictQuery(form): StrictQuery<FormQuery>) -> Result<Markup, ApiError> {
    let query = form.read()?;
    let jobs = jobs::page(&app, &query).await?;
    let filters = [
        ("status", query.status.map(|status| status.word().to_owned())),
        ("user", query.user.map(|key| key.to_string())),
        ("device", query.device.map(|key| key.to_string())),
        ("operator", query.operator.map(|key| key.to_string())),
        ("model", query.model.map(|hash| hash.to_string())),
    ];
    let content = html! {
        h1 { "Jobs" }
        form.filter method="get" action="/jobs" {
            label { "State"
                select name="status" {
                    option value="" { "any" }
                    @for status in JobStatus::ALL {
                        option value=(status.word()) selected[query.status == Some(status)] { (status.word()) }
                    }
                }
            }
            @for (name, value) in filters.iter().skip(1) {
                label { (name) input type="text" name=(name) value=[value.as_deref()] autocomplete="off" spellcheck="false"; }
            }
            button type="submit" { "Filter" }
            @if filters.iter().any(|(_, value)| value.is_some()) { a href="/jobs" { "Clear" } }
        }
        (job_table("Jobs, newest first", &jobs.data))
        (more("/jobs", &filters, &jobs.page))
    };
    framed(&app, "Jobs", Section::Jobs, content).await
}
