use crate::constants::CLASSES;
use crate::errors::JobsError;
use crate::events::ClassSet;
use crate::instructions::stake::active_stake;
use crate::state::{Config, Device, Operator, PoolStake, Shard};
use anchor_lang::prelude::*;
use staking::state::PoolKind;

#[event_cpi]
#[derive(Accounts)]
pub struct SetClass<'info> {
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = owner @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    #[account(has_one = owner @ JobsError::WrongPool, constraint = pool.kind == PoolKind::Operator @ JobsError::WrongPool)]
    pub pool: Box<Account<'info, PoolStake>>,
    #[account(mut, dup, constraint = device.operator == owner.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<SetClass>, class: u8) -> Result<()> {
    let a = &mut *ctx.accounts;
    let index = usize::from(class);
    require!(index < CLASSES, JobsError::BadClass);
    require!(class != a.device.class, JobsError::SameClass);
    a.device.require_hireable(a.config.settled_round)?;
    // What it loses for a proven wrong cell is counted by the stake that it needs.
    let committed = a.config.round_live && a.device.challenge.round == a.config.round;
    require!(!committed, JobsError::ChallengeRunning);
    let stake = *a.config.class_stake.get(index).ok_or(JobsError::BadClass)?;
    let raised = class > a.device.class;
    if raised {
        let least = *a.config.rounds.throughput.get(index).ok_or(JobsError::BadClass)?;
        require!(a.device.measured > 0 && a.device.measured >= least, JobsError::ClassNotMeasured);
    }
    a.device.place(&mut a.operator, class, stake)?;
    if raised {
        require!(active_stake(&a.pool)? >= a.operator.required_stake, JobsError::StakeTooLow);
    }
    let (device, operator) = (a.device.key, a.device.operator);
    let (device_stake, required_stake) = (a.device.required_stake, a.operator.required_stake);
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(ClassSet { stamp, device, operator, class, device_stake, required_stake });
    Ok(())
}
