use crate::events::JobExpired;
use crate::instructions::escrow::*;
use crate::state::Ending;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ExpireJob<'info> {
    pub refund: Refund<'info>,
}

pub fn handle(ctx: Context<ExpireJob>) -> Result<()> {
    let clock = Clock::get()?;
    let r = &mut ctx.accounts.refund;
    let claimed = r.job.expire(clock.unix_timestamp)?;
    if claimed {
        r.release(Ending::Expired)?;
    }
    let refund = r.refund()?;
    let job = r.job.key();
    let stamp = r.shard.stamp(&job, &clock)?;
    let device = claimed.then_some(r.job.device);
    emit_cpi!(JobExpired { stamp, job, device, refund });
    Ok(())
}
