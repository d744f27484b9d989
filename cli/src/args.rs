//! The command line.
#[cfg(test)]
mod deploy;
mod economy;
mod import;
mod jobs;
mod services;
mod simulate;
mod watch;

use crate::exit;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use economy::*;
pub use import::ImportArgs;
pub use jobs::{DemandArgs, JobCommand};
pub use services::{ExplorerArgs, IndexerArgs, IndexerJob, ReindexArgs};
pub use simulate::SimulateArgs;
pub use watch::WatchArgs;

/// A decentralised GPU cloud whose work is proved: buy credits, post jobs, run workers, look at the network.
#[derive(Parser)]
#[command(name = "io", version, after_help = exit::HELP)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Heading of the flags below in every command's help.
const EVERYWHERE: &str = "Options of every command";

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// JSON-RPC address of the cluster [default: Solana's config, then http://127.0.0.1:8899]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "IO_URL")]
    pub url: Option<String>,
    /// Wallet file [default: Solana's config, then ~/.config/solana/id.json]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "IO_KEYPAIR")]
    pub keypair: Option<PathBuf>,
    /// Folder of the blob store [default: ~/.local/share/io/blobs]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "IO_BLOBS")]
    pub blobs: Option<PathBuf>,
    /// Print one JSON object as the last line of standard output
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Do not ask before signing; without a terminal nothing is asked anyway
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub yes: bool,
    /// How log lines on standard error are written
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "IO_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Say more (-v, -vv) on standard error
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One object a line
    Json,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the main job on a throw-away local network: one paid job and one cheat that is caught
    #[command(args_conflicts_with_subcommands = true)]
    Demo(DemoArgs),
    /// Run a whole network on this machine until Ctrl-C
    Localnet(LocalnetArgs),
    /// Wallet files and balances
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Credits (IOSD), made by burning IO
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Jobs, as a user
    #[command(subcommand)]
    Job(JobCommand),
    /// Devices, as a supplier
    #[command(subcommand)]
    Device(DeviceCommand),
    /// The supplier's daemon
    #[command(subcommand)]
    Worker(WorkerCommand),
    /// Check the results of other people's jobs, prove the wrong ones, and earn a share of what is slashed; until Ctrl-C
    #[command(after_help = watch::HELP)]
    Watch(WatchArgs),
    /// Stake in pools of operators and users
    #[command(subcommand)]
    Stake(StakeCommand),
    /// What stake has earned
    #[command(subcommand)]
    Rewards(RewardsCommand),
    /// Proposals, votes and the guardian
    #[command(subcommand)]
    Gov(GovCommand),
    /// Accounting periods: closing them pays redemptions and fills budgets
    #[command(subcommand)]
    Epoch(EpochCommand),
    /// Index a cluster into Postgres until Ctrl-C; or check and repair such an index
    Indexer(IndexerArgs),
    /// Serve the Explorer API and pages until Ctrl-C
    Explorer(ExplorerArgs),
    /// Run the economy for years with thousands of suppliers and write a report; needs no network
    Simulate(SimulateArgs),
}

#[derive(Args)]
pub struct DemoArgs {
    #[command(subcommand)]
    pub story: Option<DemoStory>,
    #[command(flatten)]
    pub common: DemoCommon,
    /// Folder of ONNX Runtime's report.json and logits.bin
    #[arg(long, default_value = "target/onnxruntime")]
    pub onnxruntime: PathBuf,
}

#[derive(Subcommand)]
pub enum DemoStory {
    /// Follow the coin instead: burn, epoch, redemption, stake, rewards, rebate, and a fee that a vote changes
    Economy(DemoCommon),
}

#[derive(Args, Clone)]
pub struct DemoCommon {
    /// Leave the network up with its pages until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// Folder of the built programs: credits.so and the others
    #[arg(long, default_value = "target/deploy")]
    pub programs: PathBuf,
    /// Folder of the digits model
    #[arg(long, default_value = "models/digits")]
    pub digits: PathBuf,
    /// What the honest worker executes on: auto, cpu, gpu, gpu:PART-OF-NAME or software
    #[arg(long, default_value = "auto")]
    pub backend: String,
}

