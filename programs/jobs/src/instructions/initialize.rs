use crate::constants::{AUTHORITY_SEED, CONFIG_SEED, MAX_WINDOW_S};
use crate::errors::JobsError;
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(init, payer = authority, space = 8 + Config::INIT_SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: Account<'info, Config>,
    /// CHECK: the PDA that signs to the credits program; it holds nothing.
    #[account(seeds = [AUTHORITY_SEED], bump)]
    pub jobs_authority: UncheckedAccount<'info>,
    /// This program's data account: names the upgrade authority, so that nobody can initialize first.
    #[account(
        seeds = [crate::ID.as_ref()], bump, seeds::program = bpf_loader_upgradeable::ID,
        constraint = program_data.upgrade_authority_address == Some(authority.key()) @ JobsError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Initialize>, challenge_window_s: u32) -> Result<()> {
    require!((1..=MAX_WINDOW_S).contains(&challenge_window_s), JobsError::ParameterOutOfBounds);
    ctx.accounts.config.set_inner(Config {
        authority: ctx.accounts.authority.key(),
        challenge_window_s,
        bump: ctx.bumps.config,
        authority_bump: ctx.bumps.jobs_authority,
    });
    Ok(())
}
