use crate::constants::{AUTHORITY_SEED, PAUSE_CLAIM};
use crate::errors::JobsError;
use crate::events::JobClaimed;
use crate::instructions::stake::*;
use crate::state::{Config, Device, Job, Operator, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimJob<'info> {
    pub device_key: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, constraint = device.key == device_key.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    #[account(constraint = operator.owner == device.operator @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    /// What the reservation is worth is judged by the credits program's price.
    pub credits_config: Box<Account<'info, credits::state::Config>>,
    /// CHECK: identified by `read_price`.
    pub price: UncheckedAccount<'info>,
    /// CHECK: only its own address can sign, and the staking program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub stake: Stake<'info>,
}

pub fn handle(ctx: Context<ClaimJob>) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_CLAIM)?;
    let (job, device, operator) = (a.job.key(), a.device.key, a.device.operator);
    a.device.require_hireable(a.config.settled_round)?;
    a.stake.require_of(&operator)?;
    require!(active_stake(&a.stake.pool)? >= a.operator.required_stake, JobsError::StakeTooLow);
    let price = credits::state::read_price(&a.credits_config, &a.price, now)?.buying();
    let price = price.map_err(credits::errors::CreditsError::from)?;
    let reserved = economy::claim::reservation(a.job.price, a.config.reserve_bps, price).map_err(JobsError::from)?;

    a.job.claim(device, operator, reserved, now)?;
    a.device.take(job)?;
    if reserved > 0 {
        let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
        a.stake.reserve(a.jobs_authority.to_account_info(), seeds, reserved)?;
    }
    let stamp = a.shard.stamp(&job, &clock)?;
    let commit_deadline = a.job.commit_deadline;
    emit_cpi!(JobClaimed { stamp, job, device, operator, commit_deadline, reserved });
    Ok(())
}
