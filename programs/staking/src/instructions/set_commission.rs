use crate::errors::StakingError;
use crate::events::CommissionSet;
use crate::state::{Config, Pool, Rewards, Shard};
use anchor_lang::prelude::*;
use economy::stake::change_commission;

#[event_cpi]
#[derive(Accounts)]
pub struct SetCommission<'info> {
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup, has_one = owner @ StakingError::WrongOwner)]
    pub pool: Box<Account<'info, Pool>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<SetCommission>, commission_bps: u16) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let epoch = a.config.epoch_at(clock.unix_timestamp);
    let (old, changed, max) = (a.pool.commission_bps, a.pool.commission_epoch, a.config.max_commission_bps);
    change_commission(old, changed, commission_bps, epoch, max).map_err(StakingError::from)?;
    // What was earned before the change pays the old commission.
    let fold = a.pool.fold(&a.rewards)?.reward;
    a.pool.commission_bps = commission_bps;
    a.pool.commission_epoch = epoch;
    let pool = a.pool.key();
    let stamp = a.shard.stamp(&pool, &clock)?;
    let pool_state = a.pool.state();
    emit_cpi!(CommissionSet { stamp, pool, old, new: commission_bps, epoch, fold, pool_state });
    Ok(())
}
