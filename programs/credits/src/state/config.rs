use crate::constants::{MAX_EPOCH_S, PAUSE_ALL};
use crate::errors::CreditsError;
use crate::state::Parameter;
use anchor_lang::prelude::*;
use economy::emission::Split;
use economy::{PriceLimits, BPS};

/// Where the coin's price comes from.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum PriceSource {
    /// This program's own median of permitted submitters.
    Feed,
    /// One price update account, which only `receiver` writes, of the feed `feed_id`.
    Pyth { receiver: Pubkey, account: Pubkey, feed_id: [u8; 32] },
}

/// Parameters and authorities. It is also the mint authority of both mints. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// May change parameters within their bounds, pause, and name minters: the governance program's PDA once it has accepted.
    pub authority: Pubkey,
    /// To whom the authority is offered; the default key is nobody.
    pub pending_authority: Pubkey,
    /// The jobs program's signing PDA: the only one that moves escrow.
    pub jobs_authority: Pubkey,
    /// The staking program's signing PDA: the only one that shares rebates with stakers.
    pub staking_authority: Pubkey,
    pub io_mint: Pubkey,
    pub iosd_mint: Pubkey,
    pub price_source: PriceSource,
    /// Unix time of epoch 0's start, seconds.
    pub genesis_time: i64,
    /// Seconds in an epoch; never changes.
    pub epoch_s: u32,
    /// Fee on a settled price, basis points.
    pub fee_bps: u16,
    /// The incentive pool's share of the fee, basis points; the rest is retired.
    pub incentive_bps: u16,
    /// Most IO that an epoch may pay for redemptions, base units; what passes it stays in the reserve.
    pub redemption_cap: u64,
    /// Oldest price that counts, seconds.
    pub max_price_age_s: u32,
    /// Widest spread around the median, basis points.
    pub max_spread_bps: u16,
    /// Idle devices' share of the schedule, basis points.
    pub idle_bps: u16,
    /// Stakers' share of the schedule, basis points; the treasury gets the rest.
    pub stakers_bps: u16,
    /// What a loyalty point is worth, basis points of a credit.
    pub loyalty_bps: u16,
    /// What is paused, see `constants::PAUSE_*`.
    pub paused: u8,
    pub bump: u8,
}

impl Config {
    /// Every parameter is within its hard bounds.
    pub fn invariant(&self) -> Result<()> {
        use Parameter::*;
        for p in [FeeBps, IncentiveBps, RedemptionCap, MaxPriceAgeS, MaxSpreadBps, IdleBps, StakersBps, LoyaltyBps] {
            p.bounds().check(self.get(p)).map_err(CreditsError::from)?;
        }
        let fine = u64::from(self.idle_bps) + u64::from(self.stakers_bps) <= BPS
            && (1..=MAX_EPOCH_S).contains(&self.epoch_s)
            && self.paused & !PAUSE_ALL == 0;
        require!(fine, CreditsError::ParameterOutOfBounds);
        Ok(())
    }

    pub fn get(&self, parameter: Parameter) -> u64 {
        match parameter {
            Parameter::FeeBps => self.fee_bps.into(),
            Parameter::IncentiveBps => self.incentive_bps.into(),
            Parameter::RedemptionCap => self.redemption_cap,
            Parameter::MaxPriceAgeS => self.max_price_age_s.into(),
            Parameter::MaxSpreadBps => self.max_spread_bps.into(),
            Parameter::IdleBps => self.idle_bps.into(),
            Parameter::StakersBps => self.stakers_bps.into(),
            Parameter::LoyaltyBps => self.loyalty_bps.into(),
        }
    }

    /// Changes one parameter by one permitted step; returns the old value.
    pub fn set(&mut self, parameter: Parameter, value: u64) -> Result<u64> {
        let old = self.get(parameter);
        parameter.bounds().change(old, value).map_err(CreditsError::from)?;
        let fits = |_| CreditsError::ParameterOutOfBounds;
        match parameter {
            Parameter::FeeBps => self.fee_bps = value.try_into().map_err(fits)?,
            Parameter::IncentiveBps => self.incentive_bps = value.try_into().map_err(fits)?,
            Parameter::RedemptionCap => self.redemption_cap = value,
            Parameter::MaxPriceAgeS => self.max_price_age_s = value.try_into().map_err(fits)?,
            Parameter::MaxSpreadBps => self.max_spread_bps = value.try_into().map_err(fits)?,
            Parameter::IdleBps => self.idle_bps = value.try_into().map_err(fits)?,
            Parameter::StakersBps => self.stakers_bps = value.try_into().map_err(fits)?,
            Parameter::LoyaltyBps => self.loyalty_bps = value.try_into().map_err(fits)?,
        }
        Ok(old)
    }

    /// Fails if any of `flags` is paused.
    pub fn require_running(&self, flags: u8) -> Result<()> {
        require!(self.paused & flags == 0, CreditsError::Paused);
        Ok(())
    }

    /// The epoch that `now` lies in.
    pub fn epoch_at(&self, now: i64) -> u64 {
        economy::epoch::epoch_at(now, self.genesis_time, self.epoch_s)
    }

    pub fn price_limits(&self) -> PriceLimits {
        PriceLimits { max_age_s: self.max_price_age_s, max_spread_bps: self.max_spread_bps }
    }

    pub fn split(&self) -> Split {
        Split { idle_bps: self.idle_bps, stakers_bps: self.stakers_bps }
    }
}
