//! The watcher's options.
use clap::Args;

/// Shown at the end of `io watch --help`.
pub const HELP: &str = "What it does:
  It reads the jobs program's committed jobs from the RPC node, fetches model, input and result of each from the blob store,
  and checks every cell: large products with random vectors drawn after the commitment, everything else by running it
  again. A wrong cell is tried before the chain's own judge on this machine, then its evidence goes to a proof buffer and
  `dispute_cell` judges it. What is right, or cannot be judged, is never disputed. After a restart it goes on where it was.

What it costs and earns:
  Checking costs no money. A proof costs 5,000 lamports a transaction: two or three for most cells, about 140 for the widest;
  the buffer's rent, 0.01 SOL for 1 kB of evidence and 1 SOL for the widest, comes back. Whoever proves a fault first gets the
  prover's share of the stake that was reserved for the job (`io gov parameters`: staking.prover_bps), in IO; whoever comes
  second has paid the fees of what was sent by then.
  Use one wallet for each watcher, and one that holds little: it signs without asking.

Audits:
  It draws the audits of all committed jobs, which pays 20,000 lamports each, and ends jobs whose audits were not answered.

Challenge rounds:
  It computes every cell that devices show again from the seed, and has those slashed that have committed to a wrong one.

docs/WATCHING.md says more. With --json every event is one object on a line of its own, and the last line has the counters.";

#[derive(Args)]
pub struct WatchArgs {
    /// Share of the committed jobs that are checked, percent; nobody else can tell which
    #[arg(long, default_value = "100", value_name = "PERCENT")]
    pub share: String,
    /// Leave to others what would earn less than this
    #[arg(long, default_value = "0", value_name = "IO")]
    pub min_reward: String,
    /// What a SOL is worth to you: what costs more than it earns is left to others
    #[arg(long, default_value = "1000", value_name = "IO")]
    pub io_per_sol: String,
    /// Ask on chain for results that cannot be fetched, with at most this much in bonds: those in use and those that answers
    /// have cost since the start; 0 asks for nothing
    #[arg(long, default_value = "0", value_name = "SOL")]
    pub bond_limit: String,
    /// Jobs examined at a time
    #[arg(long, default_value_t = 4, value_name = "JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub at_once: u16,
    /// Most memory for all of them, MiB; a job that could need more is left to others
    #[arg(long, default_value_t = 4096, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_memory: u32,
    /// Seconds in which a file must have arrived; it is tried again later
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub fetch_within: u32,
    /// Pause between looks at the chain, milliseconds
    #[arg(long, default_value_t = 2_000, value_name = "MS", value_parser = clap::value_parser!(u32).range(50..))]
    pub poll: u32,
    /// Find faults and send nothing; needs no wallet
    #[arg(long)]
    pub dry_run: bool,
    /// Stop once every job that is committed now has been examined
    #[arg(long)]
    pub once: bool,
}
