use crate::events::PoolFolded;
use crate::state::{Pool, PoolKind, Rewards, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct FoldPool<'info> {
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<FoldPool>) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    let fold = a.pool.fold(&a.rewards)?;
    let pool = a.pool.key();
    let stamp = a.shard.stamp(&pool, &Clock::get()?)?;
    let pool_state = a.pool.state();
    emit_cpi!(PoolFolded { stamp, pool, reward: fold.reward, commission: fold.commission, pool_state });
    Ok(())
}
