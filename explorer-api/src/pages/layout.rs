//! What all pages share.
use crate::app::App;
use crate::assets::{ICON, SCRIPT, STYLE};
use crate::error::ApiError;
use crate::live::Freshness;
use crate::store::network::alarms;
use maud::{DOCTYPE, Markup, html};

/// Which part of the navigation is lit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Network,
    Market,
    Jobs,
    Devices,
    Operators,
    Token,
    Proposals,
    None,
}

pub fn document(title: &str, section: Section, body: Markup) -> Markup {
    let link = |this: Section, path: &str, name: &str| {
        html! { a href=(path) aria-current=[(this == section).then_some("page")] { (name) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · IO Explorer" }
                link rel="icon" type="image/svg+xml" href=(ICON.path());
                link rel="stylesheet" href=(STYLE.path());
                script src=(SCRIPT.path()) defer {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header {
                    div.bar {
                        a.brand href="/" { img src=(ICON.path()) alt="" width="28" height="28"; "IO Explorer" }
                        nav aria-label="Main" {
                            (link(Section::Network, "/", "Network"))
                            (link(Section::Market, "/market", "Market"))
                            (link(Section::Jobs, "/jobs", "Jobs"))
                            (link(Section::Devices, "/devices", "Devices"))
                            (link(Section::Operators, "/operators", "Operators"))
                            (link(Section::Token, "/token", "Token"))
                            (link(Section::Proposals, "/proposals", "Proposals"))
                            a href="/openapi.json" { "API" }
                        }
                        form.search method="get" action="/search" role="search" {
                            input type="search" name="q" placeholder="Address, signature or name" aria-label="Search" autocomplete="off" spellcheck="false" maxlength="128";
                        }
                        span #live.badge role="status" data-state="connecting" hidden { "connecting" }
                    }
                }
                (body)
                footer {
                    p { "Read from the chain; nothing shown here gives anybody a right to anything. Times are UTC by the chain's clock." }
                }
            }
        }
    }
}

/// A page with its notices: what is incomplete or late is said before any number.
pub async fn page(app: &App, title: &str, section: Section, content: Markup) -> Result<Markup, ApiError> {
    let alarms = alarms(&app.pool).await?;
    let head = app.head.borrow().clone();
    let main = html! {
        main #content tabindex="-1" {
            @if alarms.sequence_holes > 0 || alarms.sequence_repeats > 0 || alarms.dead_letters > 0 {
                p.notice.bad role="alert" {
                    strong { "Incomplete. " }
                    "The chain's own event numbering shows " (alarms.sequence_holes) " gaps and "
                    (alarms.sequence_repeats) " repetitions; " (alarms.dead_letters)
                    " events could not be read. Numbers on these pages may be wrong."
                }
            }
            @match head.freshness() {
                Freshness::Live => {}
                Freshness::Stalled => p.notice role="status" {
                    strong { "Late. " } "The index does not follow the chain at the moment"
                    @if let Some(slot) = head.indexed_slot { "; it ends at slot " (slot) }
                    "."
                }
                Freshness::Unreachable => p.notice role="status" { strong { "Late. " } "Waiting for the database." }
            }
            (content)
        }
    };
    Ok(document(title, section, main))
}
