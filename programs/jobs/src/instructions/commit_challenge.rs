use crate::errors::JobsError;
use crate::events::ChallengeCommitted;
use crate::state::{Challenge, Config, Device, Round, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct CommitChallenge<'info> {
    pub device_key: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, constraint = device.key == device_key.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
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
    a.device.commit(&a.round, a.config.settled_round, root, now)?;
    a.round.committed = a.round.committed.checked_add(1).ok_or(JobsError::CounterOverflow)?;
    let (number, device) = (a.round.number, a.device.key);
    let seconds = u32::try_from(a.round.seconds(now)).map_err(|_| JobsError::CounterOverflow)?;
    let stamp = a.shard.stamp(&device, &clock)?;
    let Challenge { class, rows, seed, throughput, .. } = a.device.challenge;
    emit_cpi!(ChallengeCommitted { stamp, number, device, class, rows, root, seed, seconds, throughput });
    Ok(())
}
