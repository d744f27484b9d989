use crate::errors::StakingError;
use crate::events::StakeForfeited;
use crate::instructions::vault;
use crate::state::{step, Config, Pool, PoolKind, Position, Rewards, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address;
use anchor_spl::token::{Token, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct Forfeit<'info> {
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    #[account(has_one = jobs_authority @ StakingError::NotJobsProgram, has_one = stake_vault @ StakingError::WrongVault)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    /// The operator's own.
    #[account(
        mut, dup, has_one = pool @ StakingError::WrongOwner,
        constraint = position.holder == pool.owner @ StakingError::WrongOwner
    )]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup)]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: owns the vault; only its own address can sign.
    pub staking_authority: UncheckedAccount<'info>,
    /// CHECK: whom the jobs program names.
    pub user: UncheckedAccount<'info>,
    /// CHECK: the user's associated account by its address alone: a user who gave it away or closed it must not be able
    /// to keep the job from ending when nothing is paid, and whose it is now is theirs to decide. The token program
    /// checks the rest.
    #[account(
        mut, address = get_associated_token_address(&user.key(), &config.io_mint) @ StakingError::WrongOwner
    )]
    pub user_io: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle(ctx: Context<Forfeit>, reserved: u64, amount: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    let fold = step(&mut a.rewards, &mut a.pool, &mut a.position, |rewards, pool, position| {
        economy::stake::forfeit(rewards, pool, position, reserved, amount)
    })?;
    let (vault, to) = (a.stake_vault.to_account_info(), a.user_io.to_account_info());
    vault::pay(&a.config, &a.token_program, a.staking_authority.to_account_info(), vault, to, amount)?;
    let pool = a.pool.key();
    let event = StakeForfeited {
        stamp: a.shard.stamp(&pool, &Clock::get()?)?,
        pool,
        user: a.user.key(),
        to_user: amount,
        released: reserved.checked_sub(amount).ok_or(StakingError::NotEnoughReserved)?,
        fold,
        position: a.position.state(),
        pool_state: a.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
