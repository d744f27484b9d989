//! Accounts, one file each.
mod config;
mod earnings;
mod emission;
mod epoch;
mod escrow;
mod feed;
mod loyalty;
mod parameter;
mod price;
mod shard;

pub use config::{Config, PriceSource};
pub use earnings::Earnings;
pub use emission::{Budget, Emission, Purpose};
pub use epoch::Epoch;
pub use escrow::Escrow;
pub use feed::{Feed, Quote};
pub use loyalty::Loyalty;
pub use parameter::Parameter;
pub use price::{read_price, try_price};
pub use shard::{add, Shard, Totals};
