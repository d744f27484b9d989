//! The indexer and the explorer as daemons.
use crate::args::{ExplorerArgs, IndexerArgs, IndexerJob};
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use ::indexer::audit::{Settings, audit_at};
use anyhow::{Result, bail};
use std::time::Duration;
use tokio::sync::watch;

pub async fn indexer(context: &Context, args: IndexerArgs) -> Result<Output> {
    let Some(database_url) = args.database_url else {
        bail!("no database is named (hint: --database-url, or the variable DATABASE_URL)");
    };
    if let Some(IndexerJob::Audit) = args.job {
        return audit(context, &database_url).await;
    }
    let settings = indexer::Settings {
        rpc_url: context.url(),
        database_url,
        poll_interval: Duration::from_millis(400),
        start_slot: args.start_slot,
    };
    let (stop, stopped) = watch::channel(false);
    let run = indexer::run(settings, stopped);
    tokio::pin!(run);
    tokio::select! {
        ended = &mut run => ended?,
        pressed = interrupted() => {
            pressed?;
            stop.send_replace(true);
            run.await?;
        }
    }
    Ok(Output::new(&serde_json::json!({ "status": "stopped" }), ""))
}

async fn audit(context: &Context, database_url: &str) -> Result<Output> {
    context.progress()("recomputing every balance from the events");
    let report = audit_at(database_url, context.url(), &Settings::default()).await?;
    let lines: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    if !report.is_clean() {
        bail!(
            "{} differences and {} gaps or unreadable events:\n{}",
            lines.len() + report.more,
            report.incomplete,
            lines.join("\n")
        );
    }
    let json = serde_json::json!({
        "differences": 0, "events": report.events, "checks": report.checks, "slot": report.slots.1,
        "outside": report.outside.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    let text = format!(
        "{} events give every balance on chain: {} comparisons, no difference, at slot {}",
        report.events, report.checks, report.slots.1
    );
    Ok(Output::new(&json, text))
}

pub async fn explorer(context: &Context, args: ExplorerArgs) -> Result<Output> {
    let limits = explorer_api::Limits {
        per_second: args.rate_limit,
        burst: args.rate_burst,
        streams: args.streams_per_client,
        trusted_proxies: args.trusted_proxies,
    };
    let settings = explorer_api::Settings { bind: args.bind, database_url: args.database_url.clone(), limits };
    let server = explorer_api::Server::bind(settings).await?;
    context.progress()(&format!("pages and API at http://{}", server.local_addr()));
    let (stop, stopped) = watch::channel(false);
    let run = server.run(stopped);
    tokio::pin!(run);
    tokio::select! {
        ended = &mut run => ended?,
        pressed = interrupted() => {
            pressed?;
            stop.send_replace(true);
            run.await?;
        }
    }
    Ok(Output::new(&serde_json::json!({ "status": "stopped" }), ""))
}
