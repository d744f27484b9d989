use crate::errors::CreditsError;
use crate::events::LoyaltyShared;
use crate::state::{Config, Loyalty, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct ShareLoyalty<'info> {
    /// The staking program's PDA; its signature is the permission.
    pub staking_authority: Signer<'info>,
    pub user: Signer<'info>,
    #[account(has_one = staking_authority @ CreditsError::NotStakingProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, has_one = user @ CreditsError::WrongOwner)]
    pub loyalty: Box<Account<'info, Loyalty>>,
    /// Shard of the user's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<ShareLoyalty>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let user = a.user.key();
    a.loyalty.shared = true;
    let stamp = a.shard.stamp(&user, &Clock::get()?)?;
    emit_cpi!(LoyaltyShared { stamp, user });
    Ok(())
}
