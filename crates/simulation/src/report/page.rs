//! The page that holds a report together.
use super::charts::figures;
use crate::series::{Run, Summary};
use std::fmt::Write;

const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;\
padding:0 1rem}table{font-size:13px;line-height:1.35;border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .45rem;text-align:right;\
border-bottom:1px solid #8a929a55}th:first-child,td:first-child{text-align:left}svg{max-width:100%;height:auto;\
margin:.6rem 0}code{font-size:.92em}.wide{overflow-x:auto}";

/// A column of the summary: its heading and how a run fills it.
type Column = (&'static str, fn(&Summary) -> String);

const COLUMNS: &[Column] = &[
    ("supply at the end, million IO", |s| format!("{:.1}", s.final_supply)),
    ("lowest", |s| format!("{:.1}", s.lowest_supply)),
    ("mean change a month", |s| format!("{:+.2} %", s.mean_change)),
    ("by usage alone", |s| format!("{:+.2} %", s.mean_usage_change)),
    ("largest change", |s| format!("{:+.2} %", s.largest_change)),
    ("worst backlog, million IOSD", |s| format!("{:.2}", s.worst_backlog)),
    ("days to clear it", |s| format!("{:.0}", s.worst_days_to_clear)),
    ("days in backlog", |s| format!("{:.0}", s.days_in_backlog)),
    ("epochs at the redemption cap", |s| s.capped_epochs.to_string()),
    ("epochs clipped by the hard cap", |s| s.clipped_epochs.to_string()),
    ("reserve at the end, million IO", |s| format!("{:.1}", s.final_reserve)),
    ("spending unserved, million dollars", |s| format!("{:.1}", s.unserved)),
];

pub fn html(runs: &[Run], command: &str) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>IO economy, simulated</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
         <h1>The economy, simulated</h1>\n<p>Made by <code>{}</code>. Prices, demand and people are a model; all money moved by \
         the code that the programs on chain run, and every identity of the books held after every epoch.</p>\n",
        escape(command)
    );
    let _ = write!(page, "<div class=\"wide\"><table><tr><th>scenario</th>");
    for (heading, _) in COLUMNS {
        let _ = write!(page, "<th>{heading}</th>");
    }
    page.push_str("</tr>\n");
    for run in runs {
        let _ = write!(page, "<tr><td><a href=\"#{0}\">{0}</a></td>", run.scenario);
        for (_, of) in COLUMNS {
            let _ = write!(page, "<td>{}</td>", of(&run.summary));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n<p>Changes are counted from the fourth month on. A backlog is counted in days once clearing it takes more than three.</p>\n");
    for run in runs {
        let _ = writeln!(page, "<h2 id=\"{}\">{}</h2>\n<p>{}.</p>", run.scenario, run.scenario, sentence(run.about));
        for figure in figures(run) {
            page.push_str(&figure.svg);
        }
    }
    if let Some(run) = runs.first() {
        let settings = serde_json::to_string_pretty(&run.settings).unwrap_or_default();
        let _ = writeln!(page, "<h2>Settings</h2>\n<pre>{}</pre>", escape(&settings));
    }
    page.push_str("</body></html>\n");
    page
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
