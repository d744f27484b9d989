//! The indexer and the explorer as daemons.
use crate::args::{ExplorerArgs, IndexerArgs};
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use anyhow::Result;
use std::time::Duration;
use tokio::sync::watch;

pub async fn indexer(context: &Context, args: IndexerArgs) -> Result<Output> {
    let settings = indexer::Settings {
        rpc_url: context.url(),
        database_url: args.database_url,
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

pub async fn explorer(context: &Context, args: ExplorerArgs) -> Result<Output> {
    let server =
        explorer_api::Server::bind(explorer_api::Settings { bind: args.bind, database_url: args.database_url.clone() })
            .await?;
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
