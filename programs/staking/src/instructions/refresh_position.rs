use crate::events::StakeActivated;
use crate::instructions::holding::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct RefreshPosition<'info> {
    pub holding: Holding<'info>,
}

pub fn handle(ctx: Context<RefreshPosition>) -> Result<()> {
    let clock = Clock::get()?;
    let h = &mut ctx.accounts.holding;
    let epoch = h.config.epoch_at(clock.unix_timestamp);
    let due = h.step(|rewards, pool, position| economy::stake::refresh(rewards, pool, position, epoch))?;
    let event = StakeActivated {
        stamp: h.stamp(&clock)?,
        pool: h.pool.key(),
        holder: h.position.holder,
        fold: due.fold,
        activated: due.activated,
        position: h.position.state(),
        pool_state: h.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
