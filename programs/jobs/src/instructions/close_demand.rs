use crate::errors::JobsError;
use crate::events::DemandClosed;
use crate::state::{Demand, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct CloseDemand<'info> {
    #[account(mut, dup, close = demander, has_one = job @ JobsError::WrongOwner, has_one = demander @ JobsError::WrongOwner)]
    pub demand: Box<Account<'info, Demand>>,
    /// CHECK: the demand's job. It has ended once its account is nothing of this program any more: a job's address is
    /// never used again.
    #[account(constraint = *job.owner != crate::ID @ JobsError::JobLives)]
    pub job: UncheckedAccount<'info>,
    /// CHECK: paid the demand's rent and bond, and gets both back.
    #[account(mut)]
    pub demander: UncheckedAccount<'info>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<CloseDemand>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let Demand { job, n, demander, bond, .. } = **a.demand;
    let stamp = a.shard.stamp(&job, &Clock::get()?)?;
    emit_cpi!(DemandClosed { stamp, job, n, demander, bond });
    Ok(())
}
