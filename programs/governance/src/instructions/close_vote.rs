use crate::errors::GovernanceError;
use crate::events::VoteClosed;
use crate::state::{Shard, Vote};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct CloseVote<'info> {
    #[account(mut, dup, close = payer, has_one = payer @ GovernanceError::WrongOwner)]
    pub vote: Box<Account<'info, Vote>>,
    /// CHECK: the vote's, who paid its rent.
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<CloseVote>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    // Until then it stands against a second vote of the position.
    require!(clock.unix_timestamp >= a.vote.voting_end, GovernanceError::VotingOpen);
    let (proposal, position) = (a.vote.proposal, a.vote.position);
    let stamp = a.shard.stamp(&proposal, &clock)?;
    emit_cpi!(VoteClosed { stamp, proposal, position });
    Ok(())
}
