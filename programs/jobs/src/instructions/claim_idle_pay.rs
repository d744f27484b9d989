use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::IdlePaid;
use crate::state::{Config, Operator, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use anchor_spl::token::Token;
use credits::program::Credits;
use credits::Purpose;

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimIdlePay<'info> {
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub operator: Box<Account<'info, Operator>>,
    /// Shard of the operator's owner.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: the owner's IO account at the associated address.
    #[account(mut)]
    pub owner_io: UncheckedAccount<'info>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    pub credits_config: Box<Account<'info, credits::state::Config>>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, credits::state::Emission>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
}

/// Does nothing if nothing is owed or the budget's limits allow nothing now.
pub fn handle(ctx: Context<ClaimIdlePay>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let operator = a.operator.owner;
    let its_account = get_associated_token_address_with_program_id(&operator, a.io_mint.key, &anchor_spl::token::ID);
    require!(*a.owner_io.key == its_account, JobsError::WrongOwner);
    let epoch = a.credits_config.epoch_at(clock.unix_timestamp);
    let amount = a.operator.idle_owed.min(a.emission.budgets[Purpose::Idle as usize].mintable(epoch));
    if amount == 0 {
        return Ok(());
    }
    let owed = a.operator.idle_owed.checked_sub(amount).ok_or(JobsError::AmountOverflow)?;
    let promised = a.config.idle_promised.checked_sub(amount).ok_or(JobsError::AmountOverflow)?;
    a.operator.idle_owed = owed;
    a.config.idle_promised = promised;
    mint(a, amount)?;
    let stamp = a.shard.stamp(&operator, &clock)?;
    emit_cpi!(IdlePaid { stamp, operator, amount, owed, promised });
    Ok(())
}

fn mint(a: &ClaimIdlePay, amount: u64) -> Result<()> {
    let accounts = credits::cpi::accounts::MintScheduled {
        authority: a.jobs_authority.to_account_info(),
        config: a.credits_config.to_account_info(),
        emission: a.emission.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        to: a.owner_io.to_account_info(),
        token_program: a.token_program.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    let signer = &[seeds];
    let ctx = CpiContext::new_with_signer(a.credits_program.key(), accounts, signer);
    credits::cpi::mint_scheduled(ctx, Purpose::Idle, amount)
}
