use crate::constants::shard_of;
use crate::errors::CreditsError;
use crate::events::Stamp;
use anchor_lang::prelude::*;

/// Running totals of one shard, base units. Their sums over all shards must always satisfy [`Totals::invariant`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq)]
pub struct Totals {
    /// IO burned for credits.
    pub io_burned: u64,
    /// IO minted for redemptions.
    pub io_redeemed: u64,
    /// IOSD minted for burned IO.
    pub bought: u64,
    /// IOSD ever locked in escrow.
    pub locked: u64,
    /// IOSD minted back from escrow.
    pub refunded: u64,
    /// IOSD paid out of escrow.
    pub spent: u64,
    /// Suppliers' part of what was spent.
    pub earned: u64,
    /// Earnings turned into IO, in IOSD.
    pub redeemed: u64,
    /// Incentive pool's part of what was spent.
    pub incentives: u64,
    /// What was retired for good.
    pub retired: u64,
    /// Rebates granted out of the incentive pool.
    pub rebated: u64,
    /// Rebates minted: the rest of the granted ones is kept for stakers.
    pub rebates_minted: u64,
    /// IO minted on schedule.
    pub io_scheduled: u64,
}

impl Totals {
    /// What must hold of the sums over all shards, given the two mints' supplies and the genesis supply of IO. Supplies may
    /// be lower than the books: holders can burn their own coins without us.
    pub fn invariant(&self, io_genesis: u64, io_supply: u64, iosd_supply: u64) -> Result<()> {
        let w = |v: u64| i128::from(v);
        let io = w(io_genesis) - w(self.io_burned) + w(self.io_redeemed) + w(self.io_scheduled);
        let iosd = w(self.bought) + w(self.rebates_minted) - w(self.locked) + w(self.refunded);
        let fine = w(io_supply) <= io
            && w(iosd_supply) <= iosd
            && self.locked >= self.refunded.saturating_add(self.spent)
            && w(self.spent) == w(self.earned) + w(self.incentives) + w(self.retired)
            && self.redeemed <= self.earned
            && self.rebates_minted <= self.rebated
            && self.rebated <= self.incentives;
        require!(fine, CreditsError::EscrowMismatch);
        Ok(())
    }
}

/// One of 16 event sequences with its part of the running totals. Seeds: `["seq", index]`.
#[account]
#[derive(InitSpace)]
pub struct Shard {
    pub index: u8,
    /// Sequence number of the last event.
    pub seq: u64,
    pub totals: Totals,
    pub bump: u8,
}

impl Shard {
    /// The next event's stamp. Fails if this is not the shard of `entity`.
    pub fn stamp(&mut self, entity: &Pubkey, clock: &Clock) -> Result<Stamp> {
        require!(self.index == shard_of(entity), CreditsError::WrongShard);
        self.next(clock)
    }

    pub fn next(&mut self, clock: &Clock) -> Result<Stamp> {
        self.seq = add(self.seq, 1)?;
        Ok(Stamp { shard: self.index, seq: self.seq, slot: clock.slot, time: clock.unix_timestamp })
    }
}

/// Checked addition with a named error.
pub fn add(a: u64, b: u64) -> Result<u64> {
    Ok(a.checked_add(b).ok_or(CreditsError::AmountOverflow)?)
}
