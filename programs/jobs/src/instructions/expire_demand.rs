use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::DemandExpired;
use crate::instructions::escrow::*;
use crate::state::{Demand, Ending};
use anchor_lang::prelude::*;

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
    let slashed = a.refund.job.reserved;
    if slashed > 0 {
        slash(a, slashed)?;
    }
    let stamp = a.refund.shard.stamp(&job, &clock)?;
    let (device, operator, caller) = (a.refund.job.device, a.refund.job.operator, a.caller.key());
    emit_cpi!(DemandExpired { stamp, job, n, demander, bond, device, operator, caller, refund, slashed });
    Ok(())
}

/// The whole reservation is lost for silence.
fn slash(a: &ExpireDemand, reserved: u64) -> Result<()> {
    let (claimed, stake) = (&a.claimed, &a.claimed.stake);
    let accounts = staking::cpi::accounts::Slash {
        jobs_authority: a.refund.jobs_authority.to_account_info(),
        config: stake.staking_config.to_account_info(),
        rewards: claimed.rewards.to_account_info(),
        pool: stake.pool.to_account_info(),
        position: stake.position.to_account_info(),
        staking_authority: claimed.staking_authority.to_account_info(),
        stake_vault: claimed.stake_vault.to_account_info(),
        prover_io: a.caller_io.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        token_program: claimed.token_program.to_account_info(),
        shard: stake.staking_shard.to_account_info(),
        event_authority: stake.staking_event_authority.to_account_info(),
        program: stake.staking_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.refund.config.authority_bump]];
    let signer = [seeds];
    let context = CpiContext::new_with_signer(stake.staking_program.key(), accounts, &signer);
    // SLASH-KIND: silence, not proof.
    staking::cpi::slash(context, reserved, 0)
}
