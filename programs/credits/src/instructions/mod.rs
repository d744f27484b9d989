//! One verb per file: accounts, then `handle`.
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
