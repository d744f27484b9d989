use std::time::Duration;

/// How a watcher works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Share of committed jobs that are checked, basis points. Which ones nobody else can tell.
    pub share_bps: u16,
    /// Jobs examined at a time.
    pub at_once: usize,
    /// Most memory that all of them may take, bytes: a job that would need more is left to others.
    pub max_memory: u64,
    /// How long one file may take to arrive.
    pub patience: Duration,
    /// Pause between looks at the chain.
    pub poll: Duration,
    /// What would earn less is left to others, IO base units.
    pub min_reward: u64,
    /// What a SOL is worth, IO base units: what costs more than it earns is left to others.
    pub io_per_sol: u64,
    /// Most bonds of demands for withheld data, lamports: those in use and those that answers have cost since the start. Zero:
    /// nothing is demanded.
    pub bond_limit: u64,
    /// Find faults, send nothing.
    pub dry_run: bool,
    /// Stop once everything that is committed now has been examined.
    pub once: bool,
}

impl Default for Settings {
    /// All jobs, four at a time in 4 GiB, a minute for a file, any reward above its cost at 1,000 IO for a SOL, no demands.
    fn default() -> Self {
        Settings {
            share_bps: 10_000,
            at_once: 4,
            max_memory: 4 << 30,
            patience: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            min_reward: 0,
            io_per_sol: 1_000 * 100_000_000,
            bond_limit: 0,
            dry_run: false,
            once: false,
        }
    }
}
