//! Stake that stands behind a claim: the accounts of the operator's own pool and what happens to a reservation.
use crate::errors::JobsError;
use crate::state::PoolStake;
use anchor_lang::prelude::*;
use staking::cpi::accounts::Reserve;
use staking::program::Staking;
use staking::state::PoolKind;

/// The operator's pool and its own position in it. The staking program checks that they belong together.
#[derive(Accounts)]
pub struct Stake<'info> {
    pub staking_program: Program<'info, Staking>,
    /// CHECK: checked by the staking program.
    pub staking_config: UncheckedAccount<'info>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, PoolStake>>,
    /// CHECK: the operator's own position; checked by the staking program.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: checked by the staking program.
    #[account(mut)]
    pub staking_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the staking program.
    pub staking_event_authority: UncheckedAccount<'info>,
}

/// Active stake of a pool, reserved included, IO base units.
pub fn active_stake(pool: &PoolStake) -> Result<u64> {
    Ok(pool.active.checked_add(pool.reserved).ok_or(JobsError::AmountOverflow)?)
}

impl<'info> Stake<'info> {
    /// It is the pool of `operator`.
    pub fn require_of(&self, operator: &Pubkey) -> Result<()> {
        require!(self.pool.owner == *operator && self.pool.kind == PoolKind::Operator, JobsError::WrongPool);
        Ok(())
    }

    /// Sets `amount` of the operator's own stake aside.
    pub fn reserve(&self, authority: AccountInfo<'info>, seeds: &[&[u8]], amount: u64) -> Result<()> {
        staking::cpi::reserve(self.context(authority).with_signer(&[seeds]), amount)
    }

    /// Ends a reservation of `amount`.
    pub fn release(&self, authority: AccountInfo<'info>, seeds: &[&[u8]], amount: u64) -> Result<()> {
        staking::cpi::release(self.context(authority).with_signer(&[seeds]), amount)
    }

    fn context<'a>(&self, authority: AccountInfo<'info>) -> CpiContext<'a, 'a, 'a, 'info, Reserve<'info>> {
        let accounts = Reserve {
            jobs_authority: authority,
            config: self.staking_config.to_account_info(),
            pool: self.pool.to_account_info(),
            position: self.position.to_account_info(),
            shard: self.staking_shard.to_account_info(),
            event_authority: self.staking_event_authority.to_account_info(),
            program: self.staking_program.to_account_info(),
        };
        CpiContext::new(self.staking_program.key(), accounts)
    }
}
