use crate::errors::GovernanceError;
use crate::events::GuardianAccepted;
use crate::state::{Config, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptGuardian<'info> {
    /// To whom the guardian offered its place.
    #[account(constraint = pending.key() == config.pending_guardian @ GovernanceError::NothingOffered)]
    pub pending: Signer<'info>,
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<AcceptGuardian>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let guardian = a.pending.key();
    a.config.replace_guardian(guardian);
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    emit_cpi!(GuardianAccepted { stamp, guardian });
    Ok(())
}
