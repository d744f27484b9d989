use crate::errors::JobsError;
use crate::events::ChallengeCommitted;
use crate::instructions::stake::active_stake;
use crate::state::{Challenge, Config, Device, Operator, PoolStake, Round, Shard};
use anchor_lang::prelude::*;
use staking::state::{PoolKind, Position};

#[event_cpi]
#[derive(Accounts)]
pub struct CommitChallenge<'info> {
    pub device_key: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, constraint = device.key == device_key.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    #[account(constraint = operator.owner == device.operator @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    /// The operator's pool: a wrong cell is paid for from it.
    #[account(
        constraint = pool.owner == operator.owner @ JobsError::WrongPool,
        constraint = pool.kind == PoolKind::Operator @ JobsError::WrongPool
    )]
    pub pool: Box<Account<'info, PoolStake>>,
    /// The operator's own part of it, which a slash goes through.
    #[account(
        constraint = position.pool == pool.key() @ JobsError::WrongPool,
        constraint = position.holder == operator.owner @ JobsError::WrongOwner
    )]
    pub position: Box<Account<'info, Position>>,
    #[account(mut, dup)]
    pub round: Box<Account<'info, Round>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<CommitChallenge>, root: [u8; 32]) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    require!(active_stake(&a.pool)? >= a.operator.required_stake, JobsError::StakeTooLow);
    // Once empty it can be closed, and nothing could be slashed. What it unstakes from now on cools for longer than a round.
    require!(a.position.active > 0 || a.position.reserved > 0, JobsError::StakeTooLow);
    a.device.commit(&a.round, a.config.settled_round, root, now)?;
    a.round.committed = a.round.committed.checked_add(1).ok_or(JobsError::CounterOverflow)?;
    let (number, device) = (a.round.number, a.device.key);
    let seconds = u32::try_from(a.round.seconds(now)).map_err(|_| JobsError::CounterOverflow)?;
    let stamp = a.shard.stamp(&device, &clock)?;
    let Challenge { class, rows, seed, throughput, .. } = a.device.challenge;
    emit_cpi!(ChallengeCommitted { stamp, number, device, class, rows, root, seed, seconds, throughput });
    Ok(())
}
