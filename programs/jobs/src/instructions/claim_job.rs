use crate::constants::{DEVICE_SEED, JOB_SEED, SHARD_SEED};
use crate::errors::JobsError;
use crate::events::JobClaimed;
use crate::state::{Device, Job, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimJob<'info> {
    pub device_key: Signer<'info>,
    #[account(
        mut, seeds = [DEVICE_SEED, device_key.key().as_ref()], bump = device.bump,
        constraint = device.key == device_key.key() @ JobsError::WrongOwner
    )]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, seeds = [JOB_SEED, job.user.as_ref(), &job.seq.to_le_bytes()], bump = job.bump)]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, seeds = [SHARD_SEED, &[shard.index]], bump = shard.bump)]
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
