use crate::errors::GovernanceError;
use crate::events::ProposalVetoed;
use crate::state::{Config, Proposal, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct Veto<'info> {
    pub guardian: Signer<'info>,
    #[account(has_one = guardian @ GovernanceError::NotGuardian)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<Veto>) -> Result<()> {
    let a = &mut *ctx.accounts;
    require!(a.proposal.action.is_vetoable(), GovernanceError::NotVetoable);
    a.proposal.step(|ballot| ballot.veto())?;
    let (proposal, guardian) = (a.proposal.key(), a.guardian.key());
    let stamp = a.shard.stamp(&proposal, &Clock::get()?)?;
    emit_cpi!(ProposalVetoed { stamp, proposal, guardian });
    Ok(())
}
