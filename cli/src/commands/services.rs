//! The indexer and the explorer as daemons.
use crate::args::{ExplorerArgs, IndexerArgs, IndexerJob, ReindexArgs};
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use ::indexer::audit::{Settings, audit_at};
use anyhow::{Result, bail};
use std::time::Duration;
use tokio::sync::watch;
use yellowstone_source::{Endpoint, YellowstoneSource};

pub async fn indexer(context: &Context, args: IndexerArgs) -> Result<Output> {
    let Some(database_url) = args.database_url else {
        bail!("no database is named (hint: --database-url, or the variable DATABASE_URL)");
    };
    match args.job {
        Some(IndexerJob::Verify) => return verify(context, &database_url).await,
        Some(IndexerJob::Reindex(reindex)) => return self::reindex(context, &database_url, &reindex).await,
        None => {}
    }
    let settings = indexer::Settings {
        rpc_url: context.url(),
        ws_url: args.ws_url,
        database_url,
        poll_interval: Duration::from_millis(400),
        start_slot: args.start_slot,
        commitment: args.commitment.into(),
        batch_blocks: args.batch_blocks,
    };
    let (stop, stopped) = watch::channel(false);
    let ops = match args.ops_bind {
        Some(bind) => {
            let settings = indexer::OpsSettings {
                bind,
                database_url: settings.database_url.clone(),
                max_lag_slots: args.max_lag_slots,
            };
            let ops = indexer::Ops::bind(&settings).await?;
            context.progress()(&format!("health and metrics at http://{}", ops.local_addr()));
            Some(ops)
        }
        None => None,
    };
    let stream = args.yellowstone_url.map(|url| Endpoint::new(url, args.yellowstone_x_token)).transpose()?;
    let index = async {
        let Some(stream) = stream else { return anyhow::Ok(indexer::run(settings, stopped.clone()).await?) };
        let source = || {
            let rpc = indexer::RpcSource::new(settings.rpc_url.clone(), settings.commitment);
            YellowstoneSource::new(stream.clone(), rpc)
        };
        Ok(indexer::run_from(source, &settings, stopped.clone()).await?)
    };
    let serve = async {
        match ops {
            Some(ops) => Ok(ops.run(stopped.clone()).await?),
            None => anyhow::Ok(()),
        }
    };
    let run = async { tokio::try_join!(index, serve) };
    tokio::pin!(run);
    tokio::select! {
        ended = &mut run => {
            ended?;
        }
        pressed = interrupted() => {
            pressed?;
            stop.send_replace(true);
            run.await?;
        }
    }
    Ok(Output::new(&serde_json::json!({ "status": "stopped" }), ""))
}

async fn verify(context: &Context, database_url: &str) -> Result<Output> {
    context.progress()("recomputing every balance and every derived row from the events");
    let report = audit_at(database_url, context.url(), &Settings::default()).await?;
    let mut lines: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    lines.extend(report.rows.iter().map(ToString::to_string));
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
        "{} events give every balance on chain and every row of the index: {} comparisons, no difference, at slot {}",
        report.events, report.checks, report.slots.1
    );
    Ok(Output::new(&json, text))
}

async fn reindex(context: &Context, database_url: &str, args: &ReindexArgs) -> Result<Output> {
    let slots = match (args.from_slot, args.to_slot) {
        (None, None) => None,
        (first, last) => Some(first.unwrap_or(0)..=last.unwrap_or(u64::MAX)),
    };
    context.progress()("waiting for the right to write; the indexer must not run");
    let mut store = indexer::Store::open(database_url).await?;
    context.progress()("reading stored bytes again and deriving every table");
    let request = indexer::Request { slots, dry_run: args.dry_run };
    let done = indexer::reindex(&mut store, &request).await?;
    let tables = done
        .tables
        .iter()
        .map(|t| serde_json::json!({ "table": t.table, "rows_before": t.rows_before, "rows_after": t.rows_after }));
    let json = serde_json::json!({
        "dry_run": args.dry_run, "replayed": done.replayed, "unreadable": done.unreadable, "unplaced": done.unplaced,
        "read": done.read, "corrected": done.corrected, "holes_healed": done.holes_healed,
        "holes_found": done.holes_found, "applied": done.applied, "tables": tables.collect::<Vec<_>>(),
    });
    let mut text = format!(
        "{} dead letters became events, {} stay unreadable, {} have no known place; {} of {} events read again say \
         something else; {} holes healed, {} found; every table derived from {} events",
        done.replayed,
        done.unreadable,
        done.unplaced,
        done.corrected,
        done.read,
        done.holes_healed,
        done.holes_found,
        done.applied,
    );
    for change in &done.tables {
        text.push_str(&format!("\n{}: {} rows became {}", change.table, change.rows_before, change.rows_after));
    }
    if args.dry_run {
        text.push_str("\nnothing was changed: --dry-run");
    }
    Ok(Output::new(&json, text))
}

pub async fn explorer(context: &Context, args: ExplorerArgs) -> Result<Output> {
    let limits = explorer_api::Limits {
        per_second: args.rate_limit,
        burst: args.rate_burst,
        streams: args.streams_per_client,
        trusted_proxies: args.trusted_proxies,
    };
    let settings = explorer_api::Settings {
        database_read_url: args.database_read_url,
        max_lag_slots: args.max_lag_slots,
        limits,
        ..explorer_api::Settings::new(args.bind, args.database_url)
    };
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
