//! One verb per file: accounts, then `handle`. `escrow.rs` has the accounts that move a job's money, `stake.rs` those of
//! the stake behind a claim.
//!
//! Two things that Anchor usually searches for are known here, which halves a job's compute units:
//! * Addresses. An account of a type is only ever created at that type's seeds, so its owner, its type and the field that
//!   says whose it is (`has_one`, `constraint`) prove its address; it is not derived again.
//! * Duplicates. No instruction takes two mutable accounts of one type, so none can stand in for two; `dup` leaves out
//!   Anchor's search for them. Do not add a second account of a type to an instruction without taking `dup` away.
pub mod accept_authority;
pub mod accept_result;
pub mod administer;
pub mod advance_round;
pub mod answer_cell;
pub mod answer_demand;
pub mod cancel_job;
pub mod claim_idle_pay;
pub mod claim_job;
pub mod close_demand;
pub mod close_round;
pub mod commit_challenge;
pub mod commit_result;
pub mod demand_data;
pub mod demanded;
pub mod dispute_cell;
pub mod draft;
pub mod draw_audit;
pub mod escrow;
pub mod expire_audit;
pub mod expire_claim;
pub mod expire_demand;
pub mod expire_job;
pub mod fail_challenge;
pub mod initialize;
pub mod open_cell;
pub mod open_round;
pub mod open_shard;
pub mod open_user;
pub mod post_job;
pub mod proof_buffer;
pub mod prove_cell;
pub mod punish_device;
pub mod register_device;
pub mod register_model;
pub mod register_operator;
pub mod retire_device;
pub mod set_class;
pub mod set_offer;
pub mod settle_job;
pub mod share_idle_pay;
pub mod stake;

// Anchor's `#[program]` needs every accounts struct, and the client modules it generates, in one scope.
#[allow(ambiguous_glob_reexports)]
mod all {
    pub use super::accept_authority::*;
    pub use super::accept_result::*;
    pub use super::administer::*;
    pub use super::advance_round::*;
    pub use super::answer_cell::*;
    pub use super::answer_demand::*;
    pub use super::cancel_job::*;
    pub use super::claim_idle_pay::*;
    pub use super::claim_job::*;
    pub use super::close_demand::*;
    pub use super::close_round::*;
    pub use super::commit_challenge::*;
    pub use super::commit_result::*;
    pub use super::demand_data::*;
    pub use super::dispute_cell::*;
    pub use super::draft::*;
    pub use super::draw_audit::*;
    pub use super::escrow::*;
    pub use super::expire_audit::*;
    pub use super::expire_claim::*;
    pub use super::expire_demand::*;
    pub use super::expire_job::*;
    pub use super::fail_challenge::*;
    pub use super::initialize::*;
    pub use super::open_cell::*;
    pub use super::open_round::*;
    pub use super::open_shard::*;
    pub use super::open_user::*;
    pub use super::post_job::*;
    pub use super::proof_buffer::*;
    pub use super::prove_cell::*;
    pub use super::punish_device::*;
    pub use super::register_device::*;
    pub use super::register_model::*;
    pub use super::register_operator::*;
    pub use super::retire_device::*;
    pub use super::set_class::*;
    pub use super::set_offer::*;
    pub use super::settle_job::*;
    pub use super::share_idle_pay::*;
    pub use super::stake::*;
}
#[allow(ambiguous_glob_reexports)]
pub use all::*;
