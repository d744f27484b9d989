//! A drawn cell of a challenge is shown. Everything about the challenge is in the device's account, so that one
//! transaction holds the whole evidence; of the path in a large answer the upper part lies in a buffer.
use crate::events::{CellAnswered, ChallengePassed};
use crate::state::{Device, Proof, Rest, Round, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AnswerCell<'info> {
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
    ctx: Context<AnswerCell>,
    index: u8,
    segment: [u8; 256],
    path: Vec<u8>,
    rest: Option<Rest>,
) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let path = Rest::join(rest, &a.buffer, path)?;
    let last = a.device.answer(&a.round, index, &segment, &path, clock.unix_timestamp)?;
    let (number, device) = (a.round.number, a.device.key);
    let stamp = a.shard.stamp(&device, &clock)?;
    if last {
        let weight = a.device.pass(&mut a.round)?;
        let throughput = a.device.measured;
        emit_cpi!(ChallengePassed { stamp, number, device, throughput, weight });
    } else {
        let answered = a.device.challenge.answered;
        emit_cpi!(CellAnswered { stamp, number, device, index, answered });
    }
    Ok(())
}
