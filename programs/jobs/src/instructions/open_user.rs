use crate::constants::USER_SEED;
use crate::events::UserOpened;
use crate::state::{Shard, User};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct OpenUser<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(init, payer = owner, space = 8 + User::INIT_SPACE, seeds = [USER_SEED, owner.key().as_ref()], bump)]
    pub user: Account<'info, User>,
    /// Shard of the owner's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenUser>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let owner = a.owner.key();
    a.user.set_inner(User { owner, next_seq: 0, bump: ctx.bumps.user });
    let stamp = a.shard.stamp(&owner, &Clock::get()?)?;
    emit_cpi!(UserOpened { stamp, user: owner });
    Ok(())
}
