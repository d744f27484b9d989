use crate::errors::StakingError;
use crate::events::StakeWithdrawn;
use crate::instructions::holding::*;
use crate::instructions::vault;
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct Withdraw<'info> {
    #[account(address = holding.position.holder @ StakingError::WrongOwner)]
    pub holder: Signer<'info>,
    pub holding: Holding<'info>,
    #[account(mut, address = holding.config.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: owns the vault; only its own address can sign.
    pub staking_authority: UncheckedAccount<'info>,
    /// Any of the holder's.
    #[account(mut, token::mint = holding.config.io_mint, token::authority = holder)]
    pub holder_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

pub fn handle(ctx: Context<Withdraw>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let h = &mut a.holding;
    let epoch = h.config.epoch_at(clock.unix_timestamp);
    let (due, amount) = h.step(|rewards, pool, position| economy::stake::withdraw(rewards, pool, position, epoch))?;
    let (vault, to) = (a.stake_vault.to_account_info(), a.holder_io.to_account_info());
    vault::pay(&h.config, &a.token_program, a.staking_authority.to_account_info(), vault, to, amount)?;
    let event = StakeWithdrawn {
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
