use crate::events::JobExpired;
use crate::instructions::escrow::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ExpireJob<'info> {
    pub refund: Refund<'info>,
}

pub fn handle(ctx: Context<ExpireJob>) -> Result<()> {
    let clock = Clock::get()?;
    let r = &mut ctx.accounts.refund;
    r.job.expire(clock.unix_timestamp)?;
    let refund = r.refund()?;
    let job = r.job.key();
    let stamp = r.shard.stamp(&job, &clock)?;
    emit_cpi!(JobExpired { stamp, job, device: None, refund, forfeited: 0 });
    Ok(())
}
