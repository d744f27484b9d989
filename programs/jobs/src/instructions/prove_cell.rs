//! A wrong cell of a challenge is proven. The slash follows in `punish_device`: with all of its accounts the evidence would
//! not fit one transaction.
use crate::errors::JobsError;
use crate::events::WrongCellProven;
use crate::state::{Device, Proof, Rest, Round, Shard};
use anchor_lang::prelude::*;
use judge::challenge::Judged;

#[event_cpi]
#[derive(Accounts)]
pub struct ProveCell<'info> {
    /// Anyone; will get the prover's share of the slash.
    pub prover: Signer<'info>,
    #[account(mut, dup)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup)]
    pub round: Box<Account<'info, Round>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// Has the rest of a path that is too long for a transaction.
    pub buffer: Option<Account<'info, Proof>>,
}

pub fn handle(
    ctx: Context<ProveCell>,
    (row, column): (u32, u32),
    segment: [u8; 256],
    path: Vec<u8>,
    rest: Option<Rest>,
) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.round.require_provable(clock.unix_timestamp)?;
    let prover = a.prover.key();
    a.device.caught(&mut a.round, prover)?;
    let path = Rest::join(rest, &a.buffer, path)?;
    let judged = a.device.challenge.judge((row, column), &segment, &path)?;
    require!(!judged.is_right(), JobsError::NoFault);
    let Judged { expected, committed } = judged;
    let (number, device) = (a.round.number, a.device.key);
    let stamp = a.shard.stamp(&device, &clock)?;
    emit_cpi!(WrongCellProven { stamp, number, device, prover, row, column, expected, committed });
    Ok(())
}
