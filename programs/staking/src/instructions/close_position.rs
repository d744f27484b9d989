use crate::errors::StakingError;
use crate::events::PositionClosed;
use crate::state::{step, Config, Pool, Position, Rewards, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ClosePosition<'info> {
    pub holder: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(
        mut, dup, close = payer, has_one = pool @ StakingError::WrongOwner, has_one = holder @ StakingError::WrongOwner,
        has_one = payer @ StakingError::WrongOwner
    )]
    pub position: Box<Account<'info, Position>>,
    /// CHECK: receives the position's rent; checked against the position.
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<ClosePosition>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let epoch = a.config.epoch_at(clock.unix_timestamp);
    let due = step(&mut a.rewards, &mut a.pool, &mut a.position, |rewards, pool, position| {
        economy::stake::refresh(rewards, pool, position, epoch)
    })?;
    require!(a.position.rules().is_empty(), StakingError::PositionNotEmpty);
    let (pool, holder) = (a.pool.key(), a.holder.key());
    let stamp = a.shard.stamp(&pool, &clock)?;
    let pool_state = a.pool.state();
    emit_cpi!(PositionClosed { stamp, pool, holder, fold: due.fold, pool_state });
    Ok(())
}
