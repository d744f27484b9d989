use crate::args::WorkerCommand;
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use anyhow::Result;
use compute::Preference;
use serde_json::json;
use tokio::sync::watch;
use worker::{Config, Worker};

pub async fn run(context: &Context, command: WorkerCommand) -> Result<Output> {
    match command {
        WorkerCommand::Example => {
            let text = worker::config::EXAMPLE.trim_end();
            Ok(Output::new(&json!({ "config": text }), text))
        }
        WorkerCommand::Run { config } => {
            let config = Config::load(&config)?;
            let preference: Preference = config.backend.parse()?;
            let (backend, choice) = tokio::task::spawn_blocking(move || compute::choose(&preference)).await??;
            context.progress()(&choice.to_string());
            tracing::info!(%choice, "backend");
            let worker = Worker::new(&config, backend, choice.gmacs)?;
            context.progress()(&format!("device {} serves {}; Ctrl-C stops it", worker.device(), config.rpc_url));
            let (stop, stopped) = watch::channel(false);
            let serving = tokio::spawn(worker.run(stopped));
            tokio::pin!(serving);
            tokio::select! {
                ended = &mut serving => ended??,
                pressed = interrupted() => {
                    pressed?;
                    // A worker that has ended holds no receiver.
                    let _ = stop.send(true);
                    serving.await??;
                }
            }
            Ok(Output::new(&serde_json::json!({ "status": "stopped" }), ""))
        }
    }
}
