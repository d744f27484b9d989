//! Demands for a job's data.
use super::elements::{money, short, time};
use explorer_client::Demand;
use maud::{Markup, html};
use serde_json::Value;

/// Longest part of an answer that is shown, hex digits; the API has all of it.
const SHOWN: usize = 64;

pub fn demands(all: &[Demand]) -> Markup {
    html! {
        div.scroll {
        table {
            caption { "Data that was asked for on chain, against a bond" }
            thead { tr {
                th.number scope="col" { "No." } th scope="col" { "What" } th scope="col" { "State" } th.number scope="col" { "Bond" }
            } }
            tbody {
                @for demand in all {
                    tr {
                        td.number { (demand.n) }
                        td { (wanted(&demand.item)) p.quiet { "by " (short(&demand.demander)) } }
                        td { (state(demand)) }
                        td.number { (money(&demand.bond)) }
                    }
                }
            }
        }
        }
    }
}

/// What a demand asks for, in words.
pub fn wanted(item: &Value) -> String {
    let number = |field: &str| item[field].as_u64().map_or("?".into(), |n| n.to_string());
    match item["kind"].as_str() {
        Some("layer_roots") => "the roots of all layers".into(),
        Some("segments") => {
            let last = item["first"].as_u64().zip(item["count"].as_u64());
            let last = last.map_or("?".into(), |(first, count)| (first + count.saturating_sub(1)).to_string());
            format!("layer {}, row {}, segments {} to {last}", number("layer"), number("row"), number("first"))
        }
        Some("nodes") => {
            let tree = if item["row"].is_null() { "rows".into() } else { format!("row {}", number("row")) };
            let place = format!("level {}, node {}, {} down", number("level"), number("index"), number("depth"));
            format!("layer {}, tree of {tree}, {place}", number("layer"))
        }
        _ => "unknown".into(),
    }
}

fn state(demand: &Demand) -> Markup {
    html! {
        @match (demand.status.as_str(), demand.ended_at) {
            ("open", _) => { "open, can be answered until " (time(demand.deadline)) },
            ("answered", Some(at)) => {
                "answered " (time(at))
                @if let Some(by) = &demand.answered_by { " by " (short(by)) }
                @if let Some(data) = &demand.data {
                    p.quiet { code { (data.chars().take(SHOWN).collect::<String>()) @if data.len() > SHOWN { "…" } }
                        " " (data.len() / 2) " bytes" }
                }
            },
            ("expired", Some(at)) => { "not answered in time: the job was refunded " (time(at)) },
            ("closed", Some(at)) => { "closed " (time(at)) ": the job had ended" },
            (other, _) => (other),
        }
    }
}
