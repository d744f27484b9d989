//! The command line.
#[cfg(test)]
mod deploy;
mod economy;
mod import;
mod watch;

use crate::exit;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use economy::*;
pub use import::ImportArgs;
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
pub enum JobCommand {
    /// Post a batch as a job; its price goes into escrow
    Post {
        /// Root of a registered model, or the ONNX file that it was registered from
        #[arg(long)]
        model: String,
        /// File with the batch: rows of i8, row-major
        #[arg(long)]
        input: PathBuf,
        /// IOSD
        #[arg(long)]
        price: String,
        /// Seconds until it may no longer be claimed
        #[arg(long, default_value_t = 600)]
        claim_within: u32,
        /// Seconds from claim to result
        #[arg(long, default_value_t = 300)]
        execute_within: u32,
        /// Buy the credits for it with IO, in the same transaction
        #[arg(long)]
        pay_io: bool,
        /// With --pay-io: refuse if it costs more IO than this [default: 2 % more than the price now]
        #[arg(long, requires = "pay_io")]
        max_io: Option<String>,
    },
    /// Follow a job until it has a result or has ended
    Watch { job: String },
    /// Check the result and, if it is right, pay for it
    Accept {
        job: String,
        /// Write the last layer's output here
        #[arg(long)]
        output: Option<PathBuf>,
        /// If the result is not served: do not demand it on chain, only say so
        #[arg(long)]
        no_demand: bool,
    },
    /// Demand data on chain that a job's worker does not serve, against a bond that its answer costs; silence refunds the job
    #[command(after_help = DEMAND_HELP)]
    Demand(DemandArgs),
    /// Prove a wrong result on chain and get the price back; if none is served, do the work here and demand on chain what leads to
    /// the wrong cell
    Dispute { job: String },
    /// Take back a job that nobody has claimed
    Cancel { job: String },
    /// Where a job stands: its deadlines, the stake behind it and its audit
    Status { job: String },
    /// Draw a committed job's audit, for a small fee that its user put by
    Draw { job: String },
    /// Refund a job whose claim, execution or audit deadline has passed, or whose worker has not answered a demand in time
    Expire { job: String },
    /// Pay an unchallenged job after its window and its audit
    Settle { job: String },
}

const DEMAND_HELP: &str = "Layers, rows, segments and nodes count from 0. Segments are 256 bytes of a row.
Examples:
  io job demand JOB --layer 2 --row 7 --segment 0 --count 4   bytes of an output
  io job demand JOB --layer 2 --level 3 --index 0             children of a node of the tree of rows
  io job demand JOB --layer 2 --row 7 --level 2 --index 1     children of a node of the tree of a row's segments
  io job demand JOB --roots                                   roots of all layers
  io job demand JOB --close                                   bonds of a job that has ended";

