//! One file per subcommand.
mod check;
mod credits;
mod demo;
mod device;
mod epoch;
mod gov;
mod import;
mod job;
mod localnet;
mod model;
mod pools;
mod positions;
mod rewards;
mod services;
mod simulate;
mod stake;
mod standing;
mod wallet;
mod watch;
mod worker;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::output::Output;
use anyhow::Result;

/// Does what the command line says.
///
/// # Errors
/// As the command; `exit` turns them into exit codes.
pub async fn run(cli: Cli) -> Result<Output> {
    let context = Context::new(cli.global)?;
    match cli.command {
        Command::Demo(args) => demo::run(&context, args).await,
        Command::Localnet(args) => localnet::run(&context, args).await,
        Command::Wallet(command) => wallet::run(&context, command).await,
        Command::Credits(command) => credits::run(&context, command).await,
        Command::Model(command) => model::run(&context, command).await,
        Command::Job(command) => job::run(&context, command).await,
        Command::Device(command) => device::run(&context, command).await,
        Command::Worker(command) => worker::run(&context, command).await,
        Command::Watch(args) => watch::run(&context, args).await,
        Command::Stake(command) => stake::run(&context, command).await,
        Command::Rewards(command) => rewards::run(&context, command).await,
        Command::Gov(command) => gov::run(&context, command).await,
        Command::Epoch(command) => epoch::run(&context, command).await,
        Command::Indexer(args) => services::indexer(&context, args).await,
        Command::Explorer(args) => services::explorer(&context, args).await,
        Command::Simulate(args) => simulate::run(&context, args).await,
    }
}

/// Ends when the person presses Ctrl-C or the supervisor sends SIGTERM.
async fn interrupted() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
