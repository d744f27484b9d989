use crate::constants::AUTHORITY_SEED;
use crate::errors::StakingError;
use crate::events::LoyaltyShared;
use crate::state::{Config, Pool, PoolKind, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token_2022::Token2022;
use anchor_spl::token_interface::TokenAccount;
use credits::program::Credits;
use economy::BPS;

#[event_cpi]
#[derive(Accounts)]
pub struct RedeemLoyalty<'info> {
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = owner @ StakingError::WrongOwner)]
    pub pool: Box<Account<'info, Pool>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub staking_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    #[account(mut, dup, constraint = loyalty.user == owner.key() @ StakingError::WrongOwner)]
    pub loyalty: Box<Account<'info, credits::state::Loyalty>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub iosd_mint: UncheckedAccount<'info>,
    /// The credits program checks that it is the owner's.
    #[account(mut, dup)]
    pub user_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    pub iosd_token_program: Program<'info, Token2022>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<RedeemLoyalty>, points: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.pool.require(PoolKind::User)?;
    let before = (a.loyalty.points, a.loyalty.pooled, a.user_iosd.amount);
    let commission = u64::from(a.pool.commission_bps);
    let stakers_bps = BPS.checked_sub(commission).and_then(|bps| u16::try_from(bps).ok());
    redeem(a, points, stakers_bps.ok_or(StakingError::ParameterOutOfBounds)?)?;
    a.loyalty.reload()?;
    a.user_iosd.reload()?;
    let less = |a: u64, b: u64| a.checked_sub(b).ok_or(StakingError::BooksBroken);
    let taken = less(before.0, a.loyalty.points)?;
    let to_stakers = less(a.loyalty.pooled, before.1)?;
    let to_user = less(a.user_iosd.amount, before.2)?;

    let mut pool = a.pool.rules();
    pool.distribute(to_stakers).map_err(StakingError::from)?;
    a.pool.write(&pool);
    let (pool, owner) = (a.pool.key(), a.owner.key());
    let stamp = a.shard.stamp(&pool, &Clock::get()?)?;
    let pool_state = a.pool.state();
    emit_cpi!(LoyaltyShared { stamp, pool, owner, points: taken, to_user, to_stakers, pool_state });
    Ok(())
}

fn redeem(a: &RedeemLoyalty, points: u64, stakers_bps: u16) -> Result<()> {
    let accounts = credits::cpi::accounts::RedeemLoyalty {
        user: a.owner.to_account_info(),
        staking_authority: Some(a.staking_authority.to_account_info()),
        config: a.credits_config.to_account_info(),
        loyalty: a.loyalty.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        iosd_mint: a.iosd_mint.to_account_info(),
        user_iosd: a.user_iosd.to_account_info(),
        iosd_token_program: a.iosd_token_program.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    let signer = &[seeds];
    let ctx = CpiContext::new_with_signer(a.credits_program.key(), accounts, signer);
    credits::cpi::redeem_loyalty(ctx, points, stakers_bps)
}