/// What to demand.
#[derive(Args)]
pub struct DemandArgs {
    pub job: String,
    /// The roots of all layers' outputs
    #[arg(long, conflicts_with_all = ["layer", "row", "segment", "level"])]
    pub roots: bool,
    /// Return rents and bonds of demands that a job that has ended has left behind
    #[arg(long, conflicts_with_all = ["roots", "layer", "row", "segment", "level"])]
    pub close: bool,
    /// Layer of the model whose output it is about
    #[arg(long, required_unless_present_any = ["roots", "close"])]
    pub layer: Option<u32>,
    /// Row of the batch
    #[arg(long, required_unless_present_any = ["roots", "close", "level"])]
    pub row: Option<u32>,
    /// First segment of the row
    #[arg(long, conflicts_with = "level", required_unless_present_any = ["roots", "close", "level"])]
    pub segment: Option<u32>,
    /// Segments, up to 8
    #[arg(long, requires = "segment", default_value_t = 1)]
    pub count: u8,
    /// Level of a node: leaves are level 0
    #[arg(long, requires = "index")]
    pub level: Option<u8>,
    /// Its place in its level
    #[arg(long, requires = "level")]
    pub index: Option<u32>,
    /// How many levels down, up to 6
    #[arg(long, requires = "level", default_value_t = 1)]
    pub depth: u8,
    /// Wait for the answer; end the job if there is none in time
    #[arg(long)]
    pub wait: bool,
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

#[derive(Args)]
pub struct IndexerArgs {
    #[command(subcommand)]
    pub job: Option<IndexerJob>,
    #[arg(long, env = "DATABASE_URL", global = true)]
    pub database_url: Option<String>,
    /// Slot that an empty database starts at: at or before the programs' first event
    #[arg(long, env = "INDEXER_START_SLOT")]
    pub start_slot: Option<u64>,
    /// Finality at which blocks are indexed: confirmed ones are shown at once and may still be taken back
    #[arg(long, value_enum, default_value_t, env = "INDEXER_COMMITMENT")]
    pub commitment: Commitment,
    /// Yellowstone gRPC stream that brings the blocks at the tip; the RPC node has the rest
    #[arg(long, env = "YELLOWSTONE_URL")]
    pub yellowstone_url: Option<String>,
    /// The provider's key for the stream
    #[arg(long, env = "YELLOWSTONE_X_TOKEN", hide_env_values = true, requires = "yellowstone_url")]
    pub yellowstone_x_token: Option<String>,
    /// Address that serves /livez, /readyz and /metrics [default: nowhere]
    #[arg(long, env = "INDEXER_OPS_BIND")]
    pub ops_bind: Option<SocketAddr>,
    /// Not ready when further behind the tip than this many slots
    #[arg(long, env = "MAX_LAG_SLOTS", default_value_t = 150)]
    pub max_lag_slots: i64,
    /// Most blocks in one SQL transaction
    #[arg(long, default_value_t = indexer::BATCH_BLOCKS, hide = true)]
    pub batch_blocks: usize,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum Commitment {
    #[default]
    Confirmed,
    Finalized,
}

impl From<Commitment> for indexer::Finality {
    fn from(commitment: Commitment) -> Self {
        match commitment {
            Commitment::Confirmed => Self::Confirmed,
            Commitment::Finalized => Self::Finalized,
        }
    }
}

#[derive(Subcommand)]
pub enum IndexerJob {
    /// Recompute every balance, index and counter from the indexed events and compare them with the accounts on chain, read
    /// at one slot; exit code 1 if anything differs
    #[command(alias = "audit")]
    Verify,
    /// Read stored raw bytes again with this version's decoder: dead letters, and with slots the events in them; then derive
    /// every table anew. One transaction. The indexer must not run: this waits until it has gone
    Reindex(ReindexArgs),
}

#[derive(Args)]
pub struct ReindexArgs {
    /// First slot whose events are read again
    #[arg(long)]
    pub from_slot: Option<u64>,
    /// Last slot whose events are read again
    #[arg(long)]
    pub to_slot: Option<u64>,
    /// Say what would change and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct ExplorerArgs {
    #[arg(long, env = "DATABASE_URL")]
    pub database_url: String,
    /// A replica that everything is read from; the database itself then only tells when there is something new
    #[arg(long, env = "DATABASE_READ_URL")]
    pub database_read_url: Option<String>,
    #[arg(long, env = "EXPLORER_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Not ready when further behind the tip than this many slots
    #[arg(long, env = "MAX_LAG_SLOTS", default_value_t = explorer_api::Settings::MAX_LAG_SLOTS)]
    pub max_lag_slots: i64,
    /// Requests a second that one client may make on average; 0 lifts the limit
    #[arg(long, env = "EXPLORER_RATE_LIMIT", default_value_t = 50)]
    pub rate_limit: u32,
    /// Requests that one client may make at once after a pause
    #[arg(long, env = "EXPLORER_RATE_BURST", default_value_t = 200)]
    pub rate_burst: u32,
    /// Event streams that one client may keep open
    #[arg(long, env = "EXPLORER_STREAMS", default_value_t = 20)]
    pub streams_per_client: u32,
    /// Proxies in front of the server; 0 means that X-Forwarded-For is not looked at
    #[arg(long, env = "EXPLORER_TRUSTED_PROXIES", default_value_t = 0)]
    pub trusted_proxies: usize,
}

#[derive(Args)]
pub struct SimulateArgs {
    /// Name of a scenario, or all
    #[arg(long, default_value = "all")]
    pub scenario: String,
    /// Years to run
    #[arg(long, default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub years: u32,
    /// Suppliers who may join; they share a fleet of fixed size
    #[arg(long, default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub suppliers: u32,
    /// The same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Hours of an accounting epoch
    #[arg(long, default_value_t = 24)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=24))]
    pub epoch_hours: u32,
    /// Folder for report.html, its charts and series.json
    #[arg(long, default_value = "simulation")]
    pub out: PathBuf,
    /// Fee on a job's price, basis points
    #[arg(long, default_value_t = 500)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub fee_bps: u16,
    /// The incentives' share of the fee, basis points; the rest is retired
    #[arg(long, default_value_t = 5_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub incentive_bps: u16,
    /// Most IO a day that redemptions are paid
    #[arg(long, default_value_t = 2_000_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=800_000_000))]
    pub redemption_cap: u64,
    /// Idle devices' share of the schedule, basis points
    #[arg(long, default_value_t = 3_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub idle_bps: u16,
    /// Stakers' share of the schedule, basis points; the rest is the treasury's
    #[arg(long, default_value_t = 5_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub stakers_bps: u16,
    /// Dollars for one IO on the first day
    #[arg(long, default_value_t = 1.0)]
    pub coin_price: f64,
    /// How far the coin's price moves (natural logarithm) when the whole float is bought once
    #[arg(long, default_value_t = 1.0)]
    pub impact: f64,
}
