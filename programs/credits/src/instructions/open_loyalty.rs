use crate::constants::LOYALTY_SEED;
use crate::events::LoyaltyOpened;
use crate::state::{Loyalty, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct OpenLoyalty<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: any address may be loyal; only its key is used.
    pub user: UncheckedAccount<'info>,
    #[account(init, payer = payer, space = 8 + Loyalty::INIT_SPACE, seeds = [LOYALTY_SEED, user.key().as_ref()], bump)]
    pub loyalty: Account<'info, Loyalty>,
    /// Shard of the user's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenLoyalty>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let user = a.user.key();
    a.loyalty.set_inner(Loyalty {
        user,
        since: 0,
        points: 0,
        spent: 0,
        incentives: 0,
        rebated: 0,
        pooled: 0,
        shared: false,
        bump: ctx.bumps.loyalty,
    });
    let stamp = a.shard.stamp(&user, &Clock::get()?)?;
    emit_cpi!(LoyaltyOpened { stamp, user });
    Ok(())
}
