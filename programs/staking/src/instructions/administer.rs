use crate::constants::PAUSE_ALL;
use crate::errors::StakingError;
use crate::events::{AuthorityOffered, ParameterSet, Paused};
use crate::state::{Config, Parameter, Shard};
use anchor_lang::prelude::*;

/// Everything that the authority can do. Nothing here moves anybody's stake or rewards.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Order {
    /// Changes one parameter within its bounds by one permitted step.
    Set { parameter: Parameter, value: u64 },
    /// Replaces all pause flags.
    Pause { flags: u8 },
    /// Offers the authority to another key, which must accept it.
    OfferAuthority { to: Pubkey },
}

#[event_cpi]
#[derive(Accounts)]
pub struct Administer<'info> {
    pub authority: Signer<'info>,
    #[account(mut, dup, has_one = authority @ StakingError::NotAuthority)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<Administer>, order: Order) -> Result<()> {
    let a = &mut *ctx.accounts;
    let stamp = a.shard.stamp(&a.config.key(), &Clock::get()?)?;
    match order {
        Order::Set { parameter, value } => {
            let old = a.config.set(parameter, value)?;
            a.config.invariant()?;
            emit_cpi!(ParameterSet { stamp, parameter, old, new: value });
        }
        Order::Pause { flags } => {
            require!(flags & !PAUSE_ALL == 0, StakingError::ParameterOutOfBounds);
            a.config.paused = flags;
            emit_cpi!(Paused { stamp, flags });
        }
        Order::OfferAuthority { to } => {
            a.config.pending_authority = to;
            emit_cpi!(AuthorityOffered { stamp, to });
        }
    }
    Ok(())
}
