use crate::constants::PAUSE_ALL;
use crate::errors::StakingError;
use crate::state::Parameter;
use anchor_lang::prelude::*;

/// Parameters and authorities. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// May change parameters within their bounds and pause: the governance program's PDA once it has accepted.
    pub authority: Pubkey,
    /// To whom the authority is offered; the default key is nobody.
    pub pending_authority: Pubkey,
    /// The jobs program's signing PDA: the only one that reserves, releases and takes stake.
    pub jobs_authority: Pubkey,
    /// The governance program's signing PDA: the only one that locks positions.
    pub voting_authority: Pubkey,
    pub io_mint: Pubkey,
    /// Holds all stake. Seeds: `["stake_vault"]`.
    pub stake_vault: Pubkey,
    /// Holds all rewards that are not paid out. Seeds: `["reward_vault"]`.
    pub reward_vault: Pubkey,
    /// Unix time of epoch 0's start, seconds; the credits program's.
    pub genesis_time: i64,
    /// Seconds in an epoch; the credits program's. Never changes.
    pub epoch_s: u32,
    /// Longest time from a job's claim to the end of its last dispute, seconds.
    pub dispute_s: u32,
    /// Most that an epoch may take from a pool beyond reservations, basis points.
    pub slash_cap_bps: u16,
    /// The prover's share of what is slashed, basis points; the rest is burned.
    pub prover_bps: u16,
    /// Highest commission of a pool, basis points.
    pub max_commission_bps: u16,
    /// What is paused, see `constants::PAUSE_*`.
    pub paused: u8,
    pub bump: u8,
    /// Bump of `["authority"]`, the PDA that owns both vaults and signs to the credits program.
    pub authority_bump: u8,
}

impl Config {
    /// Every parameter is within its hard bounds.
    pub fn invariant(&self) -> Result<()> {
        for parameter in Parameter::ALL {
            parameter.bounds().check(self.get(parameter)).map_err(StakingError::from)?;
        }
        require!(self.epoch_s > 0 && self.paused & !PAUSE_ALL == 0, StakingError::ParameterOutOfBounds);
        Ok(())
    }

    pub fn get(&self, parameter: Parameter) -> u64 {
        match parameter {
            Parameter::DisputeS => self.dispute_s.into(),
            Parameter::SlashCapBps => self.slash_cap_bps.into(),
            Parameter::ProverBps => self.prover_bps.into(),
            Parameter::MaxCommissionBps => self.max_commission_bps.into(),
        }
    }

    /// Changes one parameter by one permitted step; returns the old value.
    pub fn set(&mut self, parameter: Parameter, value: u64) -> Result<u64> {
        let old = self.get(parameter);
        parameter.bounds().change(old, value).map_err(StakingError::from)?;
        let fits = |_| StakingError::ParameterOutOfBounds;
        match parameter {
            Parameter::DisputeS => self.dispute_s = value.try_into().map_err(fits)?,
            Parameter::SlashCapBps => self.slash_cap_bps = value.try_into().map_err(fits)?,
            Parameter::ProverBps => self.prover_bps = value.try_into().map_err(fits)?,
            Parameter::MaxCommissionBps => self.max_commission_bps = value.try_into().map_err(fits)?,
        }
        Ok(old)
    }

    /// Fails if any of `flags` is paused.
    pub fn require_running(&self, flags: u8) -> Result<()> {
        require!(self.paused & flags == 0, StakingError::Paused);
        Ok(())
    }

    /// The epoch that `now` lies in.
    pub fn epoch_at(&self, now: i64) -> u64 {
        economy::epoch::epoch_at(now, self.genesis_time, self.epoch_s)
    }

    /// When stake that is taken out at `now` can be withdrawn.
    pub fn cool_epoch(&self, now: i64) -> u64 {
        economy::stake::cool_epoch(now, self.dispute_s, self.genesis_time, self.epoch_s)
    }
}
