use crate::errors::JobsError;
use crate::events::IdlePayShared;
use crate::state::{Device, Operator, Round, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ShareIdlePay<'info> {
    #[account(mut, dup)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup, constraint = operator.owner == device.operator @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    #[account(mut, dup, constraint = round.number == device.pay_round @ JobsError::NoShare)]
    pub round: Box<Account<'info, Round>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<ShareIdlePay>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let amount = a.round.share(a.device.pay_weight)?;
    a.device.pay_weight = 0;
    let owed = a.operator.idle_owed.checked_add(amount).ok_or(JobsError::AmountOverflow)?;
    a.operator.idle_owed = owed;
    let (number, device, operator) = (a.round.number, a.device.key, a.operator.owner);
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(IdlePayShared { stamp, number, device, operator, amount, owed });
    Ok(())
}
