use crate::constants::*;
use crate::errors::StakingError;
use crate::state::{Config, Rewards};
use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;
use anchor_spl::token::{Mint, Token, TokenAccount};

/// Launch parameters; bounds in [`Config::invariant`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct InitializeArgs {
    /// The jobs program's signing PDA.
    pub jobs_authority: Pubkey,
    /// The governance program's signing PDA. The initializer is the authority until it hands over.
    pub voting_authority: Pubkey,
    /// Longest time from a job's claim to the end of its last dispute, seconds.
    pub dispute_s: u32,
    pub slash_cap_bps: u16,
    pub prover_bps: u16,
    pub max_commission_bps: u16,
}

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(init, payer = authority, space = 8 + Config::INIT_SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(init, payer = authority, space = 8 + Rewards::INIT_SPACE, seeds = [REWARDS_SEED], bump)]
    pub rewards: Box<Account<'info, Rewards>>,
    /// Its epochs are this program's, and it must name this program's authority.
    #[account(has_one = io_mint, has_one = staking_authority @ StakingError::WrongOwner)]
    pub credits_config: Box<Account<'info, credits::state::Config>>,
    pub io_mint: Box<Account<'info, Mint>>,
    /// CHECK: the PDA that owns both vaults and signs to the credits program.
    #[account(seeds = [AUTHORITY_SEED], bump)]
    pub staking_authority: UncheckedAccount<'info>,
    #[account(
        init, payer = authority, seeds = [STAKE_VAULT_SEED], bump,
        token::mint = io_mint, token::authority = staking_authority, token::token_program = token_program
    )]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    #[account(
        init, payer = authority, seeds = [REWARD_VAULT_SEED], bump,
        token::mint = io_mint, token::authority = staking_authority, token::token_program = token_program
    )]
    pub reward_vault: Box<Account<'info, TokenAccount>>,
    /// This program's data account: names the upgrade authority, so that nobody can initialize first.
    #[account(
        seeds = [crate::ID.as_ref()], bump, seeds::program = bpf_loader_upgradeable::ID,
        constraint = program_data.upgrade_authority_address == Some(authority.key()) @ StakingError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.set_inner(Config {
        authority: a.authority.key(),
        pending_authority: Pubkey::default(),
        jobs_authority: args.jobs_authority,
        voting_authority: args.voting_authority,
        io_mint: a.io_mint.key(),
        stake_vault: a.stake_vault.key(),
        reward_vault: a.reward_vault.key(),
        genesis_time: a.credits_config.genesis_time,
        epoch_s: a.credits_config.epoch_s,
        dispute_s: args.dispute_s,
        slash_cap_bps: args.slash_cap_bps,
        prover_bps: args.prover_bps,
        max_commission_bps: args.max_commission_bps,
        paused: 0,
        bump: ctx.bumps.config,
        authority_bump: ctx.bumps.staking_authority,
    });
    a.config.invariant()?;
    a.rewards.bump = ctx.bumps.rewards;
    Ok(())
}
