use crate::errors::JobsError;
use crate::events::ChallengeFailed;
use crate::state::{Config, Demotion, Device, Operator, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct FailChallenge<'info> {
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup, constraint = operator.owner == device.operator @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<FailChallenge>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let number = a.config.settled_round;
    let (reason, demotion) = a.device.fail(&mut a.operator, &a.config.class_stake, number)?;
    let (device, operator) = (a.device.key, a.device.operator);
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    let Demotion { class, device_stake, required_stake } = demotion;
    emit_cpi!(ChallengeFailed {
        stamp,
        number,
        device,
        operator,
        reason,
        class,
        device_stake,
        required_stake,
        slashed: 0
    });
    Ok(())
}
