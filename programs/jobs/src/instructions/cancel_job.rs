use crate::errors::JobsError;
use crate::events::JobCancelled;
use crate::instructions::escrow::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct CancelJob<'info> {
    /// Only the job's user can cancel.
    #[account(address = refund.job.user @ JobsError::WrongOwner)]
    pub owner: Signer<'info>,
    pub refund: Refund<'info>,
}

pub fn handle(ctx: Context<CancelJob>) -> Result<()> {
    let r = &mut ctx.accounts.refund;
    r.job.cancel()?;
    let refund = r.refund()?;
    let job = r.job.key();
    let stamp = r.shard.stamp(&job, &Clock::get()?)?;
    emit_cpi!(JobCancelled { stamp, job, refund });
    Ok(())
}
