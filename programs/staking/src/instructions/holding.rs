//! A position with everything that its holder's instructions touch.
use crate::errors::StakingError;
use crate::state::{step, Config, Pool, Position, Rewards, Shard};
use anchor_lang::prelude::*;
use credits::events::Stamp;
use economy::stake::{self as rules, StakeError};

#[derive(Accounts)]
pub struct Holding<'info> {
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub rewards: Box<Account<'info, Rewards>>,
    #[account(mut, dup)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, dup, has_one = pool @ StakingError::WrongOwner)]
    pub position: Box<Account<'info, Position>>,
    /// Shard of the pool's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

impl Holding<'_> {
    /// Takes one step by the rules.
    pub fn step<T>(
        &mut self,
        rule: impl FnOnce(
            &mut rules::Rewards,
            &mut rules::Pool,
            &mut rules::Position,
        ) -> core::result::Result<T, StakeError>,
    ) -> Result<T> {
        step(&mut self.rewards, &mut self.pool, &mut self.position, rule)
    }

    pub fn stamp(&mut self, clock: &Clock) -> Result<Stamp> {
        self.shard.stamp(&self.pool.key(), clock)
    }
}
