//! One verb per file: accounts, then `handle`. `holding.rs` has the accounts of a position, `vault.rs` what leaves the
//! vaults.
//!
//! Two things that Anchor usually searches for are known here:
//! * Addresses. An account of a type is only ever created at that type's seeds, so its owner, its type and the field that says
//!   whose it is (`has_one`, `constraint`) prove its address; it is not derived again.
//! * Duplicates. Where an instruction takes one mutable account of a type, none can stand in for two; `dup` leaves out Anchor's
//!   search for them. Where it takes a vault and another token account, they have no `dup`.
pub mod accept_authority;
pub mod administer;
pub mod claim_commission;
pub mod claim_rebates;
pub mod claim_rewards;
pub mod close_position;
pub mod collect_rewards;
pub mod fold_pool;
pub mod forfeit;
pub mod holding;
pub mod initialize;
pub mod lock_position;
pub mod open_pool;
pub mod open_shard;
pub mod redeem_loyalty;
pub mod refresh_position;
pub mod reserve;
pub mod set_commission;
pub mod slash;
pub mod stake;
pub mod unstake;
pub mod vault;
pub mod withdraw;

// Anchor's `#[program]` needs every accounts struct, and the client modules it generates, in one scope.
#[allow(ambiguous_glob_reexports)]
mod all {
    pub use super::accept_authority::*;
    pub use super::administer::*;
    pub use super::claim_commission::*;
    pub use super::claim_rebates::*;
    pub use super::claim_rewards::*;
    pub use super::close_position::*;
    pub use super::collect_rewards::*;
    pub use super::fold_pool::*;
    pub use super::forfeit::*;
    pub use super::holding::*;
    pub use super::initialize::*;
    pub use super::lock_position::*;
    pub use super::open_pool::*;
    pub use super::open_shard::*;
    pub use super::redeem_loyalty::*;
    pub use super::refresh_position::*;
    pub use super::reserve::*;
    pub use super::set_commission::*;
    pub use super::slash::*;
    pub use super::stake::*;
    pub use super::unstake::*;
    pub use super::withdraw::*;
}
#[allow(ambiguous_glob_reexports)]
pub use all::*;
