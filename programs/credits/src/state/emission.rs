use crate::errors::CreditsError;
use crate::state::add;
use anchor_lang::prelude::*;
use economy::emission::{Budgets, Closed};

/// What the schedule pays for.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Purpose {
    /// Devices that passed the epoch's challenge.
    Idle,
    /// Stakers of operator pools.
    Stakers,
    /// Whatever governance pays for.
    Treasury,
}

/// A budget of the schedule and who may mint from it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq)]
pub struct Budget {
    /// The signer that mints; the default key is nobody.
    pub authority: Pubkey,
    /// Scheduled and not minted yet, base units.
    pub available: u64,
    /// Minted so far, and the most that may ever be.
    pub minted: u64,
    pub total_limit: u64,
    /// Minted in `epoch`, and the most that may be in one.
    pub epoch: u64,
    pub epoch_minted: u64,
    pub epoch_limit: u64,
}

/// All IO that is to be minted, base units. Seeds: `["emission"]`.
#[account]
#[derive(InitSpace)]
pub struct Emission {
    /// The first epoch that is not closed yet: closing is in order, so no epoch pays twice.
    pub next_epoch: u64,
    pub smoothed_burn: u64,
    /// From burned coins, for redemptions, not promised yet.
    pub reserve: u64,
    /// What existed before the first epoch.
    pub genesis: u64,
    /// Promised to requests of closed epochs and not minted yet.
    pub allocated: u64,
    /// Minted for redemptions.
    pub redeemed: u64,
    /// Burned in closed epochs.
    pub burned: u64,
    /// What ever joined the reserve.
    pub funded: u64,
    /// What was ever scheduled.
    pub scheduled: u64,
    /// By [`Purpose`].
    pub budgets: [Budget; 3],
    pub bump: u8,
}

impl Emission {
    /// Promised or budgeted and not minted, beside the reserve.
    pub fn outstanding(&self) -> Result<u64> {
        self.budgets.iter().try_fold(self.allocated, |sum, b| add(sum, b.available))
    }

    /// What exists at most once `burned` of the closing epoch is counted: all that was ever minted less what closed epochs
    /// burned. What open epochs have burned still counts: it comes back as reserve, so nothing else may take its room.
    pub fn existing(&self, burned: u64) -> Result<u64> {
        let minted = self.budgets.iter().try_fold(add(self.genesis, self.redeemed)?, |sum, b| add(sum, b.minted))?;
        let gone = add(self.burned, burned)?;
        Ok(minted.checked_sub(gone).ok_or(CreditsError::AmountOverflow)?)
    }

    pub fn close_epoch(&mut self, closed: &Closed, burned: u64) -> Result<()> {
        let Budgets { idle, stakers, treasury } = closed.budgets;
        self.next_epoch = add(self.next_epoch, 1)?;
        self.smoothed_burn = closed.smoothed_burn;
        self.burned = add(self.burned, burned)?;
        self.funded = add(self.funded, closed.smoothed_burn)?;
        self.reserve = closed.reserve;
        self.allocated = add(self.allocated, closed.allocated)?;
        self.scheduled = add(self.scheduled, closed.budgets.total())?;
        for (budget, amount) in self.budgets.iter_mut().zip([idle, stakers, treasury]) {
            budget.available = add(budget.available, amount)?;
        }
        Ok(())
    }

    /// `io` of what was promised is minted, `dust` of it has nobody left to get it and returns to the reserve.
    pub fn redeem(&mut self, io: u64, dust: u64) -> Result<()> {
        let gone = add(io, dust)?;
        self.allocated = self.allocated.checked_sub(gone).ok_or(CreditsError::AmountOverflow)?;
        self.redeemed = add(self.redeemed, io)?;
        self.reserve = add(self.reserve, dust)?;
        Ok(())
    }

    /// What is minted for redemptions comes from the reserve, which comes from burned coins; what is minted on schedule comes
    /// from its budgets.
    pub fn invariant(&self) -> Result<()> {
        let promised = add(add(self.reserve, self.allocated)?, self.redeemed)?;
        let budgeted = self.budgets.iter().try_fold(0, |sum, b| add(sum, add(b.available, b.minted)?))?;
        let within = self.budgets.iter().all(|b| b.minted <= b.total_limit || b.minted == 0);
        let fine = promised == self.funded && self.funded <= self.burned && budgeted == self.scheduled && within;
        require!(fine, CreditsError::BudgetExhausted);
        Ok(())
    }
}

impl Budget {
    /// Takes `amount` out, if budget and limits allow it.
    pub fn mint(&mut self, amount: u64, epoch: u64) -> Result<()> {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.epoch_minted = 0;
        }
        self.available = self.available.checked_sub(amount).ok_or(CreditsError::BudgetExhausted)?;
        self.minted = add(self.minted, amount)?;
        self.epoch_minted = add(self.epoch_minted, amount)?;
        let fine = self.minted <= self.total_limit && self.epoch_minted <= self.epoch_limit;
        require!(fine, CreditsError::BudgetExhausted);
        Ok(())
    }

    /// The most that can be minted in `epoch`.
    pub fn mintable(&self, epoch: u64) -> u64 {
        let minted_now = if self.epoch == epoch { self.epoch_minted } else { 0 };
        let epoch_room = self.epoch_limit.saturating_sub(minted_now);
        self.available.min(epoch_room).min(self.total_limit.saturating_sub(self.minted))
    }
}
