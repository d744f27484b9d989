//! One verb per file: accounts, then `handle`.
//!
//! Two things that Anchor usually searches for are known here, which halves a job's compute units:
//! * Addresses. An account of a type is only ever created at that type's seeds, so its owner, its type and the field that
//!   says whose it is (`has_one`, `constraint`) prove its address; it is not derived again.
//! * Duplicates. Where an instruction takes no two mutable accounts of one type and mint, none can stand in for two; `dup` leaves
//!   out Anchor's search for them. Do not add a second account of a type to an instruction without taking `dup` away.
pub mod accept_authority;
pub mod administer;
pub mod advance_epoch;
pub mod buy_credits;
pub mod initialize;
pub mod lock_escrow;
pub mod mint_rebate;
pub mod mint_scheduled;
pub mod open_earnings;
pub mod open_loyalty;
pub mod open_shard;
pub mod redeem_loyalty;
pub mod refund_escrow;
pub mod request_redemption;
pub mod settle_escrow;
pub mod settle_redemption;
pub mod share_loyalty;
pub mod submit_price;

// Anchor's `#[program]` needs every accounts struct, and the client modules it generates, in one scope.
#[allow(ambiguous_glob_reexports)]
mod all {
    pub use super::accept_authority::*;
    pub use super::administer::*;
    pub use super::advance_epoch::*;
    pub use super::buy_credits::*;
    pub use super::initialize::*;
    pub use super::lock_escrow::*;
    pub use super::mint_rebate::*;
    pub use super::mint_scheduled::*;
    pub use super::open_earnings::*;
    pub use super::open_loyalty::*;
    pub use super::open_shard::*;
    pub use super::redeem_loyalty::*;
    pub use super::refund_escrow::*;
    pub use super::request_redemption::*;
    pub use super::settle_escrow::*;
    pub use super::settle_redemption::*;
    pub use super::share_loyalty::*;
    pub use super::submit_price::*;
}
#[allow(ambiguous_glob_reexports)]
pub use all::*;
