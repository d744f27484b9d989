use crate::constants::EARNINGS_SEED;
use crate::events::EarningsOpened;
use crate::state::{Earnings, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct OpenEarnings<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: any address may own earnings; only its key is used.
    pub owner: UncheckedAccount<'info>,
    #[account(init, payer = payer, space = 8 + Earnings::INIT_SPACE, seeds = [EARNINGS_SEED, owner.key().as_ref()], bump)]
    pub earnings: Account<'info, Earnings>,
    /// Shard of the owner's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenEarnings>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let owner = a.owner.key();
    a.earnings.set_inner(Earnings {
        owner,
        owed: 0,
        requested: 0,
        request_epoch: 0,
        redeemed: 0,
        bump: ctx.bumps.earnings,
    });
    let stamp = a.shard.stamp(&owner, &Clock::get()?)?;
    emit_cpi!(EarningsOpened { stamp, owner });
    Ok(())
}
