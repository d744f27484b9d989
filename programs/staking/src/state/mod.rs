//! Accounts, one file each.
mod config;
mod parameter;
mod pool;
mod position;
mod rewards;
mod shard;

pub use config::Config;
pub use parameter::Parameter;
pub use pool::{Pool, PoolKind, PoolState};
pub use position::{Position, PositionState};
pub use rewards::Rewards;
pub use shard::Shard;

use crate::errors::StakingError;
use anchor_lang::prelude::*;
use economy::stake::{self as rules, StakeError};

/// Takes one step by the rules and writes the three accounts.
pub fn step<T>(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    rule: impl FnOnce(&mut rules::Rewards, &mut rules::Pool, &mut rules::Position) -> core::result::Result<T, StakeError>,
) -> Result<T> {
    let (mut r, mut q, mut p) = (rewards.rules(), pool.rules(), position.rules());
    let done = rule(&mut r, &mut q, &mut p).map_err(StakingError::from)?;
    rewards.write(&r);
    pool.write(&q);
    position.write(&p);
    Ok(done)
}

/// Takes one step that moves no weight in or out of the pool and writes both accounts.
pub fn step_own(
    pool: &mut Pool,
    position: &mut Position,
    rule: impl FnOnce(&mut rules::Pool, &mut rules::Position) -> core::result::Result<(), StakeError>,
) -> Result<()> {
    let (mut q, mut p) = (pool.rules(), position.rules());
    rule(&mut q, &mut p).map_err(StakingError::from)?;
    pool.write(&q);
    position.write(&p);
    Ok(())
}
