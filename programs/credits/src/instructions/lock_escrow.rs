use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::EscrowLocked;
use crate::state::{add, Config, Escrow, Loyalty, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token_2022::{self, Burn, Token2022};
use anchor_spl::token_interface::{Mint, TokenAccount};

#[event_cpi]
#[derive(Accounts)]
pub struct LockEscrow<'info> {
    #[account(mut)]
    pub user: Signer<'info>,
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    /// CHECK: the jobs program vouches for it; only its key is used.
    pub job: UncheckedAccount<'info>,
    #[account(has_one = iosd_mint, has_one = jobs_authority @ CreditsError::NotJobsProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(init, payer = user, space = 8 + Escrow::INIT_SPACE, seeds = [ESCROW_SEED, job.key().as_ref()], bump)]
    pub escrow: Box<Account<'info, Escrow>>,
    /// Must exist, or nobody could settle the job.
    #[account(has_one = user @ CreditsError::WrongOwner)]
    pub loyalty: Box<Account<'info, Loyalty>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub iosd_mint: Box<InterfaceAccount<'info, Mint>>,
    /// The associated account and no other, so that anybody can create it again for a refund.
    #[account(
        mut, dup, associated_token::mint = iosd_mint, associated_token::authority = user,
        associated_token::token_program = iosd_token_program
    )]
    pub user_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    pub iosd_token_program: Program<'info, Token2022>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<LockEscrow>, amount: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_LOCK)?;
    require!(amount > 0, CreditsError::ZeroAmount);
    let iosd_balance = a.user_iosd.amount.checked_sub(amount).ok_or(CreditsError::InsufficientCredits)?;
    let burn = Burn {
        mint: a.iosd_mint.to_account_info(),
        from: a.user_iosd.to_account_info(),
        authority: a.user.to_account_info(),
    };
    token_2022::burn(CpiContext::new(a.iosd_token_program.key(), burn), amount)?;

    let (job, user, user_iosd) = (a.job.key(), a.user.key(), a.user_iosd.key());
    // The rent goes by way of the job, which gives it to the user with its own. Two programs must not pay one account of a
    // stranger's in one instruction: the runtime loses the inner payment if that account has become a program.
    a.escrow.set_inner(Escrow { job, user, user_iosd, payer: job, amount, bump: ctx.bumps.escrow });
    a.shard.totals.locked = add(a.shard.totals.locked, amount)?;
    let stamp = a.shard.stamp(&job, &Clock::get()?)?;
    emit_cpi!(EscrowLocked { stamp, job, user, amount, iosd_balance });
    Ok(())
}
