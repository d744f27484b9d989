//! What a run leaves: stocks once a week, flows once a month.
use crate::settings::Settings;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    pub scenario: &'static str,
    pub about: &'static str,
    pub settings: Settings,
    pub weeks: Vec<Week>,
    pub months: Vec<Month>,
    pub summary: Summary,
}

/// The state at the end of a week. IO in millions, dollars in millions where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Week {
    pub day: f64,
    pub supply: f64,
    /// Supply without what was minted on schedule: what usage alone makes of it.
    pub usage_supply: f64,
    pub float: f64,
    pub staked: f64,
    pub reserve: f64,
    /// Dollars.
    pub coin: f64,
    /// Dollars.
    pub gpu_hour: f64,
    pub utilisation: f64,
    pub suppliers: u64,
    /// Share a year.
    pub staking_yield: f64,
    /// IOSD asked for and not paid.
    pub backlog: f64,
    /// How long paying it takes at the last week's pace.
    pub days_to_clear: f64,
}

/// What happened in a month. IO and dollars in millions where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Month {
    /// The first one is 1.
    pub month: u32,
    pub burned: f64,
    pub redeemed: f64,
    pub scheduled: f64,
    /// Supply at the end, and its change in percent.
    pub supply: f64,
    pub change: f64,
    /// Change by usage alone, percent: redeemed less burned.
    pub usage_change: f64,
    /// Users' spending.
    pub spent: f64,
    /// Spending that failed for want of credits.
    pub unserved: f64,
    /// Dollars received per H100 by suppliers: first decile, median, last decile.
    pub income: [f64; 3],
    /// IOSD credited to suppliers for their work.
    pub earned: f64,
    /// Highest backlog, and the longest time to clear it.
    pub backlog: f64,
    pub days_to_clear: f64,
    /// Epochs that paid as much as the cap allows, and those whose schedule the hard cap cut.
    pub capped_epochs: u32,
    pub clipped_epochs: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub epochs: u64,
    pub final_supply: f64,
    pub lowest_supply: f64,
    pub highest_supply: f64,
    /// From month 4 on, percent: mean and largest (either way) monthly change of supply, and by usage alone.
    pub mean_change: f64,
    pub largest_change: f64,
    pub mean_usage_change: f64,
    pub largest_usage_change: f64,
    /// Millions of IOSD and days.
    pub worst_backlog: f64,
    pub worst_days_to_clear: f64,
    /// Days with more than three days of backlog.
    pub days_in_backlog: f64,
    pub capped_epochs: u64,
    pub clipped_epochs: u64,
    pub final_reserve: f64,
    pub final_yield: f64,
    /// Millions of dollars.
    pub spent: f64,
    pub unserved: f64,
}

impl Summary {
    pub(crate) fn of(weeks: &[Week], months: &[Month], epochs: u64, days_in_backlog: f64) -> Self {
        let settled = months.get(3..).unwrap_or_default();
        let mean = |of: fn(&Month) -> f64| settled.iter().map(of).sum::<f64>() / settled.len().max(1) as f64;
        let largest =
            |of: fn(&Month) -> f64| settled.iter().map(of).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
        let last = weeks.last();
        Summary {
            epochs,
            final_supply: last.map_or(0.0, |w| w.supply),
            lowest_supply: weeks.iter().map(|w| w.supply).fold(f64::INFINITY, f64::min),
            highest_supply: weeks.iter().map(|w| w.supply).fold(0.0, f64::max),
            mean_change: mean(|m| m.change),
            largest_change: largest(|m| m.change),
            mean_usage_change: mean(|m| m.usage_change),
            largest_usage_change: largest(|m| m.usage_change),
            worst_backlog: months.iter().map(|m| m.backlog).fold(0.0, f64::max),
            worst_days_to_clear: months.iter().map(|m| m.days_to_clear).fold(0.0, f64::max),
            days_in_backlog,
            capped_epochs: months.iter().map(|m| u64::from(m.capped_epochs)).sum(),
            clipped_epochs: months.iter().map(|m| u64::from(m.clipped_epochs)).sum(),
            final_reserve: last.map_or(0.0, |w| w.reserve),
            final_yield: last.map_or(0.0, |w| w.staking_yield),
            spent: months.iter().map(|m| m.spent).sum(),
            unserved: months.iter().map(|m| m.unserved).sum(),
        }
    }
}
