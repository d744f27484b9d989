//! Stories on a local network. The main job: an honest supplier is paid, a cheating one is not. The economy: where coins go, and
//! how a vote changes a fee.

mod cheat;
mod digits;
mod ledger;
mod outcome;
mod stages;
mod story;

pub mod bench;
pub mod economy;
pub mod supply;

pub use cheat::Cheat;
pub use digits::{Digits, OnnxRuntime};
pub use outcome::{Fault, Outcome};
pub use story::{Options, Story, Supplier};

/// A network whose epochs and votes are short enough to wait for.
pub fn network(folder: &std::path::Path, programs: &std::path::Path) -> localnet::Options {
    localnet::Options { epoch_s: 5, voting_s: 6, timelock_s: 3, ..localnet::Options::new(folder, programs) }
}
