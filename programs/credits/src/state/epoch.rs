use crate::errors::CreditsError;
use crate::state::add;
use anchor_lang::prelude::*;
use economy::emission::Closed;

/// One accounting period. It exists once somebody burned or asked for something in it, and until all of its requests are
/// settled. Seeds: `["epoch", index (u64, little-endian)]`.
#[account]
#[derive(InitSpace)]
pub struct Epoch {
    pub index: u64,
    /// Who paid the rent and gets it back.
    pub payer: Pubkey,
    /// IO burned for credits in this epoch, base units: counted when it is burned, never by difference of supplies.
    pub io_burned: u64,
    /// Redemptions asked for, IOSD base units.
    pub requested: u64,
    pub closed: bool,
    /// Set when it closes: how much of the requests is paid, IOSD base units.
    pub paid: u64,
    /// IO promised for it, base units.
    pub allocated: u64,
    /// The price it is paid at, 10^-8 dollars per IO; zero if nothing is.
    pub price: u64,
    /// Requests settled since, IOSD base units.
    pub settled: u64,
    /// IO minted for them, base units.
    pub minted: u64,
    pub bump: u8,
}

impl Epoch {
    /// Takes an account that may have just been created.
    pub fn open(&mut self, index: u64, payer: Pubkey, bump: u8) {
        if self.payer == Pubkey::default() {
            self.index = index;
            self.payer = payer;
            self.bump = bump;
        }
    }

    pub fn burn(&mut self, io: u64) -> Result<()> {
        self.io_burned = add(self.io_burned, io)?;
        Ok(())
    }

    pub fn request(&mut self, iosd: u64) -> Result<()> {
        require!(!self.closed, CreditsError::EpochOutOfOrder);
        self.requested = add(self.requested, iosd)?;
        Ok(())
    }

    pub fn end(&mut self, closed: &Closed, price: u64) {
        self.closed = true;
        self.paid = closed.paid;
        self.allocated = closed.allocated;
        self.price = price;
    }

    /// Settles a request of `amount`: `(iosd charged, io to mint, io that was promised and nobody is left to get)`.
    pub fn settle(&mut self, amount: u64) -> Result<(u64, u64, u64)> {
        require!(self.closed, CreditsError::EpochOpen);
        let (charged, io) = economy::redemption::share(amount, self.requested, self.paid, self.allocated)
            .map_err(CreditsError::from)?;
        self.settled = add(self.settled, amount)?;
        self.minted = add(self.minted, io)?;
        let last = self.settled == self.requested;
        let dust = if last { self.allocated.checked_sub(self.minted).ok_or(CreditsError::AmountOverflow)? } else { 0 };
        Ok((charged, io, dust))
    }

    /// Nobody can settle against it any more.
    pub fn is_done(&self) -> bool {
        self.closed && self.settled == self.requested
    }
}
