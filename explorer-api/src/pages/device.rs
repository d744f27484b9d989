use super::elements::{job_table, linked, money, short, slot, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::devices::find;
use crate::store;
use crate::store::jobs::JobFilter;
use axum::extract::State;
use maud::{Markup, html};

const LATEST: u32 = 25;

pub async fn page(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Markup, ApiError> {
    let device = find(&app, key).await?;
    let filter = JobFilter { device: Some(key), ..Default::default() };
    let jobs = store::jobs::list(&app.pool, &filter, i64::MAX, LATEST).await?;
    let finalized = app.head.borrow().finalized_slot;
    let jobs: Vec<_> = jobs.into_iter().map(|row| row.show(finalized)).collect();
    let content = html! {
        p.trail { a href="/devices" { "Devices" } " / " (short(&device.key)) }
        h1 { (device.name) }
        p.lead { @match &device.live_job {
            Some(job) => { "Works on " (linked("/jobs/", job)) }
            None => @if device.retired { "Retired" } @else { "Idle" },
        } " " (slot(device.slot, device.finality)) }
        section { h2 { "Record" }
            dl.facts {
                dt { "Key" } dd { (short(&device.key)) }
                dt { "Operator" } dd { (linked("/operators/", &device.operator)) }
                dt { "Registered" } dd { (time(device.registered_at)) ", transaction " (short(&device.registered_signature)) }
                dt { "Class" } dd { (device.class) ", needs " (money(&device.required_stake)) " of stake" }
                dt { "Jobs paid" } dd { (device.jobs_paid) }
                dt { "Jobs expired" } dd { (device.jobs_expired) }
                dt { "Jobs proven wrong" } dd { (device.jobs_faulted) }
                dt { "Earned" } dd { (money(&device.earned)) }
            }
        }
        section {
            div.heading { h2 { "Its jobs" } a href={ "/jobs?device=" (device.key) } { "All of them" } }
            (job_table("The device's newest jobs", &jobs))
        }
    };
    framed(&app, &device.name, Section::Devices, content).await
}
