use crate::errors::GovernanceError;
use crate::events::ProposalExecuted;
use crate::instructions::target::*;
use crate::state::{Action, Config, Proposal, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct Execute<'info> {
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the targets accept no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    /// None of them for an action of this program's own.
    pub target: TargetAccounts<'info>,
}

pub fn handle(ctx: Context<Execute>) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    let action = a.proposal.action;
    // Everything that keeps it from happening twice comes before it happens.
    a.proposal.execute(&a.config, now)?;
    a.config.limit(&action, now)?;
    let (authority, bump) = (&a.governance_authority, a.config.authority_bump);
    let mut old = 0;
    match action {
        Action::Credits(order) => a.target.credits(order, authority, bump)?,
        Action::Staking(order) => a.target.staking(order, authority, bump)?,
        Action::Jobs(order) => a.target.jobs(order, authority, bump)?,
        Action::Rules { rule, value } => {
            a.target.require_none()?;
            old = a.config.set(rule, value)?;
        }
        Action::Guardian { new } => {
            a.target.require_none()?;
            a.config.replace_guardian(new);
        }
        Action::Signal { .. } => a.target.require_none()?,
        Action::Pay { .. } => return err!(GovernanceError::WrongAction),
    }
    let proposal = a.proposal.key();
    let event = ProposalExecuted {
        stamp: a.shard.stamp(&proposal, &clock)?,
        proposal,
        number: a.proposal.number,
        action,
        old,
        rules_version: a.config.rules_version,
        guardian: a.config.guardian,
        paused: a.config.paused,
    };
    emit_cpi!(event);
    Ok(())
}
