//! Short runs in which the books balance after every epoch (a run ends with an error otherwise), and what they must show.
use economy::IO_CAP;
use simulation::{Parameters, Run, Settings, run, scenario};

fn settings(years: f64) -> Settings {
    Settings { years, suppliers: 1_000, ..Settings::default() }
}

fn simulate(name: &str, settings: &Settings) -> Run {
    let scenario = scenario::find(name).expect("a scenario of this name");
    run(settings, scenario).unwrap_or_else(|broken| panic!("{name}: {broken}"))
}

const CAP: f64 = IO_CAP as f64 / 1e14;

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let settings = settings(1.0);
    let first = simulate("crash", &settings);
    assert_eq!(first, simulate("crash", &settings));
    let other = Settings { seed: 2, ..settings };
    assert_ne!(first.weeks, simulate("crash", &other).weeks);
}

#[test]
fn the_books_balance_in_every_scenario_and_no_cap_is_passed() {
    for scenario in scenario::ALL {
        let run = simulate(scenario.name, &settings(3.0));
        assert_eq!(run.summary.epochs, 1_096);
        assert_eq!(run.months.len(), 36);
        let daily = run.settings.parameters.redemption_cap as f64 / 1e6;
        for month in &run.months {
            assert!(month.redeemed <= daily * 31.0 + 1e-6, "{}: {month:?}", scenario.name);
        }
        for week in &run.weeks {
            assert!(week.supply + week.reserve <= CAP, "{}: {week:?}", scenario.name);
        }
    }
}

#[test]
fn the_books_balance_at_extreme_parameters() {
    let usual = Parameters::default();
    let extremes = [
        Parameters { fee_bps: 0, ..usual.clone() },
        Parameters { fee_bps: 10_000, incentive_bps: 10_000, loyalty_bps: 10_000, ..usual.clone() },
        Parameters { redemption_cap: 0, ..usual.clone() },
        Parameters { redemption_cap: 800_000_000, coin_price: 0.001, impact: 20.0, ..usual.clone() },
        Parameters { coin_price: 1_000.0, elasticity: 0.0, ..usual.clone() },
        Parameters { idle_bps: 0, stakers_bps: 10_000, class_stake: [0; 4], ..usual.clone() },
        Parameters { idle_bps: 10_000, stakers_bps: 0, class_stake: [1_000_000; 4], ..usual },
    ];
    for parameters in extremes {
        for name in ["spike-crash", "growth-rally", "outage"] {
            let settings = Settings { parameters: parameters.clone(), suppliers: 300, ..settings(1.5) };
            simulate(name, &settings);
        }
    }
}

#[test]
fn the_books_balance_with_epochs_of_an_hour_and_a_single_supplier() {
    simulate("spike-crash", &Settings { epoch_hours: 1, suppliers: 50, ..settings(1.25) });
    let alone = simulate("collapse-crash", &Settings { epoch_hours: 7, suppliers: 1, ..settings(2.0) });
    assert!(alone.summary.spent > 0.0);
}

/// Largest monthly change that usage alone may make while it is steady, percent.
const FLAT: f64 = 0.25;
/// The same with what is minted on schedule.
const FLAT_WITH_SCHEDULE: f64 = 0.75;

#[test]
fn supply_is_flat_month_on_month_while_usage_is_steady() {
    for seed in 1..=3 {
        let run = simulate("steady", &Settings { seed, ..settings(3.0) });
        for month in &run.months[3..] {
            assert!(month.usage_change.abs() <= FLAT, "seed {seed}: {month:?}");
            assert!(month.change.abs() <= FLAT_WITH_SCHEDULE, "seed {seed}: {month:?}");
        }
        // Usage never adds to supply over a quarter.
        for quarter in run.months[3..].chunks_exact(3) {
            assert!(quarter.iter().map(|m| m.usage_change).sum::<f64>() < 0.0, "seed {seed}");
        }
        assert_eq!(run.summary.worst_backlog, 0.0);
    }
}

#[test]
fn usage_that_grows_takes_more_from_supply_than_usage_that_is_steady() {
    let (steady, growth) = (simulate("steady", &settings(2.5)), simulate("growth", &settings(2.5)));
    for (month, steady) in growth.months[5..].iter().zip(&steady.months[5..]) {
        assert!(month.usage_change < 0.05 && month.spent > steady.spent, "{month:?}");
    }
    assert!(growth.summary.mean_usage_change < 1.5 * steady.summary.mean_usage_change);
    assert!(growth.summary.final_supply < steady.summary.final_supply);
}

#[test]
fn the_whole_supply_falls_when_usage_is_large_against_it_and_grows() {
    // The same dollars of usage with a cheaper coin: a fifth of the price burns five times the coins.
    let parameters = Parameters { coin_price: 0.2, redemption_cap: 20_000_000, ..Parameters::default() };
    let run = simulate("growth", &Settings { parameters, ..settings(2.25) });
    for quarter in run.months[12..].chunks_exact(3) {
        assert!(quarter.iter().map(|m| m.change).sum::<f64>() < 0.0, "{quarter:?}");
    }
    assert!(run.summary.final_supply < run.months[4].supply);
}

#[test]
fn a_crash_makes_a_backlog_that_clears_after_the_recovery() {
    let run = simulate("crash", &settings(3.0));
    let backlog = |months: std::ops::Range<usize>| run.months[months].iter().map(|m| m.backlog).fold(0.0, f64::max);
    assert_eq!(backlog(0..12), 0.0);
    assert!(backlog(12..22) > 5.0, "millions of IOSD wait");
    assert!(run.months[13..20].iter().all(|m| m.capped_epochs >= 28), "the redemption cap binds all the time");
    assert_eq!(backlog(28..36), 0.0);
    // What could not be paid stayed in the reserve.
    assert!(run.weeks.iter().map(|w| w.reserve).fold(0.0, f64::max) > 50.0);
}

#[test]
fn without_a_narrow_redemption_cap_the_same_crash_hardly_makes_anybody_wait() {
    let parameters = Parameters { redemption_cap: 50_000_000, ..Parameters::default() };
    let wide = simulate("crash", &Settings { parameters, ..settings(3.0) });
    let narrow = simulate("crash", &settings(3.0));
    assert!(wide.summary.worst_backlog < narrow.summary.worst_backlog / 2.0);
    assert_eq!(wide.summary.capped_epochs, 0);
}

#[test]
fn an_outage_of_the_price_delays_redemptions_and_loses_none() {
    let run = simulate("outage", &settings(1.5));
    assert!(run.months[12].backlog > 1.0);
    assert_eq!(run.months[16].backlog, 0.0);
}

#[test]
fn the_hard_cap_clips_the_schedule_in_the_end_and_nothing_else() {
    let run = simulate("decline", &Settings { suppliers: 100, ..settings(30.0) });
    assert!(run.summary.clipped_epochs > 1_000);
    let last = run.weeks.last().expect("thirty years have weeks");
    assert!(last.supply + last.reserve > 0.97 * CAP && last.supply + last.reserve <= CAP);
    assert_eq!(run.summary.worst_backlog, 0.0);
}
