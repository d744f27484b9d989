//! Runs as a folder for people: one page, its charts as SVG files, and the numbers.
mod charts;
mod page;
mod svg;

pub use charts::{Figure, figures};

use crate::series::Run;
use std::path::Path;

/// Writes `report.html`, `SCENARIO-CHART.svg` and `series.json` into `folder`, which is created if it is missing.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, runs: &[Run], command: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for run in runs {
        for figure in figures(run) {
            std::fs::write(folder.join(format!("{}-{}.svg", run.scenario, figure.name)), &figure.svg)?;
        }
    }
    std::fs::write(folder.join("report.html"), page::html(runs, command))?;
    std::fs::write(folder.join("series.json"), serde_json::to_vec(runs)?)
}
