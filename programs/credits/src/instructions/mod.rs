//! One verb per file: accounts, then `handle`.
//!
//! Two things that Anchor usually searches for are known here, which halves a job's compute units:
//! * Addresses. An account of a type is only ever created at that type's seeds, so its owner, its type and the field that
//!   says whose it is (`has_one`, `constraint`) prove its address; it is not derived again.
//! * Duplicates. No instruction takes two mutable accounts of one type and mint, so none can stand in for two; `dup` leaves out
//!   Anchor's search for them. Do not add a second account of a type to an instruction without taking `dup` away.
pub mod buy_credits;
pub mod initialize;
pub mod lock_escrow;
pub mod open_earnings;
pub mod open_shard;
pub mod redeem_earnings;
pub mod refund_escrow;
pub mod settle_escrow;
pub mod submit_price;

// Anchor's `#[program]` needs every accounts struct, and the client modules it generates, in one scope.
#[allow(ambiguous_glob_reexports)]
mod all {
    pub use super::buy_credits::*;
    pub use super::initialize::*;
    pub use super::lock_escrow::*;
    pub use super::open_earnings::*;
    pub use super::open_shard::*;
    pub use super::redeem_earnings::*;
    pub use super::refund_escrow::*;
    pub use super::settle_escrow::*;
    pub use super::submit_price::*;
}
#[allow(ambiguous_glob_reexports)]
pub use all::*;
