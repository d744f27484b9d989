//! The four programs in a real virtual machine (LiteSVM), with everything a test needs around them: fixed keys, an
//! initialised network, work that can be tampered with, decoded events, and what must always hold.
//!
//! Every key is derived from a name, so that addresses, bumps and compute units are the same in every run.

pub mod agreement;
pub mod blocks;
pub mod challenge;
pub mod cu;
pub mod event;
pub mod forge;
pub mod fuzz;
pub mod graphs;
pub mod invariant;
pub mod judging;
pub mod keys;
pub mod net;
pub mod recording;
pub mod registry;
pub mod state;
pub mod vm;
pub mod work;

pub use challenge::Answer;
pub use event::Event;
pub use invariant::invariants;
pub use keys::{authority, device, guardian, key, operator, stranger, submitter, user};
pub use net::Net;
pub use state::State;
pub use vm::{Failure, Meta, Vm};
pub use work::{Cell, Work};

/// How the runtime refuses to create an account that exists.
pub const ALREADY_IN_USE: &str = "Error processing Instruction 0: custom program error: 0x0";
