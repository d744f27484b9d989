use crate::errors::JobsError;
use crate::events::DeviceRetired;
use crate::state::{Device, Operator, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct RetireDevice<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, dup, has_one = owner @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    #[account(mut, dup, close = owner, constraint = device.operator == owner.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<RetireDevice>) -> Result<()> {
    let a = &mut *ctx.accounts;
    require!(a.device.live_job == Pubkey::default(), JobsError::DeviceBusy);
    a.device.require_settled()?;
    a.operator.remove_device(a.device.required_stake)?;
    let (device, operator, required_stake) = (a.device.key, a.owner.key(), a.operator.required_stake);
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(DeviceRetired { stamp, device, operator, required_stake });
    Ok(())
}
