//! A whole network on one machine: an embedded validator with the programs, Postgres, a price feed, a keeper, the indexer, the
//! Explorer API and its pages. Nothing is shared with another network: ports are free ones and files are in its folder.

mod genesis;
mod network;
mod node;

pub use network::{LocalNet, Options};
pub use node::Node;
