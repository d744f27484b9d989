use crate::constants::CONFIG_SEED;
use crate::errors::CreditsError;
use crate::events::RebateMinted;
use crate::state::{add, Config, Loyalty, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token_2022::{self, MintTo, Token2022};
use anchor_spl::token_interface::{Mint, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct MintRebate<'info> {
    /// The staking program's PDA; its signature is the permission.
    pub staking_authority: Signer<'info>,
    #[account(has_one = iosd_mint, has_one = staking_authority @ CreditsError::NotStakingProgram)]
    pub config: Box<Account<'info, Config>>,
    /// Of the user whose stakers share the rebate.
    #[account(mut, dup)]
    pub loyalty: Box<Account<'info, Loyalty>>,
    /// Shard of that user's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub iosd_mint: Box<InterfaceAccount<'info, Mint>>,
    /// The staker's account.
    #[account(mut, dup, token::mint = iosd_mint)]
    pub holder_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    pub iosd_token_program: Program<'info, Token2022>,
}

pub fn handle(ctx: Context<MintRebate>, amount: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    require!(amount > 0, CreditsError::ZeroAmount);
    a.loyalty.pooled = a.loyalty.pooled.checked_sub(amount).ok_or(CreditsError::NothingToRedeem)?;
    let mint = MintTo {
        mint: a.iosd_mint.to_account_info(),
        to: a.holder_iosd.to_account_info(),
        authority: a.config.to_account_info(),
    };
    let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
    token_2022::mint_to(CpiContext::new_with_signer(a.iosd_token_program.key(), mint, &[seeds]), amount)?;

    a.shard.totals.rebates_minted = add(a.shard.totals.rebates_minted, amount)?;
    let user = a.loyalty.user;
    let stamp = a.shard.stamp(&user, &Clock::get()?)?;
    let event = RebateMinted {
        stamp,
        user,
        to: a.holder_iosd.key(),
        amount,
        pooled: a.loyalty.pooled,
        iosd_balance: add(a.holder_iosd.amount, amount)?,
    };
    emit_cpi!(event);
    Ok(())
}
