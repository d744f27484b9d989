//! A job's history, told step by step.
use super::elements::{short, slot, time};
use super::job_demands::wanted;
use explorer_client::{Amount, Event};
use maud::{Markup, html};

/// One step is one transaction: the money's event comes with the event that moved it.
pub fn steps(history: &[Event]) -> Markup {
    html! {
        ol.steps {
            @for step in history.chunk_by(|a, b| a.signature == b.signature) {
                @if let Some(last) = step.last() {
                    li data-kind=(last.kind) {
                        h3 { (title(last)) }
                        p.when { (time(last.time)) ", " (slot(last.slot, last.finality)) }
                        @for event in step { (said(event)) }
                        p.quiet { "Transaction " (short(&last.signature)) }
                    }
                }
            }
        }
    }
}

fn title(event: &Event) -> &str {
    match event.kind.as_str() {
        "JobPosted" => "Posted",
        "JobClaimed" => "Claimed",
        "ResultCommitted" => "Result committed",
        "JobPaid" if text(event, "verification") == "accepted" => "Accepted by the user and paid",
        "JobPaid" if text(event, "verification") == "audited" => "Audited on chain, settled and paid",
        "JobPaid" => "Settled unchallenged and paid",
        "AuditDrawn" if event.body["audited"] == true => "Drawn for an audit",
        "AuditDrawn" => "Not drawn for an audit",
        "AuditMissed" => "Draw missed, an audit is certain",
        "CellOpened" if event.body["left"] == 0 => "Last audited cell shown to be right, audit passed",
        "CellOpened" => "Audited cell shown to be right",
        "AuditExpired" => "Audit not answered, refunded",
        "JobCancelled" => "Cancelled by the user",
        "JobExpired" if event.body["device"].is_null() => "Expired unclaimed",
        "JobExpired" => "Expired without a result",
        "FaultProven" => "Fault proven, refunded",
        "DemandMade" => "Data demanded",
        "DemandAnswered" => "Demand answered",
        "DemandExpired" => "Demand not answered, refunded",
        "DemandClosed" => "Demand closed",
        other => other,
    }
}

fn text<'a>(event: &'a Event, field: &str) -> &'a str {
    event.body[field].as_str().unwrap_or("?")
}

fn iosd(event: &Event, field: &str) -> String {
    Amount::iosd(text(event, field).to_owned()).readable()
}

/// What the event says beyond its title.
fn said(event: &Event) -> Markup {
    let who = |role: &str, field: &str| html! { p { (role) " " (short(text(event, field))) } };
    match event.kind.as_str() {
        "EscrowLocked" => html! { p { (iosd(event, "amount")) " locked in escrow" } },
        "EscrowRefunded" => html! { p { (iosd(event, "amount")) " returned to the user" } },
        "EscrowSettled" => html! {
            p { (iosd(event, "supplier_share")) " to the supplier, " (iosd(event, "retired")) " retired, "
                (iosd(event, "incentives")) " for incentives" }
        },
        "JobPosted" => who("by user", "user"),
        "JobClaimed" => html! { (who("by device", "device")) (who("of operator", "operator")) },
        "ResultCommitted" => html! { (who("by device", "device")) (who("root", "commitment")) },
        "JobPaid" => who("to operator", "operator"),
        "JobExpired" if !event.body["device"].is_null() => who("held by device", "device"),
        "AuditDrawn" => html! {
            p { "by the hash of slot " (text(event, "slot")) }
            @if event.body["audited"] == true { p { (event.body["cells"]) " cells to answer" } }
        },
        "AuditMissed" => html! {
            p { "slot " (text(event, "draw_slot")) " draws " (event.body["cells"]) " cells instead" }
        },
        "CellOpened" => html! {
            p { "layer " (event.body["layer"]) ", row " (event.body["row"]) ", column " (event.body["column"]) ", "
                (event.body["left"]) " cells left" }
            (who("by", "prover"))
        },
        "AuditExpired" => html! {
            p { (event.body["left"]) " cells without an answer" }
            (who("noticed by", "caller"))
        },
        "FaultProven" => html! {
            (who("by", "prover"))
            p { "layer " (event.body["layer"]) ", row " (event.body["row"]) ", column " (event.body["column"])
                ": committed " (event.body["committed"]) ", the model gives " (event.body["expected"]) }
        },
        "DemandMade" => html! { p { (wanted(&event.body["item"])) } (who("by", "demander")) },
        "DemandAnswered" => html! { p { "number " (event.body["n"]) } (who("by", "prover")) },
        "DemandExpired" => html! { p { "number " (event.body["n"]) } (who("ended by", "caller")) },
        "DemandClosed" => html! { p { "number " (event.body["n"]) } },
        _ => html! {},
    }
}
