//! The main job, end to end, on a local network: an honest supplier is paid, a cheating one is not.

mod cheat;
mod digits;
mod outcome;
mod stages;
mod story;

pub mod bench;
pub mod supply;

pub use cheat::Cheat;
pub use digits::{Digits, OnnxRuntime};
pub use outcome::{Fault, Outcome};
pub use story::{Options, Story, Supplier};
