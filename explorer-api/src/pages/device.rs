use super::elements::{job_table, linked, money, short, slot, time};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::devices::history;
use crate::list;
use axum::extract::State;
use explorer_client::{DeviceHistory, JobsQuery};
use maud::{Markup, html};

const LATEST: u32 = 25;

pub async fn page(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Markup, ApiError> {
    let DeviceHistory { device, standing, challenges } = history(&app, key).await?;
    let jobs = JobsQuery { device: Some(key), limit: Some(LATEST), ..Default::default() };
    let jobs = list::page(&app, jobs).await?.data;
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
        section { h2 { "Challenges" }
            p { @if standing.hired { "Can be hired" } @else { "Is not hired until it passes a challenge round" } }
            dl.facts {
                dt { "Measured" } dd { (device.measured) " multiply-accumulates per second" }
                dt { "Passed" } dd { (standing.challenges_passed) }
                dt { "Failed" } dd { (standing.challenges_failed) }
            }
            @if !challenges.is_empty() {
                div.scroll tabindex="0" role="region" aria-label="Challenge rounds" { table {
                    caption { "The newest challenge rounds of this device" }
                    thead { tr {
                        th scope="col" { "Round" } th scope="col" { "Opened" } th scope="col" { "Outcome" }
                        th scope="col" { "Measured, per second" } th scope="col" { "Idle pay" }
                    } }
                    tbody { @for challenge in &challenges { tr {
                        td { (challenge.round) }
                        td { (time(challenge.opened_at)) }
                        td { (challenge.outcome) @if let Some(reason) = &challenge.reason { ": " (reason) } }
                        td { @if let Some(throughput) = &challenge.throughput { (throughput) } }
                        td { @if let Some(pay) = &challenge.idle_pay { (money(pay)) } }
                    } } }
                } }
            }
        }
        section {
            div.heading { h2 { "Its jobs" } a href={ "/jobs?device=" (device.key) } { "All of them" } }
            (job_table("The device's newest jobs", &jobs))
        }
    };
    framed(&app, &device.name, Section::Devices, content).await
}
