//! Stake, rewards, votes and epochs on the command line.
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Which pool. Without a flag: the pool of the wallet's own operator.
#[derive(Args, Clone, Debug, Default)]
pub struct PoolArgs {
    /// The pool of the operator with this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "user")]
    pub operator: Option<String>,
    /// The pool of the user with this address, whose rebates it shares
    #[arg(long, value_name = "ADDRESS")]
    pub user: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Stands for an operator's jobs; earns IO from the schedule
    Operator,
    /// Shares the wallet's loyalty rebates, in IOSD
    User,
}

#[derive(Subcommand)]
pub enum StakeCommand {
    /// Positions of the wallet or another address: what is active, reserved, warming, cooling, and what it has earned
    Show { address: Option<String> },
    /// Open the wallet's own pool
    Open {
        #[arg(long, value_enum, default_value = "operator")]
        kind: Kind,
        /// The owner's part of what is earned, percent
        #[arg(long, default_value = "10")]
        commission: String,
    },
    /// Stake IO in a pool; it counts once a full epoch has passed
    Add {
        /// IO
        amount: String,
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Make stake that has warmed up count; anybody may, and a keeper or the operator's worker usually has
    Refresh {
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Take stake out; it cools until every dispute about its time must be over
    Unstake {
        /// IO, or all
        amount: String,
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Get back what has cooled
    Withdraw {
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Close an empty position and get its rent back
    Close {
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Change the commission of the wallet's pool: once an epoch, by at most one percentage point
    Commission {
        /// Percent
        commission: String,
        /// Which of the wallet's pools
        #[arg(long, value_enum, default_value = "operator")]
        kind: Kind,
    },
    /// Operators that can be staked with
    Operators,
}

#[derive(Subcommand)]
pub enum RewardsCommand {
    /// What the wallet's or another address's positions have earned and not been paid
    Show { address: Option<String> },
    /// Pay it out: IO from operators' pools, IOSD from users'
    Claim {
        /// Whose rewards; anybody may pay for the transaction [default: the wallet's]
        address: Option<String>,
    },
    /// Pay an operator its commission
    Commission {
        /// Whose; anybody may pay for the transaction [default: the wallet's]
        address: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum EpochCommand {
    /// The epoch, its requests, the reserve and the schedule's budgets
    Show,
    /// Close the epochs that have ended and collect the stakers' budget; anybody may
    Advance,
    /// Do that, and pay all redemptions, until Ctrl-C
    Keep,
}

const EXAMPLES: &str = "Examples:
  io gov propose set credits.fee_bps 450
  io gov propose set jobs.class_stake_0 12.5
  io gov propose pause jobs claim register
  io gov propose pay ADDRESS 250
  io gov propose signal next-version.so";

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Side {
    Yes,
    No,
    /// Counts for the quorum and for neither side
    Abstain,
}

#[derive(Subcommand)]
pub enum GovCommand {
    /// Put something to the vote, for a deposit that is burned if too few take part
    #[command(subcommand, after_help = EXAMPLES)]
    Propose(ProposeCommand),
    /// Vote with all of the wallet's positions, or with one
    Vote {
        number: u64,
        #[arg(value_enum)]
        side: Side,
        #[command(flatten)]
        pool: PoolArgs,
    },
    /// Count the votes of a proposal whose vote has ended; anybody may
    Finish { number: u64 },
    /// Do what was decided, after the timelock; anybody may
    Execute { number: u64 },
    /// Stop a proposal, as the guardian
    Veto { number: u64 },
    /// Put a finished proposal away: settles its deposit and returns the rent of its votes; anybody may
    Close { number: u64 },
    /// One proposal with its votes and times
    Show { number: u64 },
    /// All proposals that are not put away
    List,
    /// The guardian, who can stop and pause
    #[command(subcommand)]
    Guardian(GuardianCommand),
    /// Everything that a vote can change: values, bounds and steps
    Parameters,
}

#[derive(Subcommand)]
pub enum ProposeCommand {
    /// Change a parameter, such as: set credits.fee_bps 450
    Set {
        /// Name, see `io gov parameters`
        parameter: String,
        /// New value in the parameter's unit
        value: String,
    },
    /// Pause operations of a program, such as: pause jobs claim
    Pause {
        /// credits, staking, jobs or governance
        program: String,
        #[arg(required = true)]
        operations: Vec<String>,
    },
    /// End a pause of operations
    Resume {
        /// credits, staking, jobs or governance
        program: String,
        #[arg(required = true)]
        operations: Vec<String>,
    },
    /// Pay IO from the treasury's budget
    Pay {
        address: String,
        /// IO
        amount: String,
    },
    /// Make another address the guardian
    Guardian {
        /// Address, or nobody
        address: String,
    },
    /// Decide something that nothing on chain carries out: the hash of a file
    Signal { file: PathBuf },
    /// Name who may mint a budget of the schedule, and how much
    Minter {
        #[arg(value_enum)]
        budget: Budget,
        address: String,
        /// IO in all
        total: String,
        /// IO an epoch
        epoch: String,
    },
    /// Add a price submitter
    AddSubmitter { address: String },
    /// Remove a price submitter
    RemoveSubmitter { address: String },
    /// Replace a price submitter by another
    ReplaceSubmitter { old: String, new: String },
    /// Take the coin's price from elsewhere
    #[command(subcommand)]
    PriceSource(PriceSourceCommand),
    /// Offer the authority over a program to another address
    Offer {
        /// credits, staking or jobs
        program: String,
        address: String,
    },
}

#[derive(Subcommand)]
pub enum PriceSourceCommand {
    /// The median of the network's own submitters
    Feed,
    /// One Pyth price account
    Pyth {
        /// The receiver program that writes it
        receiver: String,
        account: String,
        /// 64 hex digits
        feed_id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Budget {
    Idle,
    Stakers,
    Treasury,
}

#[derive(Subcommand)]
pub enum GuardianCommand {
    /// Who it is, and what is paused
    Show,
    /// Offer the place to another address, which must accept it
    Offer { address: String },
    /// Take the place that was offered
    Accept,
    /// Pause operations of a program at once; only a vote can end it
    Pause {
        /// credits, staking, jobs or governance
        program: String,
        #[arg(required = true)]
        operations: Vec<String>,
    },
}
