use crate::errors::CreditsError;
use crate::state::add;
use anchor_lang::prelude::*;

/// What a supplier has earned and not redeemed yet, IOSD base units. Seeds: `["earnings", owner]`.
#[account]
#[derive(InitSpace)]
pub struct Earnings {
    pub owner: Pubkey,
    /// Free to be asked for.
    pub owed: u64,
    /// Asked for, to be paid when its epoch closes.
    pub requested: u64,
    /// The epoch of the request, if there is one.
    pub request_epoch: u64,
    /// Redeemed so far.
    pub redeemed: u64,
    pub bump: u8,
}

impl Earnings {
    /// Asks for `amount` in the open epoch.
    pub fn request(&mut self, amount: u64, epoch: u64) -> Result<()> {
        require!(self.requested == 0 || self.request_epoch == epoch, CreditsError::SettleFirst);
        self.owed = self.owed.checked_sub(amount).ok_or(CreditsError::InsufficientEarnings)?;
        self.requested = add(self.requested, amount)?;
        self.request_epoch = epoch;
        Ok(())
    }

    /// `charged` of the request was paid; the rest joins `epoch`. Returns the rest.
    pub fn settle(&mut self, charged: u64, epoch: u64) -> Result<u64> {
        let rest = self.requested.checked_sub(charged).ok_or(CreditsError::InsufficientEarnings)?;
        self.redeemed = add(self.redeemed, charged)?;
        self.requested = rest;
        self.request_epoch = epoch;
        Ok(rest)
    }
}
