//! Accounts, one file each.
mod config;
mod earnings;
mod epoch;
mod escrow;
mod feed;
mod shard;

pub use config::Config;
pub use earnings::Earnings;
pub use epoch::Epoch;
pub use escrow::Escrow;
pub use feed::{Feed, Quote};
pub use shard::{add, Shard, Totals};
