//! The program that an action is for, with what its administration needs. The target checks its own accounts; here only the
//! right program is called, and nothing is given that the action does not need.
use crate::constants::AUTHORITY_SEED;
use crate::errors::GovernanceError;
use crate::state::{more_flags, Target};
use anchor_lang::prelude::*;

/// All missing for an action of this program's own; `feed` and `emission` only for the credits program's orders.
#[derive(Accounts)]
pub struct TargetAccounts<'info> {
    /// CHECK: must be the program that the action names.
    pub target_program: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the target.
    #[account(mut)]
    pub target_config: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the target: shard of its config's address.
    #[account(mut)]
    pub target_shard: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the target.
    pub target_event_authority: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub feed: Option<UncheckedAccount<'info>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub emission: Option<UncheckedAccount<'info>>,
}

/// What every target needs.
struct Common<'info> {
    program: AccountInfo<'info>,
    config: AccountInfo<'info>,
    shard: AccountInfo<'info>,
    event_authority: AccountInfo<'info>,
}

/// `Order` of the administration to `program`'s, signed by this program's PDA.
macro_rules! order {
    ($name:ident, $program:ident, $target:expr, $extras:literal $(, $extra:ident)*) => {
        pub fn $name(&self, order: $program::Order, authority: &AccountInfo<'info>, bump: u8) -> Result<()> {
            let Common { program, config, shard, event_authority } = self.common($target, $extras)?;
            let accounts = $program::cpi::accounts::Administer {
                authority: authority.clone(),
                config,
                shard,
                $($extra: info(&self.$extra)?,)*
                event_authority,
                program,
            };
            let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[bump]];
            $program::cpi::administer(CpiContext::new_with_signer($program::ID, accounts, &[seeds]), order)
        }
    };
}

/// Accepts `program`'s offered authority for this program's PDA.
macro_rules! accept {
    ($name:ident, $program:ident, $target:expr) => {
        fn $name(&self, authority: &AccountInfo<'info>, bump: u8) -> Result<()> {
            let Common { program, config, shard, event_authority } = self.common($target, false)?;
            let accounts = $program::cpi::accounts::AcceptAuthority {
                pending: authority.clone(),
                config,
                shard,
                event_authority,
                program,
            };
            let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[bump]];
            $program::cpi::accept_authority(CpiContext::new_with_signer($program::ID, accounts, &[seeds]))
        }
    };
}

impl<'info> TargetAccounts<'info> {
    order!(credits, credits, Target::Credits, true, feed, emission);
    order!(staking, staking, Target::Staking, false);
    order!(jobs, jobs, Target::Jobs, false);
    accept!(accept_credits, credits, Target::Credits);
    accept!(accept_staking, staking, Target::Staking);
    accept!(accept_jobs, jobs, Target::Jobs);

    /// Makes this program's PDA the authority of `target`, which must have been offered.
    pub fn accept(&self, target: Target, authority: &AccountInfo<'info>, bump: u8) -> Result<()> {
        match target {
            Target::Credits => self.accept_credits(authority, bump),
            Target::Staking => self.accept_staking(authority, bump),
            Target::Jobs => self.accept_jobs(authority, bump),
            Target::Governance => err!(GovernanceError::WrongTarget),
        }
    }

    /// Sets pause flags of another program, and clears none. Returns all that are set then.
    pub fn pause(&self, target: Target, flags: u8, authority: &AccountInfo<'info>, bump: u8) -> Result<u8> {
        let config = info(&self.target_config)?;
        let old = match target {
            Target::Credits => read::<credits::state::Config>(&config)?.paused,
            Target::Staking => read::<staking::state::Config>(&config)?.paused,
            Target::Jobs => read::<jobs::state::Config>(&config)?.paused,
            Target::Governance => return err!(GovernanceError::WrongTarget),
        };
        let flags = more_flags(old, flags)?;
        match target {
            Target::Credits => self.credits(credits::Order::Pause { flags }, authority, bump)?,
            Target::Staking => self.staking(staking::Order::Pause { flags }, authority, bump)?,
            Target::Jobs => self.jobs(jobs::Order::Pause { flags }, authority, bump)?,
            Target::Governance => {}
        }
        Ok(flags)
    }

    /// Fails unless all of these accounts are missing.
    pub fn require_none(&self) -> Result<()> {
        let common = [&self.target_program, &self.target_config, &self.target_shard, &self.target_event_authority];
        let given = common.into_iter().chain([&self.feed, &self.emission]).any(Option::is_some);
        require!(!given, GovernanceError::WrongTarget);
        Ok(())
    }

    /// Fails unless `target`'s accounts are here, and feed and emission exactly if there are `extras`.
    fn common(&self, target: Target, extras: bool) -> Result<Common<'info>> {
        let common = Common {
            program: info(&self.target_program)?,
            config: info(&self.target_config)?,
            shard: info(&self.target_shard)?,
            event_authority: info(&self.target_event_authority)?,
        };
        let id = match target {
            Target::Credits => credits::ID,
            Target::Staking => staking::ID,
            Target::Jobs => jobs::ID,
            Target::Governance => return err!(GovernanceError::WrongTarget),
        };
        let fits = self.feed.is_some() == extras && self.emission.is_some() == extras;
        require!(common.program.key() == id && fits, GovernanceError::WrongTarget);
        Ok(common)
    }
}

fn info<'info>(account: &Option<UncheckedAccount<'info>>) -> Result<AccountInfo<'info>> {
    let account = account.as_ref().ok_or(GovernanceError::WrongTarget)?;
    Ok(account.to_account_info())
}

/// Reads another program's account; fails unless it is that program's and of that type.
fn read<T: AccountDeserialize + Owner>(account: &AccountInfo) -> Result<T> {
    require_keys_eq!(*account.owner, T::owner(), GovernanceError::WrongTarget);
    let data = account.try_borrow_data()?;
    T::try_deserialize(&mut &data[..])
}
