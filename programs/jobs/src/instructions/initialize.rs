use crate::constants::{AUTHORITY_SEED, CLASSES, CONFIG_SEED};
use crate::errors::JobsError;
use crate::state::{Config, RoundRules};
use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;

/// Launch parameters; bounds in [`crate::Parameter::bounds`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct InitializeArgs {
    pub challenge_window_s: u32,
    pub reserve_bps: u32,
    pub forfeit_bps: u16,
    /// IO base units.
    pub class_stake: [u64; CLASSES],
    pub audit_bps: u16,
    pub audit_cells: u8,
    pub answer_s: u32,
    /// Lamports.
    pub demand_bond: u64,
    pub demand_answer_s: u32,
    pub rounds: RoundRules,
}

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

pub fn handle(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
    ctx.accounts.config.set_inner(Config {
        authority: ctx.accounts.authority.key(),
        pending_authority: Pubkey::default(),
        challenge_window_s: args.challenge_window_s,
        reserve_bps: args.reserve_bps,
        forfeit_bps: args.forfeit_bps,
        class_stake: args.class_stake,
        audit_bps: args.audit_bps,
        audit_cells: args.audit_cells,
        answer_s: args.answer_s,
        demand_bond: args.demand_bond,
        demand_answer_s: args.demand_answer_s,
        rounds: args.rounds,
        round: 0,
        round_live: false,
        next_round_at: 0,
        settled_round: 0,
        idle_promised: 0,
        paused: 0,
        bump: ctx.bumps.config,
        authority_bump: ctx.bumps.jobs_authority,
    });
    ctx.accounts.config.invariant()
}
