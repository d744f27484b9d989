use crate::constants::AUTHORITY_SEED;
use crate::errors::StakingError;
use crate::events::RebatesClaimed;
use crate::instructions::holding::*;
use crate::state::PoolKind;
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token_2022::Token2022;
use anchor_spl::token_interface::{Mint, TokenAccount};
use credits::program::Credits;

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimRebates<'info> {
    /// Anyone.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub holding: Holding<'info>,
    /// CHECK: the position's holder.
    #[account(address = holding.position.holder @ StakingError::WrongOwner)]
    pub holder: UncheckedAccount<'info>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub staking_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    /// The pool's user's, which the rebates come from.
    #[account(mut, dup, constraint = loyalty.user == holding.pool.owner @ StakingError::WrongOwner)]
    pub loyalty: Box<Account<'info, credits::state::Loyalty>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// The credits program checks that it is the right one.
    #[account(mut)]
    pub iosd_mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = iosd_mint, associated_token::authority = holder,
        associated_token::token_program = iosd_token_program
    )]
    pub holder_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
    pub iosd_token_program: Program<'info, Token2022>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<ClaimRebates>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.holding.pool.require(PoolKind::User)?;
    let epoch = a.holding.config.epoch_at(clock.unix_timestamp);
    let step = |rewards: &mut _, pool: &mut _, position: &mut _| economy::stake::claim(rewards, pool, position, epoch);
    let (due, amount) = a.holding.step(step)?;
    mint(a, amount)?;
    let h = &mut a.holding;
    let event = RebatesClaimed {
        stamp: h.stamp(&clock)?,
        pool: h.pool.key(),
        holder: h.position.holder,
        amount,
        activated: due.activated,
        position: h.position.state(),
        pool_state: h.pool.state(),
    };
    emit_cpi!(event);
    Ok(())
}

fn mint(a: &ClaimRebates, amount: u64) -> Result<()> {
    let accounts = credits::cpi::accounts::MintRebate {
        staking_authority: a.staking_authority.to_account_info(),
        config: a.credits_config.to_account_info(),
        loyalty: a.loyalty.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        iosd_mint: a.iosd_mint.to_account_info(),
        holder_iosd: a.holder_iosd.to_account_info(),
        iosd_token_program: a.iosd_token_program.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.holding.config.authority_bump]];
    credits::cpi::mint_rebate(CpiContext::new_with_signer(a.credits_program.key(), accounts, &[seeds]), amount)
}
