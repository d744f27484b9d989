use crate::constants::{AUTHORITY_SEED, PAUSE_CLAIM};
use crate::errors::JobsError;
use crate::events::JobClaimed;
use crate::instructions::stake::*;
use crate::state::{Config, Device, Job, Operator, Shard};
use anchor_lang::prelude::*;
use economy::claim::ClaimTerms;

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
    let terms = ClaimTerms {
        reserve_bps: a.config.reserve_bps,
        audit_bps: a.config.audit_bps,
        prover_bps: prover_bps(&a.stake.staking_config)?,
    };
    let reserved = economy::claim::reservation(a.job.price, terms, price).map_err(JobsError::from)?;

    a.job.claim(device, operator, reserved, &a.config, now)?;
    a.device.take(job)?;
    if reserved > 0 {
        let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
        a.stake.reserve(a.jobs_authority.to_account_info(), seeds, reserved)?;
    }
    let stamp = a.shard.stamp(&job, &clock)?;
    let Job { commit_deadline, audit_bps, audit_cells, .. } = **a.job;
    emit_cpi!(JobClaimed { stamp, job, device, operator, commit_deadline, reserved, audit_bps, audit_cells });
    Ok(())
}

/// The prover's share of a slash, from the staking program's config, of which there is one.
fn prover_bps(config: &AccountInfo) -> Result<u16> {
    require!(*config.owner == staking::ID, JobsError::WrongStakingConfig);
    let data = config.try_borrow_data()?;
    let config = staking::state::Config::try_deserialize(&mut &data[..]).map_err(|_| JobsError::WrongStakingConfig)?;
    Ok(config.prover_bps)
}
