use crate::events::Verification;
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
    payout.job.settle(clock.unix_timestamp)?;
    let event = payout.pay(Verification::Unchallenged, &clock)?;
    emit_cpi!(event);
    Ok(())
}
