use super::elements::{linked, money, money_or_dash, short, slot, status, time};
use super::job_demands::demands;
use super::job_steps::steps;
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::jobs::detail;
use axum::extract::State;
use explorer_client::{Audit, AuditedCell, Job};
use maud::{Markup, html};

pub async fn page(
    State(app): State<App>,
    KeyPath(address): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Markup, ApiError> {
    let detail = detail(&app, address).await?;
    let job = &detail.job;
    let content = html! {
        p.trail { a href="/jobs" { "Jobs" } " / " (short(&job.address)) }
        h1 { "Job " span.sub { "number " (job.user_seq) " of its user" } }
        p.lead { (status(job)) strong { (job.outcome) } " " (slot(job.slot, job.finality)) }
        div.columns {
            section { h2 { "History" } (steps(&detail.history)) }
            div {
                section { h2 { "Money" } (money_table(job)) }
                @if job.stake.reserved.is_some() { section { h2 { "Stake behind it" } (stake(job)) } }
                section { h2 { "Work" } (work(job)) }
                @if let Some(audit) = &job.audit { section { h2 { "Audit" } (audit_facts(audit, &detail.audited_cells)) } }
                @if !detail.demands.is_empty() { section { h2 { "Demands for its data" } (demands(&detail.demands)) } }
                @if let Some(fault) = &job.fault {
                    section { h2 { "Proven fault" }
                        dl.facts {
                            dt { "Cell" } dd { "layer " (fault.layer) ", row " (fault.row) ", column " (fault.column) }
                            dt { "The model gives" } dd { (fault.expected) }
                            dt { "The device committed to" } dd { (fault.committed) }
                            dt { "Proven by" } dd { (short(&fault.prover)) }
                        }
                    }
                }
            }
        }
    };
    framed(&app, "Job", Section::Jobs, content).await
}

fn money_table(job: &Job) -> Markup {
    let m = &job.money;
    let in_escrow = m.supplier.is_none() && m.refund.is_none();
    html! {
        div.scroll {
        table {
            caption { "Where the price went" }
            thead { tr { th scope="col" { "Part" } th.number scope="col" { "Amount" } } }
            tbody {
                tr { th scope="row" { "Supplier" } td.number { (money_or_dash(m.supplier.as_ref())) } }
                tr { th scope="row" { "Fee, retired for good" } td.number { (money_or_dash(m.fee_retired.as_ref())) } }
                tr { th scope="row" { "Fee, incentives" } td.number { (money_or_dash(m.fee_incentives.as_ref())) } }
                tr { th scope="row" { "Refund to the user" } td.number { (money_or_dash(m.refund.as_ref())) } }
                tr { th scope="row" { "In escrow" } td.number { @if in_escrow { (money(&job.price)) } @else { span.quiet { "–" } } } }
            }
            tfoot { tr { th scope="row" { "Price" } td.number { (money(&job.price)) } } }
        }
        }
    }
}

fn stake(job: &Job) -> Markup {
    let stake = &job.stake;
    html! {
        dl.facts {
            dt { "Reserved" } dd { (money_or_dash(stake.reserved.as_ref())) }
            @if let Some(forfeited) = &stake.forfeited { dt { "To the user" } dd { (money(forfeited)) } }
            @if let Some(slashed) = &stake.slashed { dt { "Slashed" } dd { (money(slashed)) } }
        }
    }
}

fn audit_facts(audit: &Audit, cells: &[AuditedCell]) -> Markup {
    html! {
        dl.facts {
            dt { "State" } dd { (audit.words) }
            dt { "Chance" } dd { (audit.bps / 100) "." (format!("{:02}", audit.bps % 100)) " %" }
            dt { "Cells" } dd { (audit.answered) " of " (audit.cells) " shown to be right" }
            @if let Some(slot) = audit.draw_slot { dt { "Drawn from slot" } dd { (slot) } }
            @if audit.draws_missed > 0 { dt { "Missed draws" } dd { (audit.draws_missed) } }
            @if let Some(slot) = &audit.drawn_slot { dt { "Decided by slot" } dd { (slot) } }
            @if let Some(hash) = &audit.slot_hash { dt { "Its hash" } dd { (short(hash)) } }
            @if let Some(seed) = &audit.seed { dt { "Seed" } dd { (short(seed)) } }
            @if let Some(deadline) = audit.deadline { dt { "Answer by" } dd { (time(deadline)) } }
        }
        @if !cells.is_empty() {
            div.scroll {
            table {
                caption { "Cells shown to be right" }
                thead { tr { th.number scope="col" { "Cell" } th.number scope="col" { "Layer" } th.number scope="col" { "Row" }
                    th.number scope="col" { "Column" } th scope="col" { "When" } } }
                tbody { @for cell in cells { tr {
                    td.number { (cell.index) } td.number { (cell.layer) } td.number { (cell.row) } td.number { (cell.column) }
                    td { (time(cell.opened_at)) }
                } } }
            }
            }
        }
    }
}

fn hash(value: Option<&str>) -> Markup {
    html! { @match value { Some(value) => (short(value)), None => span.quiet { "none yet" } } }
}

fn work(job: &Job) -> Markup {
    html! {
        dl.facts {
            dt { "User" } dd { (linked("/jobs?user=", &job.user)) }
            dt { "Device" } dd { @match &job.device {
                Some(device) => (linked("/devices/", device)), None => span.quiet { "none yet" },
            } }
            dt { "Operator" } dd { @match &job.operator {
                Some(operator) => (linked("/operators/", operator)), None => span.quiet { "none yet" },
            } }
            dt { "Model" } dd { (linked("/jobs?model=", &job.model_root)) }
            dt { "Rows" } dd { (job.rows) }
            dt { "Input root" } dd { (short(&job.input_root)) }
            dt { "Input file" } dd { (short(&job.input_blob)) }
            dt { "Commitment" } dd { (hash(job.commitment.as_deref())) }
            dt { "Result file" } dd { (hash(job.result_blob.as_deref())) }
            dt { "Claim by" } dd { (time(job.claim_deadline)) }
            dt { "Commit by" } dd { @match job.commit_deadline {
                Some(deadline) => (time(deadline)), None => { (job.execute_s) " s after the claim" },
            } }
            @if let Some(end) = job.window_end { dt { "Can be disputed until" } dd { (time(end)) } }
        }
    }
}
