use crate::constants::*;
use crate::errors::StakingError;
use crate::events::PoolOpened;
use crate::state::{Config, Pool, PoolKind, Rewards, Shard};
use anchor_lang::prelude::*;
use credits::program::Credits;

#[event_cpi]
#[derive(Accounts)]
#[instruction(kind: PoolKind)]
pub struct OpenPool<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(
        init, payer = owner, space = 8 + Pool::INIT_SPACE,
        seeds = [POOL_SEED, owner.key().as_ref(), &[kind as u8]], bump
    )]
    pub pool: Box<Account<'info, Pool>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer. A user's pool needs it,
    /// and the five accounts that follow.
    pub staking_authority: Option<UncheckedAccount<'info>>,
    pub credits_program: Option<Program<'info, Credits>>,
    /// CHECK: checked by the credits program.
    pub credits_config: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the credits program: must be the owner's.
    #[account(mut)]
    pub loyalty: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: Option<UncheckedAccount<'info>>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenPool>, kind: PoolKind, commission_bps: u16) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_OPEN)?;
    require!(commission_bps <= a.config.max_commission_bps, StakingError::CommissionTooHigh);
    let (pool, owner) = (a.pool.key(), a.owner.key());
    a.pool.owner = owner;
    a.pool.kind = kind;
    a.pool.payer = owner;
    a.pool.commission_epoch = a.config.epoch_at(clock.unix_timestamp);
    a.pool.bump = ctx.bumps.pool;
    let operator = kind == PoolKind::Operator;
    a.pool.write(&economy::stake::Pool::open(operator, commission_bps, &a.rewards.rules()));
    if kind == PoolKind::User {
        share_loyalty(a)?;
    }
    let stamp = a.shard.stamp(&pool, &clock)?;
    let rewards_index = a.pool.rewards_index;
    emit_cpi!(PoolOpened { stamp, pool, owner, kind, commission_bps, rewards_index });
    Ok(())
}

fn share_loyalty(a: &OpenPool) -> Result<()> {
    let (Some(authority), Some(program), Some(config)) = (&a.staking_authority, &a.credits_program, &a.credits_config)
    else {
        return err!(StakingError::MissingLoyalty);
    };
    let (Some(loyalty), Some(shard), Some(events)) = (&a.loyalty, &a.credits_shard, &a.credits_event_authority) else {
        return err!(StakingError::MissingLoyalty);
    };
    let accounts = credits::cpi::accounts::ShareLoyalty {
        staking_authority: authority.to_account_info(),
        user: a.owner.to_account_info(),
        config: config.to_account_info(),
        loyalty: loyalty.to_account_info(),
        shard: shard.to_account_info(),
        event_authority: events.to_account_info(),
        program: program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    credits::cpi::share_loyalty(CpiContext::new_with_signer(program.key(), accounts, &[seeds]))
}
