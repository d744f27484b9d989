use crate::events::AuditExpired;
use crate::instructions::escrow::*;
use crate::state::Ending;
use anchor_lang::prelude::*;
use staking::SlashReason;

#[event_cpi]
#[derive(Accounts)]
pub struct ExpireAudit<'info> {
    /// Anyone.
    pub caller: Signer<'info>,
    pub refund: Refund<'info>,
    pub claimed: Claimed<'info>,
    /// CHECK: part of what is slashed is burned; checked by the staking program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    /// CHECK: the IO account that the caller wants its share in.
    #[account(mut)]
    pub caller_io: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<ExpireAudit>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let job = a.refund.job.key();
    let left = a.refund.job.expire_audit(clock.unix_timestamp)?;
    a.claimed.end(&a.refund.job, Ending::Faulted)?;
    let refund = a.refund.refund()?;
    let slashed = a.claimed.slash(&a.refund, &a.io_mint, &a.caller_io, SlashReason::Silence)?;
    let stamp = a.refund.shard.stamp(&job, &clock)?;
    let (device, operator, caller) = (a.refund.job.device, a.refund.job.operator, a.caller.key());
    emit_cpi!(AuditExpired { stamp, job, device, operator, caller, left, refund, slashed });
    Ok(())
}
