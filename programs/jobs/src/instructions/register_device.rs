use crate::constants::{CLASSES, DEVICE_SEED, MAX_NAME, PAUSE_REGISTER};
use crate::errors::JobsError;
use crate::events::DeviceRegistered;
use crate::instructions::stake::active_stake;
use crate::state::{Challenge, Config, Device, Operator, PoolStake, Shard};
use anchor_lang::prelude::*;
use staking::state::PoolKind;

#[event_cpi]
#[derive(Accounts)]
pub struct RegisterDevice<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    /// Signs too: nobody can register a device whose key they do not hold.
    pub device_key: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = owner @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    /// The operator's pool: its stake must carry all of its devices.
    #[account(has_one = owner @ JobsError::WrongPool, constraint = pool.kind == PoolKind::Operator @ JobsError::WrongPool)]
    pub pool: Box<Account<'info, PoolStake>>,
    #[account(
        init, payer = owner, space = 8 + Device::INIT_SPACE, seeds = [DEVICE_SEED, device_key.key().as_ref()], bump
    )]
    pub device: Box<Account<'info, Device>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RegisterDevice>, name: String, class: u8) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_REGISTER)?;
    require!((1..=MAX_NAME).contains(&name.len()), JobsError::BadName);
    require!(usize::from(class) < CLASSES, JobsError::BadClass);
    let (device, operator) = (a.device_key.key(), a.owner.key());
    let required_stake = a.config.class_stake[usize::from(class)];
    a.operator.add_device(required_stake)?;
    require!(active_stake(&a.pool)? >= a.operator.required_stake, JobsError::StakeTooLow);
    a.device.set_inner(Device {
        key: device,
        operator,
        class,
        required_stake,
        live_job: Pubkey::default(),
        jobs_paid: 0,
        jobs_expired: 0,
        jobs_faulted: 0,
        name: name.clone(),
        offer: 0,
        measured: 0,
        // A round that is open already would leave it less time than the others.
        since_round: a.config.round,
        // Where rounds are held, it is hired once it has passed one: else a device that fails would just come back as new.
        good_round: 0,
        failed_round: 0,
        challenges_passed: 0,
        challenges_failed: 0,
        marks: 0,
        challenge: Challenge::default(),
        pay_round: 0,
        pay_weight: 0,
        bump: ctx.bumps.device,
    });
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    let (required_stake, since_round) = (a.operator.required_stake, a.config.round);
    emit_cpi!(DeviceRegistered { stamp, device, operator, name, class, required_stake, since_round });
    Ok(())
}
