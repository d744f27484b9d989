//! What a user does with jobs.
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
