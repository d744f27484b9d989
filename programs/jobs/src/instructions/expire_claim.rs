use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::JobExpired;
use crate::instructions::escrow::*;
use crate::state::Ending;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ExpireClaim<'info> {
    pub refund: Refund<'info>,
    pub claimed: Claimed<'info>,
    /// CHECK: the user's IO account; the staking program checks that it is at the user's associated address.
    #[account(mut)]
    pub user_io: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<ExpireClaim>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.refund.job.expire_claim(clock.unix_timestamp)?;
    a.claimed.end(&a.refund.job, Ending::Expired)?;
    let refund = a.refund.refund()?;
    let reserved = a.refund.job.reserved;
    let forfeited = economy::claim::forfeit(reserved, a.refund.config.forfeit_bps).map_err(JobsError::from)?;
    if reserved > 0 {
        forfeit(a, reserved, forfeited)?;
    }
    let (job, device) = (a.refund.job.key(), Some(a.refund.job.device));
    let stamp = a.refund.shard.stamp(&job, &clock)?;
    emit_cpi!(JobExpired { stamp, job, device, refund, forfeited });
    Ok(())
}

/// The user gets `amount` of the reservation, the rest is free again.
fn forfeit(a: &ExpireClaim, reserved: u64, amount: u64) -> Result<()> {
    let (claimed, stake) = (&a.claimed, &a.claimed.stake);
    let accounts = staking::cpi::accounts::Forfeit {
        jobs_authority: a.refund.jobs_authority.to_account_info(),
        config: stake.staking_config.to_account_info(),
        rewards: claimed.rewards.to_account_info(),
        pool: stake.pool.to_account_info(),
        position: stake.position.to_account_info(),
        staking_authority: claimed.staking_authority.to_account_info(),
        stake_vault: claimed.stake_vault.to_account_info(),
        user: a.refund.user.to_account_info(),
        user_io: a.user_io.to_account_info(),
        token_program: claimed.token_program.to_account_info(),
        shard: stake.staking_shard.to_account_info(),
        event_authority: stake.staking_event_authority.to_account_info(),
        program: stake.staking_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.refund.config.authority_bump]];
    let signer = [seeds];
    let context = CpiContext::new_with_signer(stake.staking_program.key(), accounts, &signer);
    staking::cpi::forfeit(context, reserved, amount)
}
