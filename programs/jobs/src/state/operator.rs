use crate::errors::JobsError;
use anchor_lang::prelude::*;

/// A supplier. Seeds: `["operator", owner]`.
#[account]
#[derive(InitSpace)]
pub struct Operator {
    pub owner: Pubkey,
    pub devices: u32,
    /// Stake that its devices need together, IO base units.
    pub required_stake: u64,
    pub jobs_paid: u64,
    pub jobs_expired: u64,
    pub jobs_faulted: u64,
    /// Idle pay of its devices that is not minted yet, IO base units.
    pub idle_owed: u64,
    pub bump: u8,
}

impl Operator {
    /// One more device that needs `stake`.
    pub fn add_device(&mut self, stake: u64) -> Result<()> {
        self.devices = self.devices.checked_add(1).ok_or(JobsError::CounterOverflow)?;
        self.required_stake = self.required_stake.checked_add(stake).ok_or(JobsError::AmountOverflow)?;
        Ok(())
    }

    /// One less.
    pub fn remove_device(&mut self, stake: u64) -> Result<()> {
        self.devices = self.devices.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        self.required_stake = self.required_stake.checked_sub(stake).ok_or(JobsError::AmountOverflow)?;
        Ok(())
    }
}
