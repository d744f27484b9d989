use crate::args::SimulateArgs;
use crate::context::Context;
use crate::output::Output;
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::json;
use simulation::{Parameters, Run, Scenario, Settings, report, scenario};
use std::fmt::Write;

pub async fn run(context: &Context, args: SimulateArgs) -> Result<Output> {
    let scenarios = scenarios(&args.scenario)?;
    let settings = settings(&args)?;
    let mut runs = Vec::new();
    for &scenario in &scenarios {
        context.progress()(&format!("{}: {}", scenario.name, scenario.about));
        let settings = settings.clone();
        let run = tokio::task::spawn_blocking(move || simulation::run(&settings, scenario)).await?;
        runs.push(run.with_context(|| format!("the books of scenario {} do not balance", scenario.name))?);
    }
    let command: Vec<String> = std::env::args().skip(1).collect();
    report::write(&args.out, &runs, &format!("io {}", command.join(" ")))
        .with_context(|| format!("cannot write the report into {}", args.out.display()))?;
    let page = args.out.join("report.html");
    let mut text = table(&runs);
    let _ = write!(text, "report {}", page.display());
    Ok(Output::new(&json!({ "report": page, "runs": runs }), text))
}

fn scenarios(name: &str) -> Result<Vec<&'static Scenario>> {
    if name == "all" {
        return Ok(scenario::ALL.iter().collect());
    }
    let names = || scenario::ALL.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
    scenario::find(name).map(|s| vec![s]).ok_or_else(|| anyhow!("there is no scenario {name:?}: use all, {}", names()))
}

fn settings(args: &SimulateArgs) -> Result<Settings> {
    let shares = u32::from(args.idle_bps) + u32::from(args.stakers_bps);
    ensure!(shares <= 10_000, "--idle-bps and --stakers-bps are {shares} together: at most 10000 can be split");
    ensure!((1e-4..=1e4).contains(&args.coin_price), "--coin-price must be between 0.0001 and 10000 dollars");
    ensure!((0.0..=100.0).contains(&args.impact), "--impact must be between 0 and 100");
    Ok(Settings {
        years: f64::from(args.years),
        suppliers: args.suppliers,
        seed: args.seed,
        epoch_hours: args.epoch_hours,
        parameters: Parameters {
            fee_bps: args.fee_bps,
            incentive_bps: args.incentive_bps,
            redemption_cap: args.redemption_cap,
            idle_bps: args.idle_bps,
            stakers_bps: args.stakers_bps,
            coin_price: args.coin_price,
            impact: args.impact,
            ..Parameters::default()
        },
    })
}

fn table(runs: &[Run]) -> String {
    let mut text = String::from(
        "                  supply    change a month   worst backlog        days in\n\
         scenario          M IO      all    usage     M IOSD     days     backlog\n",
    );
    for run in runs {
        let s = &run.summary;
        let _ = writeln!(
            text,
            "{:<16} {:>6.1}  {:>+5.2} %  {:>+5.2} %   {:>8.2}   {:>6.0}    {:>8.0}",
            run.scenario,
            s.final_supply,
            s.mean_change,
            s.mean_usage_change,
            s.worst_backlog,
            s.worst_days_to_clear,
            s.days_in_backlog
        );
    }
    text
}
