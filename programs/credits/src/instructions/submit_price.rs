use crate::events::PriceSubmitted;
use crate::state::{Config, Feed, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct SubmitPrice<'info> {
    pub submitter: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut, dup)]
    pub feed: Account<'info, Feed>,
    /// Shard of the feed's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<SubmitPrice>, price: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let submitter = a.submitter.key();
    let spot = a.feed.submit(&submitter, price, clock.unix_timestamp, &a.config)?;
    let stamp = a.shard.stamp(&a.feed.key(), &clock)?;
    let average = a.feed.average;
    emit_cpi!(PriceSubmitted { stamp, submitter, price, spot, average });
    Ok(())
}
