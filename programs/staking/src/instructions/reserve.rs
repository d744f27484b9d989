//! Jobs set the operator's own stake aside and give it back. Every job runs through here, so there is as little as can
//! be.
use crate::errors::StakingError;
use crate::events::{StakeReleased, StakeReserved};
use crate::state::{step_own, Config, Pool, PoolKind, Position, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct Reserve<'info> {
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    #[account(has_one = jobs_authority @ StakingError::NotJobsProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    /// The operator's own.
    #[account(
        mut, dup, has_one = pool @ StakingError::WrongOwner,
        constraint = position.holder == pool.owner @ StakingError::WrongOwner
    )]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle_reserve(ctx: Context<Reserve>, amount: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    step_own(&mut a.pool, &mut a.position, |pool, position| economy::stake::reserve(pool, position, amount))?;
    let pool = a.pool.key();
    let stamp = a.shard.stamp(&pool, &Clock::get()?)?;
    let (position, pool_state) = (a.position.state(), a.pool.state());
    emit_cpi!(StakeReserved { stamp, pool, amount, position, pool_state });
    Ok(())
}

pub fn handle_release(ctx: Context<Reserve>, amount: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    step_own(&mut a.pool, &mut a.position, |pool, position| economy::stake::release(pool, position, amount))?;
    let pool = a.pool.key();
    let stamp = a.shard.stamp(&pool, &Clock::get()?)?;
    let (position, pool_state) = (a.position.state(), a.pool.state());
    emit_cpi!(StakeReleased { stamp, pool, amount, position, pool_state });
    Ok(())
}
