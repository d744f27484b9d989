use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::LoyaltyRedeemed;
use crate::state::{add, Config, Loyalty, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token_2022::{self, MintTo, Token2022};
use anchor_spl::token_interface::{Mint, TokenAccount};
use economy::{mul_div_ceil, BPS};

#[event_cpi]
#[derive(Accounts)]
pub struct RedeemLoyalty<'info> {
    pub user: Signer<'info>,
    /// The staking program's PDA; must sign once the user's rebates are shared, and may name the stakers' part.
    pub staking_authority: Option<Signer<'info>>,
    #[account(has_one = iosd_mint)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = user @ CreditsError::WrongOwner)]
    pub loyalty: Box<Account<'info, Loyalty>>,
    /// Shard of the user's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub iosd_mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, dup, token::mint = iosd_mint, token::authority = user)]
    pub user_iosd: Box<InterfaceAccount<'info, TokenAccount>>,
    pub iosd_token_program: Program<'info, Token2022>,
}

pub fn handle(ctx: Context<RedeemLoyalty>, points: u64, stakers_bps: u16) -> Result<()> {
    let a = &mut *ctx.accounts;
    let through_staking = match &a.staking_authority {
        Some(signer) => {
            require!(signer.key() == a.config.staking_authority, CreditsError::NotStakingProgram);
            true
        }
        None => false,
    };
    require!(through_staking || (!a.loyalty.shared && stakers_bps == 0), CreditsError::SharedLoyalty);
    require!(stakers_bps <= MAX_SHARED_BPS, CreditsError::ParameterOutOfBounds);
    let (points, rebate) = a.loyalty.redeem(points, a.config.loyalty_bps)?;
    // The stakers' part is rounded up: it is the user who acts.
    let to_stakers = mul_div_ceil(rebate, u64::from(stakers_bps), BPS).map_err(CreditsError::from)?;
    let to_user = rebate.checked_sub(to_stakers).ok_or(CreditsError::AmountOverflow)?;
    a.loyalty.pooled = add(a.loyalty.pooled, to_stakers)?;
    a.loyalty.invariant()?;
    if to_user > 0 {
        let mint = MintTo {
            mint: a.iosd_mint.to_account_info(),
            to: a.user_iosd.to_account_info(),
            authority: a.config.to_account_info(),
        };
        let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
        token_2022::mint_to(CpiContext::new_with_signer(a.iosd_token_program.key(), mint, &[seeds]), to_user)?;
    }

    let totals = &mut a.shard.totals;
    totals.rebated = add(totals.rebated, rebate)?;
    totals.rebates_minted = add(totals.rebates_minted, to_user)?;
    let user = a.user.key();
    let stamp = a.shard.stamp(&user, &Clock::get()?)?;
    let event = LoyaltyRedeemed {
        stamp,
        user,
        points,
        rebate,
        to_stakers,
        points_left: a.loyalty.points,
        rebated: a.loyalty.rebated,
        pooled: a.loyalty.pooled,
        iosd_balance: add(a.user_iosd.amount, to_user)?,
    };
    emit_cpi!(event);
    Ok(())
}
