//! What happened, with resulting amounts: an indexer never has to read an account again.
//!
//! `seq` counts up by one in the shard named beside it, over all events of this program: a gap is a missed event.
//! Everything about a pool or a position is in the shard of the pool's address.
//!
//! `fold` is the reward that the pool brought in first, commission included; `activated` is stake of the position that
//! was warm and became active first. Stake is in IO base units; rewards are in IO (an operator's pool) or IOSD (a
//! user's).
use crate::instructions::SlashReason;
use crate::state::{Parameter, PoolKind, PoolState, PositionState};
use anchor_lang::prelude::*;
use credits::events::Stamp;

#[event]
pub struct ShardOpened {
    pub stamp: Stamp,
}

#[event]
pub struct PoolOpened {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub owner: Pubkey,
    pub kind: PoolKind,
    pub commission_bps: u16,
    /// The schedule's index that the pool earns from.
    pub rewards_index: u128,
}

#[event]
pub struct StakeAdded {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub warm_epoch: u64,
    pub fold: u64,
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeActivated {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    pub fold: u64,
    /// Zero if nothing was warm.
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct UnstakeStarted {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub cool_epoch: u64,
    pub fold: u64,
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeWithdrawn {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    pub amount: u64,
    pub fold: u64,
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct PositionClosed {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    pub fold: u64,
    pub pool_state: PoolState,
}

#[event]
pub struct RewardsCollected {
    pub stamp: Stamp,
    pub amount: u64,
    pub undistributed: u64,
    pub index: u128,
    pub weight: u64,
    /// Ever collected.
    pub collected: u64,
}

#[event]
pub struct PoolFolded {
    pub stamp: Stamp,
    pub pool: Pubkey,
    /// Commission included.
    pub reward: u64,
    pub commission: u64,
    pub pool_state: PoolState,
}

#[event]
pub struct RewardsClaimed {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    /// IO base units.
    pub amount: u64,
    pub fold: u64,
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct RebatesClaimed {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    /// IOSD base units.
    pub amount: u64,
    pub activated: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct CommissionClaimed {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub owner: Pubkey,
    /// IO base units.
    pub amount: u64,
    pub fold: u64,
    pub pool_state: PoolState,
}

#[event]
pub struct CommissionSet {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub old: u16,
    pub new: u16,
    pub epoch: u64,
    pub fold: u64,
    pub pool_state: PoolState,
}

#[event]
pub struct LoyaltyShared {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub owner: Pubkey,
    /// Points taken.
    pub points: u64,
    /// IOSD base units minted to the user.
    pub to_user: u64,
    /// IOSD base units that the pool's positions share.
    pub to_stakers: u64,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeReserved {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub amount: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeReleased {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub amount: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeForfeited {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub user: Pubkey,
    pub to_user: u64,
    /// The rest of the reservation, active again.
    pub released: u64,
    pub fold: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct StakeSlashed {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub reason: SlashReason,
    /// Taken from the operator's reservation.
    pub reserved: u64,
    /// Taken from the whole pool beyond it.
    pub beyond: u64,
    pub to_prover: u64,
    pub burned: u64,
    /// The pool's afterwards.
    pub factor: u64,
    pub epoch: u64,
    /// Taken beyond reservations in this epoch, and what the cap is a part of.
    pub epoch_slashed: u64,
    pub slash_base: u64,
    pub fold: u64,
    pub position: PositionState,
    pub pool_state: PoolState,
}

#[event]
pub struct PositionLocked {
    pub stamp: Stamp,
    pub pool: Pubkey,
    pub holder: Pubkey,
    /// Unix time, seconds.
    pub until: i64,
}

#[event]
pub struct ParameterSet {
    pub stamp: Stamp,
    pub parameter: Parameter,
    pub old: u64,
    pub new: u64,
}

#[event]
pub struct Paused {
    pub stamp: Stamp,
    pub flags: u8,
}

#[event]
pub struct AuthorityOffered {
    pub stamp: Stamp,
    pub to: Pubkey,
}

#[event]
pub struct AuthorityAccepted {
    pub stamp: Stamp,
    pub authority: Pubkey,
}
