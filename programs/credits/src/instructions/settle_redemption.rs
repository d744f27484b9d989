use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::RedemptionSettled;
use crate::state::{add, Config, Earnings, Emission, Epoch, Shard};
use anchor_lang::prelude::*;
use anchor_lang::AccountsClose;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{self, Mint, MintTo, Token, TokenAccount};
use economy::IO_CAP;

#[event_cpi]
#[derive(Accounts)]
pub struct SettleRedemption<'info> {
    /// Anyone: pays rent where some is due.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: the supplier; checked against the ledger.
    pub owner: UncheckedAccount<'info>,
    #[account(has_one = io_mint)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, Emission>>,
    #[account(mut, dup, has_one = owner @ CreditsError::WrongOwner)]
    pub earnings: Box<Account<'info, Earnings>>,
    /// The epoch of the request. It is closed, so it is never the open one.
    #[account(
        mut, dup, constraint = epoch.index == earnings.request_epoch @ CreditsError::WrongOwner,
        constraint = epoch.closed @ CreditsError::EpochOpen
    )]
    pub epoch: Box<Account<'info, Epoch>>,
    /// CHECK: gets the rent of an epoch that nobody needs any more.
    #[account(mut, address = epoch.payer @ CreditsError::WrongOwner)]
    pub epoch_payer: UncheckedAccount<'info>,
    /// The open epoch, which the rest of the request joins.
    #[account(
        init_if_needed, payer = payer, space = 8 + Epoch::INIT_SPACE,
        seeds = [EPOCH_SEED, &config.epoch_at(Clock::get()?.unix_timestamp).to_le_bytes()], bump
    )]
    pub open_epoch: Box<Account<'info, Epoch>>,
    /// Shard of the owner's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = io_mint, associated_token::authority = owner,
        associated_token::token_program = token_program
    )]
    pub owner_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<SettleRedemption>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (owner, requested, epoch) = (a.owner.key(), a.earnings.requested, a.epoch.index);
    require!(requested > 0, CreditsError::ZeroAmount);
    let (charged, io, dust) = a.epoch.settle(requested)?;
    let joined = a.config.epoch_at(clock.unix_timestamp);
    a.open_epoch.open(joined, a.payer.key(), ctx.bumps.open_epoch);
    let rest = a.earnings.settle(charged, joined)?;
    a.open_epoch.request(rest)?;
    a.emission.redeem(io, dust)?;

    if io > 0 {
        require!(add(a.io_mint.supply, io)? <= IO_CAP, CreditsError::SupplyCap);
        let mint = MintTo {
            mint: a.io_mint.to_account_info(),
            to: a.owner_io.to_account_info(),
            authority: a.config.to_account_info(),
        };
        let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
        token::mint_to(CpiContext::new_with_signer(a.token_program.key(), mint, &[seeds]), io)?;
    }
    if a.epoch.is_done() {
        a.epoch.close(a.epoch_payer.to_account_info())?;
    }

    let totals = &mut a.shard.totals;
    totals.io_redeemed = add(totals.io_redeemed, io)?;
    totals.redeemed = add(totals.redeemed, charged)?;
    let stamp = a.shard.stamp(&owner, &clock)?;
    let event = RedemptionSettled {
        stamp,
        owner,
        epoch,
        requested,
        charged,
        io_minted: io,
        dust,
        rest,
        joined,
        joined_requested: a.open_epoch.requested,
        reserve: a.emission.reserve,
        allocated_total: a.emission.allocated,
    };
    emit_cpi!(event);
    Ok(())
}
