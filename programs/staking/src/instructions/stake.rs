use crate::constants::*;
use crate::errors::StakingError;
use crate::events::StakeAdded;
use crate::state::{step, Config, Pool, Position, Rewards, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Token, TokenAccount, Transfer};

#[event_cpi]
#[derive(Accounts)]
pub struct Stake<'info> {
    #[account(mut)]
    pub holder: Signer<'info>,
    #[account(has_one = stake_vault @ StakingError::WrongVault)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(
        init_if_needed, payer = holder, space = 8 + Position::INIT_SPACE,
        seeds = [POSITION_SEED, pool.key().as_ref(), holder.key().as_ref()], bump
    )]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut)]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = config.io_mint, token::authority = holder)]
    pub holder_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Stake>, amount: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_STAKE)?;
    require!(a.holder_io.amount >= amount, StakingError::InsufficientIo);
    let accounts = Transfer {
        from: a.holder_io.to_account_info(),
        to: a.stake_vault.to_account_info(),
        authority: a.holder.to_account_info(),
    };
    token::transfer(CpiContext::new(a.token_program.key(), accounts), amount)?;

    let (pool, holder) = (a.pool.key(), a.holder.key());
    a.position.open_if_new(&a.pool, holder, ctx.bumps.position);
    let epoch = a.config.epoch_at(clock.unix_timestamp);
    let due = step(&mut a.rewards, &mut a.pool, &mut a.position, |rewards, pool, position| {
        economy::stake::stake(rewards, pool, position, amount, epoch)
    })?;
    let stamp = a.shard.stamp(&pool, &clock)?;
    let event = StakeAdded {
        stamp,
        pool,
        holder,
        amount,
        warm_epoch: a.position.warm_epoch,
        fold: due.fold,
        activated: due.activated,
        position: a.position.state(),
        pool_state: a.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
