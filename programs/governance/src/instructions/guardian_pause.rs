use crate::errors::GovernanceError;
use crate::events::PausedByGuardian;
use crate::instructions::target::*;
use crate::state::{Config, Shard, Target};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct GuardianPause<'info> {
    pub guardian: Signer<'info>,
    #[account(mut, dup, has_one = guardian @ GovernanceError::NotGuardian)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the targets accept no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    /// None of them for this program.
    pub target: TargetAccounts<'info>,
}

pub fn handle(ctx: Context<GuardianPause>, target: Target, flags: u8) -> Result<()> {
    let a = &mut *ctx.accounts;
    let flags = if target == Target::Governance {
        a.target.require_none()?;
        a.config.pause(flags)?
    } else {
        a.target.pause(target, flags, &a.governance_authority, a.config.authority_bump)?
    };
    let guardian = a.guardian.key();
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    emit_cpi!(PausedByGuardian { stamp, guardian, target, flags });
    Ok(())
}
