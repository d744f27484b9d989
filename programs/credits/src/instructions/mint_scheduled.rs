use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::ScheduleMinted;
use crate::state::{add, Config, Emission, Purpose, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, MintTo, Token, TokenAccount};
use economy::IO_CAP;

#[event_cpi]
#[derive(Accounts)]
pub struct MintScheduled<'info> {
    /// The minter of the purpose's budget.
    pub authority: Signer<'info>,
    #[account(has_one = io_mint)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, Emission>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(mut, dup, token::mint = io_mint)]
    pub to: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    /// Shard of the emission account's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<MintScheduled>, purpose: Purpose, amount: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_SCHEDULE)?;
    require!(amount > 0, CreditsError::ZeroAmount);
    let epoch = a.config.epoch_at(clock.unix_timestamp);
    let budget = &mut a.emission.budgets[purpose as usize];
    require!(budget.authority == a.authority.key(), CreditsError::NotTheMinter);
    budget.mint(amount, epoch)?;
    let budget = *budget;
    a.emission.invariant()?;
    require!(add(a.io_mint.supply, amount)? <= IO_CAP, CreditsError::SupplyCap);

    let mint =
        MintTo { mint: a.io_mint.to_account_info(), to: a.to.to_account_info(), authority: a.config.to_account_info() };
    let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
    token::mint_to(CpiContext::new_with_signer(a.token_program.key(), mint, &[seeds]), amount)?;

    a.shard.totals.io_scheduled = add(a.shard.totals.io_scheduled, amount)?;
    let stamp = a.shard.stamp(&a.emission.key(), &clock)?;
    let event = ScheduleMinted {
        stamp,
        purpose,
        to: a.to.key(),
        amount,
        available: budget.available,
        minted: budget.minted,
        epoch,
        epoch_minted: budget.epoch_minted,
    };
    emit_cpi!(event);
    Ok(())
}
