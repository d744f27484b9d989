use crate::constants::shard_of;
use crate::errors::GovernanceError;
use crate::events::Stamp;
use anchor_lang::prelude::*;

/// One of 16 event sequences. Seeds: `["seq", index]`.
#[account]
#[derive(InitSpace)]
pub struct Shard {
    pub index: u8,
    /// Sequence number of the last event.
    pub seq: u64,
    pub bump: u8,
}

impl Shard {
    /// The next event's stamp. Fails if this is not the shard of `entity`.
    pub fn stamp(&mut self, entity: &Pubkey, clock: &Clock) -> Result<Stamp> {
        require!(self.index == shard_of(entity), GovernanceError::WrongShard);
        self.next(clock)
    }

    pub fn next(&mut self, clock: &Clock) -> Result<Stamp> {
        self.seq = self.seq.checked_add(1).ok_or(GovernanceError::Overflow)?;
        Ok(Stamp { shard: self.index, seq: self.seq, slot: clock.slot, time: clock.unix_timestamp })
    }
}
