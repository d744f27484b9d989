use crate::errors::StakingError;
use crate::events::CommissionClaimed;
use crate::instructions::vault;
use crate::state::{Config, Pool, PoolKind, Rewards, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{Mint, Token, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimCommission<'info> {
    /// Anyone.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(has_one = reward_vault @ StakingError::WrongVault, has_one = io_mint @ StakingError::WrongOwner)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup, has_one = owner @ StakingError::WrongOwner)]
    pub pool: Box<Account<'info, Pool>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: the pool's owner.
    pub owner: UncheckedAccount<'info>,
    #[account(mut)]
    pub reward_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: owns the vault; only its own address can sign.
    pub staking_authority: UncheckedAccount<'info>,
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = io_mint, associated_token::authority = owner,
        associated_token::token_program = token_program
    )]
    pub owner_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<ClaimCommission>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    let fold = a.pool.fold(&a.rewards)?.reward;
    let (mut rewards, mut pool) = (a.rewards.rules(), a.pool.rules());
    let amount = pool.take_commission(&mut rewards).map_err(StakingError::from)?;
    a.rewards.write(&rewards);
    a.pool.write(&pool);
    let (vault, to) = (a.reward_vault.to_account_info(), a.owner_io.to_account_info());
    vault::pay(&a.config, &a.token_program, a.staking_authority.to_account_info(), vault, to, amount)?;
    let (pool, owner) = (a.pool.key(), a.owner.key());
    let stamp = a.shard.stamp(&pool, &clock)?;
    let pool_state = a.pool.state();
    emit_cpi!(CommissionClaimed { stamp, pool, owner, amount, fold, pool_state });
    Ok(())
}
