use crate::errors::JobsError;
use crate::events::Verification;
use crate::instructions::escrow::*;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptResult<'info> {
    /// Only the job's user can accept.
    #[account(address = payout.job.user @ JobsError::WrongOwner)]
    pub owner: Signer<'info>,
    pub payout: Payout<'info>,
}

pub fn handle(ctx: Context<AcceptResult>) -> Result<()> {
    let clock = Clock::get()?;
    let payout = &mut ctx.accounts.payout;
    payout.job.accept()?;
    let event = payout.pay(Verification::Accepted, &clock)?;
    emit_cpi!(event);
    Ok(())
}
