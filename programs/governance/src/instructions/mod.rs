//! One verb per file: accounts, then `handle`. `target.rs` has the accounts of the program that an action is for.
//!
//! Accounts are recognised as in the other programs: an account of a type is only ever created at that type's seeds, so its
//! owner, its type and the field that says whose it is prove its address. The deposit vault is a token account like any
//! other, so its address is derived. `dup` leaves out Anchor's search for duplicates where no two mutable accounts have one
//! type; do not add a second account of a type to an instruction without taking `dup` away.
pub mod accept_guardian;
pub mod accept_program_authority;
pub mod close_proposal;
pub mod close_vote;
pub mod execute;
pub mod execute_payment;
pub mod finish;
pub mod guardian_pause;
pub mod initialize;
pub mod offer_guardian;
pub mod open_shard;
pub mod propose;
pub mod target;
pub mod veto;
pub mod vote;

// Anchor's `#[program]` needs every accounts struct, and the client modules it generates, in one scope.
#[allow(ambiguous_glob_reexports)]
mod all {
    pub use super::accept_guardian::*;
    pub use super::accept_program_authority::*;
    pub use super::close_proposal::*;
    pub use super::close_vote::*;
    pub use super::execute::*;
    pub use super::execute_payment::*;
    pub use super::finish::*;
    pub use super::guardian_pause::*;
    pub use super::initialize::*;
    pub use super::offer_guardian::*;
    pub use super::open_shard::*;
    pub use super::propose::*;
    pub use super::target::*;
    pub use super::veto::*;
    pub use super::vote::*;
}
#[allow(ambiguous_glob_reexports)]
pub use all::*;
