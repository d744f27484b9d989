//! Which charts there are.
use super::svg::{BLUE, Bars, GREEN, GREY, Line, ORANGE, PURPLE, Panel, chart};
use crate::series::{Month, Run, Week};
use crate::settings::MONTH_DAYS;

/// One chart of a run.
pub struct Figure {
    pub name: &'static str,
    pub svg: String,
}

/// All charts of a run.
pub fn figures(run: &Run) -> Vec<Figure> {
    let months = run.settings.years * 12.0;
    let weekly = |name, colour, of: fn(&Week) -> f64| Line {
        name,
        colour,
        dashed: false,
        points: run.weeks.iter().map(|w| (w.day / MONTH_DAYS, of(w))).collect(),
    };
    let monthly = |name, colour, of: fn(&Month) -> f64| Line {
        name,
        colour,
        dashed: false,
        // In the first month nobody was there for all of it.
        points: run.months.iter().skip(1).map(|m| (f64::from(m.month), of(m))).collect(),
    };
    let bars = |name, colour, stack, of: fn(&Month) -> f64| Bars {
        name,
        colour,
        stack,
        values: run.months.iter().map(|m| (f64::from(m.month), of(m))).collect(),
    };
    let panel = |title: &str, unit| Panel { title: format!("{title} · {}", run.scenario), unit, ..Panel::default() };
    let figure = |name, panels: &[Panel]| Figure { name, svg: chart(panels, months) };
    vec![
        figure(
            "supply",
            &[Panel {
                lines: vec![
                    weekly("Supply", BLUE, |w| w.supply),
                    Line { dashed: true, ..weekly("Supply without the schedule", BLUE, |w| w.usage_supply) },
                    weekly("Staked", GREEN, |w| w.staked),
                    weekly("Redemption reserve", ORANGE, |w| w.reserve),
                ],
                ..panel("IO supply", "million IO")
            }],
        ),
        figure(
            "burned-minted",
            &[Panel {
                bars: vec![
                    bars("Burned for credits", ORANGE, 0, |m| m.burned),
                    bars("Minted for redemptions", BLUE, 1, |m| m.redeemed),
                    bars("Minted on schedule", GREEN, 1, |m| m.scheduled),
                ],
                ..panel("Burned and minted", "million IO a month")
            }],
        ),
        figure(
            "gpu-hour",
            &[Panel {
                lines: vec![weekly("Price", BLUE, |w| w.gpu_hour)],
                ..panel("Price of a GPU-hour", "dollars for an H100-hour")
            }],
        ),
        figure(
            "income",
            &[Panel {
                lines: vec![
                    monthly("Last decile", GREEN, |m| m.income[2]),
                    monthly("Median", BLUE, |m| m.income[1]),
                    monthly("First decile", ORANGE, |m| m.income[0]),
                ],
                ..panel("Supplier income received", "dollars a month per H100")
            }],
        ),
        figure(
            "staking-yield",
            &[Panel {
                lines: vec![weekly("Yield", PURPLE, |w| w.staking_yield * 100.0)],
                ..panel("Staking yield", "percent a year, in IO")
            }],
        ),
        figure(
            "backlog",
            &[
                Panel {
                    lines: vec![weekly("Backlog", ORANGE, |w| w.backlog)],
                    ..panel("Redemption backlog", "million IOSD asked for and not paid")
                },
                Panel {
                    lines: vec![weekly("Days", ORANGE, |w| w.days_to_clear)],
                    ..panel("Time to clear it", "days at the last week's pace")
                },
            ],
        ),
        figure(
            "coin",
            &[Panel {
                lines: vec![weekly("Price", GREY, |w| w.coin)],
                log: true,
                ..panel("Coin price", "dollars, logarithmic")
            }],
        ),
        figure(
            "suppliers",
            &[Panel {
                lines: vec![weekly("Active", BLUE, |w| w.suppliers as f64)],
                ..panel("Active suppliers", "suppliers")
            }],
        ),
    ]
}
