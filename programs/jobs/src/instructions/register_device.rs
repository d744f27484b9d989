use crate::constants::{DEVICE_SEED, MAX_NAME};
use crate::errors::JobsError;
use crate::events::DeviceRegistered;
use crate::state::{Device, Operator, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct RegisterDevice<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    /// Signs too: nobody can register a device whose key they do not hold.
    pub device_key: Signer<'info>,
    #[account(mut, dup, has_one = owner @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    #[account(
        init, payer = owner, space = 8 + Device::INIT_SPACE, seeds = [DEVICE_SEED, device_key.key().as_ref()], bump
    )]
    pub device: Box<Account<'info, Device>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RegisterDevice>, name: String) -> Result<()> {
    require!((1..=MAX_NAME).contains(&name.len()), JobsError::BadName);
    let a = &mut *ctx.accounts;
    let (device, operator) = (a.device_key.key(), a.owner.key());
    a.operator.devices = a.operator.devices.checked_add(1).ok_or(JobsError::CounterOverflow)?;
    a.device.set_inner(Device {
        key: device,
        operator,
        live_job: Pubkey::default(),
        jobs_paid: 0,
        jobs_expired: 0,
        jobs_faulted: 0,
        name: name.clone(),
        bump: ctx.bumps.device,
    });
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(DeviceRegistered { stamp, device, operator, name });
    Ok(())
}
