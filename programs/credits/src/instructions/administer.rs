use crate::constants::{PAUSE_ALL, PYTH_RECEIVERS};
use crate::errors::CreditsError;
use crate::events::*;
use crate::state::{Config, Emission, Feed, Parameter, PriceSource, Purpose, Shard};
use anchor_lang::prelude::*;

/// Everything that the authority can do. Nothing here moves anybody's coins or credits.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Order {
    /// Changes one parameter within its bounds by one permitted step.
    Set {
        parameter: Parameter,
        value: u64,
    },
    /// Replaces all pause flags.
    Pause {
        flags: u8,
    },
    /// Offers the authority to another key, which must accept it.
    OfferAuthority {
        to: Pubkey,
    },
    /// Replaces a price submitter; the default key as `old` adds one, as `new` removes one.
    ReplaceSubmitter {
        old: Pubkey,
        new: Pubkey,
    },
    SetPriceSource {
        source: PriceSource,
    },
    /// Names who may mint from a budget, how much in total and in an epoch, IO base units.
    SetMinter {
        purpose: Purpose,
        authority: Pubkey,
        total_limit: u64,
        epoch_limit: u64,
    },
}

#[event_cpi]
#[derive(Accounts)]
pub struct Administer<'info> {
    pub authority: Signer<'info>,
    #[account(mut, dup, has_one = authority @ CreditsError::NotAuthority)]
    pub config: Box<Account<'info, Config>>,
    /// Shard of the config's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub feed: Box<Account<'info, Feed>>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, Emission>>,
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
            require!(flags & !PAUSE_ALL == 0, CreditsError::ParameterOutOfBounds);
            a.config.paused = flags;
            emit_cpi!(Paused { stamp, flags });
        }
        Order::OfferAuthority { to } => {
            a.config.pending_authority = to;
            emit_cpi!(AuthorityOffered { stamp, to });
        }
        Order::ReplaceSubmitter { old, new } => {
            a.feed.replace(old, new)?;
            emit_cpi!(SubmitterReplaced { stamp, old, new });
        }
        Order::SetPriceSource { source } => {
            if let PriceSource::Pyth { receiver, .. } = source {
                require!(PYTH_RECEIVERS.contains(&receiver), CreditsError::WrongPriceAccount);
            }
            a.config.price_source = source;
            emit_cpi!(PriceSourceSet { stamp, source });
        }
        Order::SetMinter { purpose, authority, total_limit, epoch_limit } => {
            let budget = &mut a.emission.budgets[purpose as usize];
            require!(total_limit >= budget.minted, CreditsError::ParameterOutOfBounds);
            budget.authority = authority;
            budget.total_limit = total_limit;
            budget.epoch_limit = epoch_limit;
            emit_cpi!(MinterSet { stamp, purpose, authority, total_limit, epoch_limit });
        }
    }
    Ok(())
}
