use crate::constants::{AUTHORITY_SEED, PAUSE_COLLECT};
use crate::errors::StakingError;
use crate::events::RewardsCollected;
use crate::state::{Config, Rewards, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use credits::program::Credits;
use credits::Purpose;

#[event_cpi]
#[derive(Accounts)]
pub struct CollectRewards<'info> {
    #[account(has_one = reward_vault @ StakingError::WrongVault)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    /// Shard of the rewards account's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub reward_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub staking_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, credits::state::Emission>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
}

/// Does nothing if there is nothing to take or nobody to give it to.
pub fn handle(ctx: Context<CollectRewards>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_COLLECT)?;
    let epoch = a.config.epoch_at(clock.unix_timestamp);
    let amount = a.emission.budgets[Purpose::Stakers as usize].mintable(epoch);
    if amount == 0 || a.rewards.weight == 0 {
        return Ok(());
    }
    mint(a, amount)?;
    let mut rewards = a.rewards.rules();
    rewards.distribute(amount).map_err(StakingError::from)?;
    a.rewards.write(&rewards);
    let event = RewardsCollected {
        stamp: a.shard.stamp(&a.rewards.key(), &clock)?,
        amount,
        undistributed: a.rewards.undistributed,
        index: a.rewards.index,
        weight: a.rewards.weight,
        collected: a.rewards.collected,
    };
    emit_cpi!(event);
    Ok(())
}

fn mint(a: &CollectRewards, amount: u64) -> Result<()> {
    let accounts = credits::cpi::accounts::MintScheduled {
        authority: a.staking_authority.to_account_info(),
        config: a.credits_config.to_account_info(),
        emission: a.emission.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        to: a.reward_vault.to_account_info(),
        token_program: a.token_program.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    let signer = &[seeds];
    let ctx = CpiContext::new_with_signer(a.credits_program.key(), accounts, signer);
    credits::cpi::mint_scheduled(ctx, Purpose::Stakers, amount)
}
