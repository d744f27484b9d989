use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::EarningsRedeemed;
use crate::state::{add, Config, Earnings, Epoch, Feed, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{self, Mint, MintTo, Token, TokenAccount};
use economy::IO_CAP;

#[event_cpi]
#[derive(Accounts)]
pub struct RedeemEarnings<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(has_one = io_mint)]
    pub config: Box<Account<'info, Config>>,
    pub feed: Box<Account<'info, Feed>>,
    #[account(
        init_if_needed, payer = owner, space = 8 + Epoch::INIT_SPACE,
        seeds = [EPOCH_SEED, &config.epoch_at(Clock::get()?.unix_timestamp).to_le_bytes()], bump
    )]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(mut, dup, has_one = owner @ CreditsError::WrongOwner)]
    pub earnings: Box<Account<'info, Earnings>>,
    /// Shard of the owner's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(
        init_if_needed, payer = owner,
        associated_token::mint = io_mint, associated_token::authority = owner,
        associated_token::token_program = token_program
    )]
    pub owner_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RedeemEarnings>, amount: u64, min_io: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    require!(amount > 0, CreditsError::ZeroAmount);
    a.earnings.owed = a.earnings.owed.checked_sub(amount).ok_or(CreditsError::InsufficientEarnings)?;
    a.earnings.redeemed = add(a.earnings.redeemed, amount)?;
    let price = a.feed.read_price(clock.unix_timestamp, &a.config)?.paying();
    let io = economy::price::io_payout(amount, price).map_err(CreditsError::from)?;
    require!(io > 0, CreditsError::ZeroAmount);
    require!(io >= min_io, CreditsError::SlippageExceeded);

    a.epoch.index = a.config.epoch_at(clock.unix_timestamp);
    a.epoch.bump = ctx.bumps.epoch;
    a.epoch.io_redeemed = add(a.epoch.io_redeemed, io)?;
    require!(a.epoch.io_redeemed <= a.config.redemption_budget, CreditsError::RedemptionBudgetExhausted);
    require!(add(a.io_mint.supply, io)? <= IO_CAP, CreditsError::SupplyCap);

    let mint = MintTo {
        mint: a.io_mint.to_account_info(),
        to: a.owner_io.to_account_info(),
        authority: a.config.to_account_info(),
    };
    let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
    token::mint_to(CpiContext::new_with_signer(a.token_program.key(), mint, &[seeds]), io)?;

    let totals = &mut a.shard.totals;
    totals.io_redeemed = add(totals.io_redeemed, io)?;
    totals.redeemed = add(totals.redeemed, amount)?;
    let owner = a.owner.key();
    let stamp = a.shard.stamp(&owner, &clock)?;
    let (epoch, epoch_io_redeemed, earnings_owed) = (a.epoch.index, a.epoch.io_redeemed, a.earnings.owed);
    emit_cpi!(EarningsRedeemed {
        stamp,
        owner,
        iosd: amount,
        io_minted: io,
        price,
        epoch,
        epoch_io_redeemed,
        earnings_owed
    });
    Ok(())
}
