use crate::instructions::escrow::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct SettleJob<'info> {
    pub payout: Payout<'info>,
}

pub fn handle(ctx: Context<SettleJob>) -> Result<()> {
    let clock = Clock::get()?;
    let payout = &mut ctx.accounts.payout;
    let verification = payout.job.settle(clock.unix_timestamp)?;
    let event = payout.pay(verification, &clock)?;
    emit_cpi!(event);
    Ok(())
}
