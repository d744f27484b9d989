use crate::args::{DemoArgs, DemoCommon, DemoStory};
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use ::demo::{Options, Story, economy};
use anyhow::Result;
use localnet::LocalNet;
use serde::Serialize;
use std::fmt::Display;

pub async fn run(context: &Context, args: DemoArgs) -> Result<Output> {
    let DemoArgs { story, common, onnxruntime } = args;
    match story {
        None => {
            let DemoCommon { digits, backend, .. } = common.clone();
            let options = Options { digits, onnxruntime, backend: backend.parse()? };
            on_a_network(context, &common, async |net, progress| Story::tell(net, &options, progress).await).await
        }
        Some(DemoStory::Economy(common)) => {
            let (digits, backend) = (common.digits.clone(), common.backend.parse()?);
            on_a_network(context, &common, async |net, progress| economy::tell(net, &digits, &backend, progress).await)
                .await
        }
    }
}

/// Tells a story on a network of its own, and stops that afterwards or when asked.
async fn on_a_network<T: Serialize + Display>(
    context: &Context,
    args: &DemoCommon,
    tell: impl AsyncFnOnce(&LocalNet, &dyn Fn(&str)) -> Result<T>,
) -> Result<Output> {
    let progress = context.progress();
    let folder = tempfile::Builder::new().prefix("io-demo").tempdir()?;
    let net = LocalNet::start(::demo::network(folder.path(), &args.programs), &progress).await?;
    let told = tokio::select! {
        told = tell(&net, &progress) => told,
        stop = interrupted() => stop.and_then(|()| anyhow::bail!("interrupted")),
    };
    if let Ok(outcome) = &told
        && args.keep
    {
        if !context.global.json {
            println!("{outcome}");
        }
        eprintln!("The network stays up: pages at {}, RPC at {}. Ctrl-C stops it.", net.api_url, net.rpc_url);
        interrupted().await?;
    }
    progress("stopping");
    net.stop().await?;
    let outcome = told?;
    let text = if args.keep { String::new() } else { outcome.to_string() };
    Ok(Output::new(&outcome, text))
}
