use crate::errors::StakingError;
use crate::events::UnstakeStarted;
use crate::instructions::holding::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct Unstake<'info> {
    #[account(address = holding.position.holder @ StakingError::WrongOwner)]
    pub holder: Signer<'info>,
    pub holding: Holding<'info>,
}

pub fn handle(ctx: Context<Unstake>, amount: u64) -> Result<()> {
    let clock = Clock::get()?;
    let h = &mut ctx.accounts.holding;
    let now = clock.unix_timestamp;
    let (epoch, cool_epoch) = (h.config.epoch_at(now), h.config.cool_epoch(now));
    let due = h.step(|rewards, pool, position| {
        economy::stake::unstake(rewards, pool, position, amount, now, epoch, cool_epoch)
    })?;
    let event = UnstakeStarted {
        stamp: h.stamp(&clock)?,
        pool: h.pool.key(),
        holder: h.position.holder,
        amount,
        cool_epoch,
        fold: due.fold,
        activated: due.activated,
        position: h.position.state(),
        pool_state: h.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
