use super::elements::{export, job_table, more};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::FormQuery;
use crate::list;
use axum::extract::State;
use explorer_client::{JobStatus, JobsQuery, JobsSort};
use maud::{Markup, html};

pub async fn page(State(app): State<App>, FormQuery(query): FormQuery<JobsQuery>) -> Result<Markup, ApiError> {
    let jobs = list::page(&app, query.clone()).await?;
    let text = [
        ("user", query.user.map(|key| key.to_string())),
        ("device", query.device.map(|key| key.to_string())),
        ("operator", query.operator.map(|key| key.to_string())),
        ("model", query.model.map(|hash| hash.to_string())),
        ("posted_from", query.posted_from.map(|time| time.to_string())),
        ("posted_to", query.posted_to.map(|time| time.to_string())),
    ];
    let numbers =
        [("class", query.class.map(u64::from)), ("min_price", query.min_price), ("max_price", query.max_price)];
    let orders = [
        ("-posted", "newest", JobsSort::Newest),
        ("posted", "oldest", JobsSort::Oldest),
        ("-price", "dearest", JobsSort::Dearest),
        ("price", "cheapest", JobsSort::Cheapest),
    ];
    let content = html! {
        div.heading { h1 { "Jobs" } (export(&query)) }
        form.filter method="get" action="/jobs" {
            label { "State"
                select name="status" {
                    option value="" { "any" }
                    @for status in JobStatus::ALL {
                        option value=(status.word()) selected[query.status == Some(status)] { (status.word()) }
                    }
                }
            }
            @for (name, value) in &text {
                label { (name.replace('_', " ")) input type="text" name=(name) value=[value] autocomplete="off" spellcheck="false"; }
            }
            @for (name, value) in numbers {
                label { (name.replace('_', " ")) input type="number" name=(name) min="0" value=[value]; }
            }
            label { "Order" select name="sort" {
                @for (word, name, sort) in orders {
                    option value=(word) selected[query.sort.unwrap_or_default() == sort] { (name) }
                }
            } }
            button type="submit" { "Filter" }
            @if query != JobsQuery::default() { a href="/jobs" { "Clear" } }
        }
        (job_table("Jobs", &jobs.data))
        (more("/jobs", &query, &jobs.page))
    };
    framed(&app, "Jobs", Section::Jobs, content).await
}
