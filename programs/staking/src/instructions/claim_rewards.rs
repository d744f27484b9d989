use crate::errors::StakingError;
use crate::events::RewardsClaimed;
use crate::instructions::holding::*;
use crate::instructions::vault;
use crate::state::PoolKind;
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{Mint, Token, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimRewards<'info> {
    /// Anyone.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub holding: Holding<'info>,
    /// CHECK: the position's holder.
    #[account(address = holding.position.holder @ StakingError::WrongOwner)]
    pub holder: UncheckedAccount<'info>,
    #[account(mut, address = holding.config.reward_vault @ StakingError::WrongVault)]
    pub reward_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: owns the vault; only its own address can sign.
    pub staking_authority: UncheckedAccount<'info>,
    #[account(address = holding.config.io_mint @ StakingError::WrongOwner)]
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = io_mint, associated_token::authority = holder,
        associated_token::token_program = token_program
    )]
    pub holder_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<ClaimRewards>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let h = &mut a.holding;
    h.pool.require(PoolKind::Operator)?;
    let epoch = h.config.epoch_at(clock.unix_timestamp);
    let (due, amount) = h.step(|rewards, pool, position| economy::stake::claim(rewards, pool, position, epoch))?;
    let (vault, to) = (a.reward_vault.to_account_info(), a.holder_io.to_account_info());
    vault::pay(&h.config, &a.token_program, a.staking_authority.to_account_info(), vault, to, amount)?;
    let event = RewardsClaimed {
        stamp: h.stamp(&clock)?,
        pool: h.pool.key(),
        holder: h.position.holder,
        amount,
        fold: due.fold,
        activated: due.activated,
        position: h.position.state(),
        pool_state: h.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
