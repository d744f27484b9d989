use crate::errors::StakingError;
use crate::events::AuthorityAccepted;
use crate::state::{Config, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptAuthority<'info> {
    /// To whom the authority was offered.
    #[account(constraint = pending.key() == config.pending_authority @ StakingError::NotOffered)]
    pub pending: Signer<'info>,
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<AcceptAuthority>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let authority = a.pending.key();
    a.config.authority = authority;
    a.config.pending_authority = Pubkey::default();
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    emit_cpi!(AuthorityAccepted { stamp, authority });
    Ok(())
}
