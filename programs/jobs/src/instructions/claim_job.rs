use crate::errors::JobsError;
use crate::events::JobClaimed;
use crate::state::{Device, Job, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimJob<'info> {
    pub device_key: Signer<'info>,
    #[account(mut, dup, constraint = device.key == device_key.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<ClaimJob>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, device, operator) = (a.job.key(), a.device.key, a.device.operator);
    a.job.claim(device, operator, clock.unix_timestamp)?;
    a.device.take(job)?;
    let stamp = a.shard.stamp(&job, &clock)?;
    let commit_deadline = a.job.commit_deadline;
    emit_cpi!(JobClaimed { stamp, job, device, operator, commit_deadline });
    Ok(())
}
