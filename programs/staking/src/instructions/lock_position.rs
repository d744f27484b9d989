use crate::errors::StakingError;
use crate::events::PositionLocked;
use crate::state::{Config, Position, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct LockPosition<'info> {
    /// The governance program's PDA; its signature is the permission.
    pub voting_authority: Signer<'info>,
    #[account(has_one = voting_authority @ StakingError::NotVotingProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<LockPosition>, until: i64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let mut position = a.position.rules();
    position.lock(until, clock.unix_timestamp).map_err(StakingError::from)?;
    a.position.write(&position);
    let (pool, holder, until) = (a.position.pool, a.position.holder, a.position.locked_until);
    let stamp = a.shard.stamp(&pool, &clock)?;
    emit_cpi!(PositionLocked { stamp, pool, holder, until });
    Ok(())
}
