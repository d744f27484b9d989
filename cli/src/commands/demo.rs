use crate::args::DemoArgs;
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use ::demo::{Options, Story};
use anyhow::Result;
use localnet::LocalNet;

pub async fn run(context: &Context, args: DemoArgs) -> Result<Output> {
    let progress = context.progress();
    let folder = tempfile::Builder::new().prefix("io-demo").tempdir()?;
    let net = LocalNet::start(localnet::Options::new(folder.path(), args.programs), &progress).await?;
    let options = Options { digits: args.digits, onnxruntime: args.onnxruntime, backend: args.backend.parse()? };
    let told = tokio::select! {
        told = Story::tell(&net, &options, &progress) => told,
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
