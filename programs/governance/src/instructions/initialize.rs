use crate::constants::{AUTHORITY_SEED, CONFIG_SEED, DEPOSIT_VAULT_SEED, KINDS};
use crate::errors::GovernanceError;
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;
use anchor_spl::token::{Mint, Token, TokenAccount};

/// Launch rules; bounds in `economy::vote`.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct InitializeArgs {
    /// May stop proposals and set pause flags; the default key is nobody.
    pub guardian: Pubkey,
    /// IO, base units.
    pub deposit: u64,
    pub voting_s: u32,
    pub timelock_s: u32,
    pub grace_s: u32,
    pub quorum_bps: u16,
    pub threshold_bps: u16,
}

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(init, payer = authority, space = 8 + Config::INIT_SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: Box<Account<'info, Config>>,
    /// CHECK: the PDA that is the other programs' authority.
    #[account(seeds = [AUTHORITY_SEED], bump)]
    pub governance_authority: UncheckedAccount<'info>,
    /// Names the coin.
    #[account(has_one = io_mint @ GovernanceError::WrongTarget)]
    pub credits_config: Box<Account<'info, credits::state::Config>>,
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(
        init, payer = authority, seeds = [DEPOSIT_VAULT_SEED], bump,
        token::mint = io_mint, token::authority = governance_authority, token::token_program = token_program
    )]
    pub deposit_vault: Box<Account<'info, TokenAccount>>,
    /// This program's data account: names the upgrade authority, so that nobody can initialize first.
    #[account(
        seeds = [crate::ID.as_ref()], bump, seeds::program = bpf_loader_upgradeable::ID,
        constraint = program_data.upgrade_authority_address == Some(authority.key()) @ GovernanceError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.set_inner(Config {
        guardian: args.guardian,
        pending_guardian: Pubkey::default(),
        io_mint: a.io_mint.key(),
        deposit: args.deposit,
        voting_s: args.voting_s,
        timelock_s: args.timelock_s,
        grace_s: args.grace_s,
        quorum_bps: args.quorum_bps,
        threshold_bps: args.threshold_bps,
        rules_version: 0,
        next_proposal: 0,
        deposits_burned: 0,
        paused: 0,
        changed: [0; KINDS],
        bump: ctx.bumps.config,
        authority_bump: ctx.bumps.governance_authority,
        vault_bump: ctx.bumps.deposit_vault,
    });
    a.config.invariant()
}
