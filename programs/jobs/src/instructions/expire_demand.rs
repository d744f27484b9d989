use crate::errors::JobsError;
use crate::events::DemandExpired;
use crate::instructions::escrow::*;
use crate::state::{Demand, Ending};
use anchor_lang::prelude::*;
use staking::SlashReason;

#[event_cpi]
#[derive(Accounts)]
pub struct ExpireDemand<'info> {
    /// Anyone.
    pub caller: Signer<'info>,
    #[account(
        mut, dup, close = demander, has_one = demander @ JobsError::WrongOwner,
        constraint = demand.job == refund.job.key() @ JobsError::WrongOwner
    )]
    pub demand: Box<Account<'info, Demand>>,
    /// CHECK: paid the demand's rent and bond, and gets both back.
    #[account(mut)]
    pub demander: UncheckedAccount<'info>,
    pub refund: Refund<'info>,
    pub claimed: Claimed<'info>,
    /// CHECK: most of what is slashed is burned; checked by the staking program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    /// CHECK: the IO account that the caller wants its share in.
    #[account(mut)]
    pub caller_io: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<ExpireDemand>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, n, demander, bond) = (a.refund.job.key(), a.demand.n, a.demand.demander, a.demand.bond);
    require!(clock.unix_timestamp > a.demand.deadline, JobsError::TooEarly);
    a.refund.job.stay_silent()?;
    a.claimed.end(&a.refund.job, Ending::Faulted)?;
    let refund = a.refund.refund()?;
    let slashed = a.claimed.slash(&a.refund, &a.io_mint, &a.caller_io, SlashReason::Silence)?;
    let stamp = a.refund.shard.stamp(&job, &clock)?;
    let (device, operator, caller) = (a.refund.job.device, a.refund.job.operator, a.caller.key());
    emit_cpi!(DemandExpired { stamp, job, n, demander, bond, device, operator, caller, refund, slashed });
    Ok(())
}
