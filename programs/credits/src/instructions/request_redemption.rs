use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::RedemptionRequested;
use crate::state::{Config, Earnings, Epoch, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct RequestRedemption<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
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
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RequestRedemption>, amount: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    require!(amount > 0, CreditsError::ZeroAmount);
    let (owner, epoch) = (a.owner.key(), a.config.epoch_at(clock.unix_timestamp));
    a.epoch.open(epoch, owner, ctx.bumps.epoch);
    a.earnings.request(amount, epoch)?;
    a.epoch.request(amount)?;
    let stamp = a.shard.stamp(&owner, &clock)?;
    let event = RedemptionRequested {
        stamp,
        owner,
        amount,
        epoch,
        requested: a.earnings.requested,
        earnings_owed: a.earnings.owed,
        epoch_requested: a.epoch.requested,
    };
    emit_cpi!(event);
    Ok(())
}
