use crate::errors::GovernanceError;
use crate::events::GuardianOffered;
use crate::state::{Config, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct OfferGuardian<'info> {
    pub guardian: Signer<'info>,
    #[account(mut, dup, has_one = guardian @ GovernanceError::NotGuardian)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<OfferGuardian>, to: Pubkey) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.pending_guardian = to;
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    emit_cpi!(GuardianOffered { stamp, to });
    Ok(())
}