#[derive(Args)]
pub struct LocalnetArgs {
    /// Folder for everything of this network [default: a temporary one, removed at the end]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Folder of the built programs: credits.so and the others
    #[arg(long, default_value = "target/deploy")]
    pub programs: PathBuf,
    /// JSON-RPC port [default: a free one]
    #[arg(long)]
    pub rpc_port: Option<u16>,
    /// Address of the API and pages
    #[arg(long, default_value = "127.0.0.1:0")]
    pub api: SocketAddr,
    /// An empty database to use instead of a private Postgres
    #[arg(long, env = "DATABASE_URL")]
    pub database_url: Option<String>,
    /// Seconds in which a committed result can be disputed
    #[arg(long, default_value_t = 60)]
    pub challenge_window: u32,
    /// Seconds in an accounting period
    #[arg(long, default_value_t = 10)]
    pub epoch: u32,
    /// Seconds in which can be voted on a proposal
    #[arg(long, default_value_t = 30)]
    pub voting: u32,
    /// Seconds from the end of a vote to its execution
    #[arg(long, default_value_t = 10)]
    pub timelock: u32,
}

#[derive(Subcommand)]
pub enum WalletCommand {
    /// Create a wallet file; never overwrites one
    New,
    /// Print the wallet's address
    Address,
    /// SOL, IO, IOSD and earnings of the wallet or another address
    Balance { address: Option<String> },
}

#[derive(Subcommand)]
pub enum CreditsCommand {
    /// Burn IO for IOSD at the conservative price
    Buy {
        /// IOSD to get
        iosd: Option<String>,
        /// Burn exactly this much IO instead
        #[arg(long, conflicts_with = "iosd", required_unless_present = "iosd")]
        io: Option<String>,
        /// Refuse if it costs more IO than this, or gives less IOSD with --io [default: 2 % worse than the price now]
        #[arg(long)]
        limit: Option<String>,
    },
    /// IOSD of the wallet
    Balance,
    /// Ask for earnings to be paid in IO when the epoch ends; all requests of an epoch are paid in the same proportion
    Redeem {
        /// IOSD of earnings, or all
        iosd: String,
    },
    /// Get the IO of a request whose epoch has ended
    Claim {
        /// Whose request; anybody may settle anybody's [default: the wallet's]
        owner: Option<String>,
    },
    /// Turn loyalty points into IOSD
    Rebate {
        /// How many points [default: all]
        points: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum ModelCommand {
    /// Import an integer ONNX file and register it
    Register {
        file: PathBuf,
        /// Name, up to 32 bytes [default: the file's name]
        #[arg(long)]
        name: Option<String>,
    },
    /// Import an integer ONNX file and show what would be registered
    Inspect { file: PathBuf },
    /// Import an ONNX file, measure it on data, and write it as a model file
    Import(ImportArgs),
}

#[derive(Subcommand)]
pub enum DeviceCommand {
    /// Register a device under the wallet's operator; operator and pool are opened too if they are new
    Register {
        /// Keypair file of the device; created if it is missing
        #[arg(long)]
        device_key: PathBuf,
        /// Name, up to 32 bytes
        #[arg(long)]
        name: String,
        /// SOL to give the device for transaction fees
        #[arg(long, default_value = "0.1")]
        sol: String,
        /// Device class, 0 to 3: larger classes need more stake (`io gov parameters`)
        #[arg(long, default_value_t = 0)]
        class: u8,
        /// IO to add to the operator's own stake first, if its pool lacks it
        #[arg(long)]
        stake: Option<String>,
        /// The operator's part of what others' stake earns, if its pool is new, percent
        #[arg(long, default_value = "10")]
        commission: String,
        /// Wait until the stake has warmed up
        #[arg(long)]
        wait: bool,
    },
    /// Take a device without a live job off the network; its stake can then be taken out
    Retire {
        /// Address of the device
        device: String,
    },
    /// Offer a device's time: at or below its class's ceiling it earns idle pay in rounds that it passes
    Offer {
        /// Address of the device
        device: String,
        /// IOSD for 10^12 multiply-accumulates; 0 takes the offer back
        price: String,
    },
    /// Change a device's class: a higher one needs a challenge passed at its throughput, and more stake
    Class {
        /// Address of the device
        device: String,
        /// 0 to 3
        class: u8,
    },
    /// How a device stands in challenge rounds
    Challenge {
        /// Address of the device
        device: String,
    },
    /// Test this machine's GPUs and CPU against known answers and measure them; needs no network
    Check {
        /// auto, cpu, gpu, gpu:PART-OF-NAME or software
        #[arg(long, default_value = "auto")]
        backend: String,
    },
}

#[derive(Subcommand)]
pub enum WorkerCommand {
    /// Serve until Ctrl-C
    Run {
        #[arg(long)]
        config: PathBuf,
    },
    /// Print a commented config file
    Example,
}
