//! Small pieces that several pages use.
use explorer_client::{Amount, Device, Finality, Job, ListQuery, PageLinks, Time};
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

/// A long identifier, shown by its ends. The whole of it is in the page, so that a copy of the selection is complete.
pub fn short(text: &str) -> Markup {
    let (head, rest) = text.split_at(text.floor_char_boundary(6));
    let (middle, tail) = rest.split_at(rest.floor_char_boundary(rest.len().saturating_sub(4)));
    if middle.is_empty() {
        return html! { code.key { (text) } };
    }
    html! { code.key title=(text) { (head) span.middle { (middle) } (tail) } }
}

pub fn linked(prefix: &str, key: &str) -> Markup {
    html! { a href={ (prefix) (key) } { (short(key)) } }
}

pub fn time(time: Time) -> Markup {
    let text = time.to_string();
    html! { time datetime=(text) { (text.replace('T', " ").trim_end_matches('Z')) } }
}

pub fn money(amount: &Amount) -> Markup {
    html! { span.money { (amount.readable()) } }
}

pub fn money_or_dash(amount: Option<&Amount>) -> Markup {
    html! { @match amount { Some(amount) => (money(amount)), None => span.quiet { "–" } } }
}

pub fn status(job: &Job) -> Markup {
    html! { span.pill data-status=(job.status) { (job.status) } }
}

pub fn slot(slot: i64, finality: Finality) -> Markup {
    html! { span.slot data-finality=(finality.word()) { "slot " (slot) ", " (finality.word()) } }
}

pub fn job_table(caption: &str, jobs: &[Job]) -> Markup {
    if jobs.is_empty() {
        return html! { p.empty { "No jobs." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Job" } th scope="col" { "State" } th scope="col" { "Result" }
                    th.number scope="col" { "Price" } th.number scope="col" { "Rows" }
                    th scope="col" { "User" } th scope="col" { "Device" } th scope="col" { "Posted" }
                } }
                tbody { @for job in jobs { tr {
                    th scope="row" { (linked("/jobs/", &job.address)) }
                    td { (status(job)) }
                    td.words { (job.outcome) }
                    td.number { (money(&job.price)) }
                    td.number { (job.rows) }
                    td { (linked("/jobs?user=", &job.user)) }
                    td { @match &job.device {
                        Some(device) => (linked("/devices/", device)),
                        None => span.quiet { "–" },
                    } }
                    td { (time(job.posted_at)) }
                } } }
            }
        }
    }
}

pub fn device_table(caption: &str, devices: &[Device]) -> Markup {
    if devices.is_empty() {
        return html! { p.empty { "No devices." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Device" } th scope="col" { "Operator" }
                    th scope="col" { "Works on" } th.number scope="col" { "Paid" } th.number scope="col" { "Expired" }
                    th.number scope="col" { "Faulted" } th.number scope="col" { "Earned" }
                } }
                tbody { @for device in devices { tr {
                    th scope="row" { a href={ "/devices/" (device.key) } { (device.name) } }
                    td { (short(&device.key)) }
                    td { (linked("/operators/", &device.operator)) }
                    td { @match &device.live_job {
                        Some(job) => (linked("/jobs/", job)),
                        None => span.quiet { @if device.retired { "retired" } @else { "idle" } },
                    } }
                    td.number { (device.jobs_paid) }
                    td.number { (device.jobs_expired) }
                    td.number { (device.jobs_faulted) }
                    td.number { (money(&device.earned)) }
                } } }
            }
        }
    }
}

/// The whole number of base units; nothing of what is no number.
pub fn number_of(amount: &Amount) -> u128 {
    amount.amount.parse().unwrap_or_default()
}

/// Hundredths of a percent as people read them: `12.05 %`.
pub fn percent(bps: u64) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}

/// `part` of `whole`; nothing of nothing is nothing.
pub fn share(part: &Amount, whole: &Amount) -> Option<String> {
    let bps = (number_of(part) * 10_000).checked_div(number_of(whole))?;
    match u64::try_from(bps).ok()? {
        0 if number_of(part) > 0 => Some("less than 0.01 %".into()),
        bps => Some(percent(bps)),
    }
}

pub fn card(name: &str, value: Markup, note: Markup) -> Markup {
    html! { div.card { dt { (name) } dd { (value) } dd.note { (note) } } }
}

/// `1 job`, `2 jobs`.
pub fn plural(count: i64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A query as the end of an address; what stands in one here needs no escaping.
fn address(path: &str, query: &impl Serialize, more: &[(&str, &str)]) -> String {
    let query = serde_json::to_value(query).unwrap_or_default();
    let fields = query.as_object().into_iter().flatten().filter(|(name, value)| !value.is_null() && *name != "cursor");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs: Vec<_> = fields.map(|(name, value)| format!("{name}={}", text(value))).collect();
    pairs.extend(more.iter().map(|(name, value)| format!("{name}={value}")));
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The ways on and back; `query` keeps the filters.
pub fn more(path: &str, query: &impl Serialize, links: &PageLinks) -> Markup {
    let link = |cursor: &str, name| html! { a.more href=(address(path, query, &[("cursor", cursor)])) { (name) } };
    html! {
        p.pages {
            @if let Some(prev) = &links.prev { (link(prev, "Back")) }
            @if let Some(next) = &links.next { (link(next, "More")) }
        }
    }
}

/// The whole list for a spreadsheet.
pub fn export<Q: ListQuery>(query: &Q) -> Markup {
    html! { a.export href=(address(Q::PATH, query, &[("format", "csv")])) { "CSV" } }
}
