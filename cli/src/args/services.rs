//! The indexer's and the explorer's options.
use clap::{Args, Subcommand};
use std::net::SocketAddr;

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
    /// Websocket address of the RPC node, which says at once when something has happened [default: it is only polled]
    #[arg(long, env = "INDEXER_WS_URL", conflicts_with = "yellowstone_url")]
    pub ws_url: Option<String>,
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
    /// at one slot; then every row that the explorer shows, and compare it with the one in the database; exit code 1 if
    /// anything differs
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
