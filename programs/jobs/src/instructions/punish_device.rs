use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::ChallengeFailed;
use crate::instructions::escrow::*;
use crate::state::{Config, Demotion, Failure, PoolStake, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use staking::SlashReason;

#[event_cpi]
#[derive(Accounts)]
pub struct PunishDevice<'info> {
    pub config: Box<Account<'info, Config>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the staking program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub claimed: Claimed<'info>,
    /// CHECK: part of what is slashed is burned; checked by the staking program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    /// CHECK: the IO account of who proved the cell, at the associated address.
    #[account(mut)]
    pub prover_io: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<PunishDevice>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let c = &mut a.claimed;
    let prover = c.device.challenge.caught_by;
    require!(prover != Pubkey::default(), JobsError::NotCaught);
    c.stake.require_of(&c.device.operator)?;
    let its_account = get_associated_token_address_with_program_id(&prover, a.io_mint.key, &anchor_spl::token::ID);
    require!(*a.prover_io.key == its_account, JobsError::WrongOwner);
    let penalty =
        economy::idle::penalty(c.device.required_stake, a.config.rounds.slash_bps).map_err(JobsError::from)?;
    c.device.challenge.caught_by = Pubkey::default();
    let number = c.device.challenge.round;
    let Demotion { class, device_stake, required_stake } =
        c.device.demote(&mut c.operator, &a.config.class_stake, number)?;
    let slashed = if penalty > 0 && whole(&a.claimed.stake.pool)? > 0 { slash(a, penalty)? } else { 0 };
    // Else many wrong answers within an epoch would cost as much as one.
    require!(slashed > 0 || penalty == 0 || whole(&a.claimed.stake.pool)? == 0, JobsError::SlashCapReached);
    let (device, operator) = (a.claimed.device.key, a.claimed.device.operator);
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(ChallengeFailed {
        stamp,
        number,
        device,
        operator,
        reason: Failure::WrongCell,
        class,
        device_stake,
        required_stake,
        slashed
    });
    Ok(())
}

/// Takes up to `amount` from the whole pool; returns what the epoch's limit and the pool's stake allowed.
fn slash(a: &mut PunishDevice, amount: u64) -> Result<u64> {
    let before = whole(&a.claimed.stake.pool)?;
    let (claimed, stake) = (&a.claimed, &a.claimed.stake);
    let accounts = staking::cpi::accounts::Slash {
        jobs_authority: a.jobs_authority.to_account_info(),
        config: stake.staking_config.to_account_info(),
        rewards: claimed.rewards.to_account_info(),
        pool: stake.pool.to_account_info(),
        position: stake.position.to_account_info(),
        staking_authority: claimed.staking_authority.to_account_info(),
        stake_vault: claimed.stake_vault.to_account_info(),
        prover_io: a.prover_io.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        token_program: claimed.token_program.to_account_info(),
        shard: stake.staking_shard.to_account_info(),
        event_authority: stake.staking_event_authority.to_account_info(),
        program: stake.staking_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    let signer = [seeds];
    let context = CpiContext::new_with_signer(stake.staking_program.key(), accounts, &signer);
    staking::cpi::slash(context, 0, amount, SlashReason::WrongCell)?;
    a.claimed.stake.pool.reload()?;
    Ok(before.checked_sub(whole(&a.claimed.stake.pool)?).ok_or(JobsError::AmountOverflow)?)
}

/// What a slash beyond reservations takes from.
fn whole(pool: &PoolStake) -> Result<u64> {
    let sum = pool.active.checked_add(pool.warming).and_then(|sum| sum.checked_add(pool.cooling));
    Ok(sum.ok_or(JobsError::AmountOverflow)?)
}
