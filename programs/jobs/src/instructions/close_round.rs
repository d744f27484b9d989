use crate::errors::JobsError;
use crate::events::RoundClosed;
use crate::state::{Config, Round, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct CloseRound<'info> {
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, close = opener)]
    pub round: Box<Account<'info, Round>>,
    /// CHECK: who paid the round's rent.
    #[account(mut, address = round.opener @ JobsError::WrongOwner)]
    pub opener: UncheckedAccount<'info>,
    /// Shard of the round's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<CloseRound>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let left = a.round.left()?;
    let promised = a.config.idle_promised.checked_sub(left).ok_or(JobsError::AmountOverflow)?;
    a.config.idle_promised = promised;
    let number = a.round.number;
    let stamp = a.shard.stamp(&a.round.key(), &Clock::get()?)?;
    emit_cpi!(RoundClosed { stamp, number, left, promised });
    Ok(())
}
