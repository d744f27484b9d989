use crate::args::WatchArgs;
use crate::commands::interrupted;
use crate::context::{Context, amount, percent};
use crate::output::Output;
use anyhow::{Context as _, Result};
use economy::IO_DECIMALS;
use economy::amount::SOL_DECIMALS;
use serde_json::json;
use std::io::Write;
use std::time::Duration;
use tokio::sync::watch;
use watcher::{Event, Settings, Watcher};

pub async fn run(context: &Context, args: WatchArgs) -> Result<Output> {
    let settings = Settings {
        share_bps: percent(&args.share).context("--share")?,
        at_once: args.at_once.into(),
        max_memory: u64::from(args.max_memory) << 20,
        patience: Duration::from_secs(args.fetch_within.into()),
        poll: Duration::from_millis(args.poll.into()),
        min_reward: amount(&args.min_reward, IO_DECIMALS).context("--min-reward")?,
        io_per_sol: amount(&args.io_per_sol, IO_DECIMALS).context("--io-per-sol")?,
        bond_limit: amount(&args.bond_limit, SOL_DECIMALS).context("--bond-limit")?,
        dry_run: args.dry_run,
        once: args.once,
    };
    let wallet = if args.dry_run { context.wallet().ok() } else { Some(context.wallet()?) };
    let progress = context.progress();
    let until = if args.once { "once" } else { "until Ctrl-C" };
    progress(&format!("checking {} % of the committed jobs at {} {until}", args.share, context.url()));
    let json = context.global.json;
    let report = move |event: &Event| match json {
        true => line(event),
        false => progress(&event.to_string()),
    };
    let watcher = Watcher::new(context.daemon_chain(), context.blobs()?, wallet, settings, report);
    let (stop, stopped) = watch::channel(false);
    let watching = watcher.run(stopped);
    tokio::pin!(watching);
    let counters = tokio::select! {
        counters = &mut watching => counters?,
        pressed = interrupted() => {
            pressed?;
            stop.send_replace(true);
            watching.await?
        }
    };
    Ok(Output::new(&json!({ "event": "stopped", "counters": counters }), counters.to_string()))
}

fn line(event: &Event) {
    if let Ok(text) = serde_json::to_string(event) {
        // The reader may have closed the pipe: it has what it wanted.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}
