use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::EscrowRefunded;
use crate::state::{add, Config, Escrow, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token_2022::{self, MintTo, Token2022};
use anchor_spl::token_interface::{Mint, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct RefundEscrow<'info> {
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    #[account(has_one = iosd_mint, has_one = jobs_authority @ CreditsError::NotJobsProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, close = payer, has_one = payer @ CreditsError::WrongOwner)]
    pub escrow: Box<Account<'info, Escrow>>,
    /// CHECK: receives the escrow's rent; checked against the escrow.
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub iosd_mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, dup, address = escrow.user_iosd @ CreditsError::WrongOwner)]
    pub user_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    pub iosd_token_program: Program<'info, Token2022>,
}

pub fn handle(ctx: Context<RefundEscrow>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let (job, user, amount) = (a.escrow.job, a.escrow.user, a.escrow.amount);
    let mint = MintTo {
        mint: a.iosd_mint.to_account_info(),
        to: a.user_iosd.to_account_info(),
        authority: a.config.to_account_info(),
    };
    let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
    token_2022::mint_to(CpiContext::new_with_signer(a.iosd_token_program.key(), mint, &[seeds]), amount)?;

    a.shard.totals.refunded = add(a.shard.totals.refunded, amount)?;
    let stamp = a.shard.stamp(&job, &Clock::get()?)?;
    let iosd_balance = add(a.user_iosd.amount, amount)?;
    emit_cpi!(EscrowRefunded { stamp, job, user, amount, iosd_balance });
    Ok(())
}
