use crate::events::ProgramAuthorityAccepted;
use crate::instructions::target::*;
use crate::state::{Config, Shard, Target};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptProgramAuthority<'info> {
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the targets accept no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    /// Without feed and emission.
    pub target: TargetAccounts<'info>,
}

pub fn handle(ctx: Context<AcceptProgramAuthority>, target: Target) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.target.accept(target, &a.governance_authority, a.config.authority_bump)?;
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    emit_cpi!(ProgramAuthorityAccepted { stamp, target });
    Ok(())
}
