use crate::constants::SILENCE_BPS;
use crate::errors::StakingError;
use crate::events::StakeSlashed;
use crate::instructions::vault;
use crate::state::{step, Config, Pool, PoolKind, Position, Rewards, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

/// Why stake is taken.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlashReason {
    /// A wrong cell was proven: whoever proved it gets the prover's share.
    WrongCell,
    /// An answer was owed and did not come. Nothing had to be proven, so whoever noticed gets [`SILENCE_BPS`] at most.
    Silence,
}

impl SlashReason {
    /// The caller's share, basis points; the rest is burned.
    pub fn share(self, prover_bps: u16) -> u16 {
        match self {
            SlashReason::WrongCell => prover_bps,
            SlashReason::Silence => prover_bps.min(SILENCE_BPS),
        }
    }
}

#[event_cpi]
#[derive(Accounts)]
pub struct Slash<'info> {
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    #[account(
        has_one = jobs_authority @ StakingError::NotJobsProgram, has_one = stake_vault @ StakingError::WrongVault,
        has_one = io_mint @ StakingError::WrongOwner
    )]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    /// The operator's own.
    #[account(
        mut, dup, has_one = pool @ StakingError::WrongOwner,
        constraint = position.holder == pool.owner @ StakingError::WrongOwner
    )]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut)]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: owns the vault; only its own address can sign.
    pub staking_authority: UncheckedAccount<'info>,
    /// Any IO account but the vault, as the jobs program names it.
    #[account(mut, token::mint = io_mint)]
    pub prover_io: Box<Account<'info, TokenAccount>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    pub token_program: Program<'info, Token>,
}

pub fn handle(ctx: Context<Slash>, reserved: u64, beyond: u64, reason: SlashReason) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::Operator)?;
    let order = economy::stake::Slash {
        reserved,
        beyond,
        epoch: a.config.epoch_at(clock.unix_timestamp),
        cap_bps: a.config.slash_cap_bps,
        prover_bps: reason.share(a.config.prover_bps),
    };
    let done = step(&mut a.rewards, &mut a.pool, &mut a.position, |rewards, pool, position| {
        economy::stake::slash(rewards, pool, position, order)
    })?;
    let (authority, vault) = (a.staking_authority.to_account_info(), a.stake_vault.to_account_info());
    let (prover, mint) = (a.prover_io.to_account_info(), a.io_mint.to_account_info());
    vault::pay(&a.config, &a.token_program, authority.clone(), vault.clone(), prover, done.to_prover)?;
    vault::burn(&a.config, &a.token_program, authority, vault, mint, done.burned)?;
    let pool = a.pool.key();
    // The pool remembers its last slash beyond reservations, which may be of an earlier epoch.
    let of_now = a.pool.slash_epoch == order.epoch;
    let event = StakeSlashed {
        stamp: a.shard.stamp(&pool, &clock)?,
        pool,
        reason,
        reserved: done.reserved,
        beyond: done.beyond,
        to_prover: done.to_prover,
        burned: done.burned,
        factor: a.pool.factor,
        epoch: order.epoch,
        epoch_slashed: if of_now { a.pool.slashed } else { 0 },
        slash_base: if of_now { a.pool.slash_base } else { 0 },
        fold: done.fold,
        position: a.position.state(),
        pool_state: a.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}
