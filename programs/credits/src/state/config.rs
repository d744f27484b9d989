use crate::constants::{MAX_EPOCH_S, MAX_FEE_BPS, MAX_PRICE_AGE_S, MAX_SPREAD_BPS};
use crate::errors::CreditsError;
use anchor_lang::prelude::*;
use economy::{BPS, IO_CAP};

/// Parameters and authorities. It is also the mint authority of both mints. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// May change parameters once governance exists; nothing reads it yet but the record of who initialized.
    pub authority: Pubkey,
    /// The jobs program's signing PDA: the only one that moves escrow.
    pub jobs_authority: Pubkey,
    pub io_mint: Pubkey,
    pub iosd_mint: Pubkey,
    /// Unix time of epoch 0's start, seconds.
    pub genesis_time: i64,
    /// Seconds in an epoch.
    pub epoch_s: u32,
    /// Fee on a settled price, basis points.
    pub fee_bps: u16,
    /// The incentive pool's share of the fee, basis points; the rest is retired.
    pub incentive_bps: u16,
    /// Most IO that redemptions may mint in an epoch, base units.
    pub redemption_budget: u64,
    /// Oldest price that counts, seconds.
    pub max_price_age_s: u32,
    /// Widest spread around the median, basis points.
    pub max_spread_bps: u16,
    pub bump: u8,
}

impl Config {
    /// Every parameter is within its hard bounds.
    pub fn invariant(&self) -> Result<()> {
        let fine = self.fee_bps <= MAX_FEE_BPS
            && u64::from(self.incentive_bps) <= BPS
            && (1..=MAX_SPREAD_BPS).contains(&self.max_spread_bps)
            && (1..=MAX_PRICE_AGE_S).contains(&self.max_price_age_s)
            && (1..=MAX_EPOCH_S).contains(&self.epoch_s)
            && self.redemption_budget <= IO_CAP;
        require!(fine, CreditsError::ParameterOutOfBounds);
        Ok(())
    }

    /// The epoch that `now` lies in.
    pub fn epoch_at(&self, now: i64) -> u64 {
        economy::epoch::epoch_at(now, self.genesis_time, self.epoch_s)
    }
}
