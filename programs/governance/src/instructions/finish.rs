use crate::events::ProposalFinished;
use crate::state::{Proposal, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct Finish<'info> {
    #[account(mut, dup)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<Finish>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.proposal.step(|ballot| ballot.finish(clock.unix_timestamp))?;
    let proposal = a.proposal.key();
    let stamp = a.shard.stamp(&proposal, &clock)?;
    let Proposal { status, quorum, yes, no, abstain, .. } = **a.proposal;
    emit_cpi!(ProposalFinished { stamp, proposal, status, quorum, yes, no, abstain });
    Ok(())
}
