use crate::constants::{KINDS, PAUSE_ALL, PAUSE_PROPOSALS};
use crate::errors::GovernanceError;
use crate::state::{Action, Rule};
use anchor_lang::prelude::*;
use economy::vote::{rested, Rules};

/// Voting rules and the guardian. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// May stop proposals and set pause flags, and nothing else; the default key is nobody.
    pub guardian: Pubkey,
    /// To whom the guardian offers its place; the default key is nobody.
    pub pending_guardian: Pubkey,
    pub io_mint: Pubkey,
    /// IO that a proposer deposits, base units.
    pub deposit: u64,
    pub voting_s: u32,
    pub timelock_s: u32,
    /// How long what has passed may be executed, seconds.
    pub grace_s: u32,
    pub quorum_bps: u16,
    pub threshold_bps: u16,
    /// Counts the changes of voting rules; what was proposed under other rules cannot be executed.
    pub rules_version: u32,
    pub next_proposal: u64,
    /// IO, base units.
    pub deposits_burned: u64,
    /// What is paused, see `constants::PAUSE_*`.
    pub paused: u8,
    /// When each kind of change was last made, unix seconds; zero for never.
    pub changed: [i64; KINDS],
    pub bump: u8,
    /// Bump of `["authority"]`.
    pub authority_bump: u8,
    /// Bump of `["deposit_vault"]`.
    pub vault_bump: u8,
}

impl Config {
    /// Every rule is within its hard bounds.
    pub fn invariant(&self) -> Result<()> {
        for rule in Rule::ALL {
            rule.bounds().check(self.get(rule)).map_err(GovernanceError::from)?;
        }
        Ok(())
    }

    pub fn rules(&self) -> Rules {
        Rules {
            voting_s: self.voting_s,
            timelock_s: self.timelock_s,
            grace_s: self.grace_s,
            quorum_bps: self.quorum_bps,
            threshold_bps: self.threshold_bps,
        }
    }

    pub fn get(&self, rule: Rule) -> u64 {
        match rule {
            Rule::Deposit => self.deposit,
            Rule::VotingS => self.voting_s.into(),
            Rule::TimelockS => self.timelock_s.into(),
            Rule::GraceS => self.grace_s.into(),
            Rule::QuorumBps => self.quorum_bps.into(),
            Rule::ThresholdBps => self.threshold_bps.into(),
            Rule::Paused => self.paused.into(),
        }
    }

    /// Changes one rule by one permitted step; returns the old value.
    pub fn set(&mut self, rule: Rule, value: u64) -> Result<u64> {
        let old = self.get(rule);
        rule.bounds().change(old, value).map_err(GovernanceError::from)?;
        let fits = |_| GovernanceError::OutOfBounds;
        match rule {
            Rule::Deposit => self.deposit = value,
            Rule::VotingS => self.voting_s = value.try_into().map_err(fits)?,
            Rule::TimelockS => self.timelock_s = value.try_into().map_err(fits)?,
            Rule::GraceS => self.grace_s = value.try_into().map_err(fits)?,
            Rule::QuorumBps => self.quorum_bps = value.try_into().map_err(fits)?,
            Rule::ThresholdBps => self.threshold_bps = value.try_into().map_err(fits)?,
            Rule::Paused => self.paused = value.try_into().map_err(fits)?,
        }
        if rule != Rule::Paused {
            self.rules_version = self.rules_version.checked_add(1).ok_or(GovernanceError::Overflow)?;
        }
        Ok(old)
    }

    /// Puts `new` in the guardian's place at once: were it only offered, the old one could offer it to somebody else.
    pub fn replace_guardian(&mut self, new: Pubkey) {
        self.guardian = new;
        self.pending_guardian = Pubkey::default();
    }

    /// Remembers that a change of `action`'s kind is made now; fails if the last one is less than a timelock ago.
    pub fn limit(&mut self, action: &Action, now: i64) -> Result<()> {
        if let Some(kind) = action.kind() {
            let last = self.changed.get_mut(kind).ok_or(GovernanceError::Overflow)?;
            require!(rested(*last, now, self.timelock_s), GovernanceError::TooSoon);
            *last = now;
        }
        Ok(())
    }

    /// Fails if `action` cannot be proposed while new proposals are paused. The ways out of a pause stay open, so that a
    /// guardian cannot keep everybody from replacing it.
    pub fn require_running(&self, action: &Action) -> Result<()> {
        let paused = self.paused & PAUSE_PROPOSALS != 0;
        let way_out = matches!(action, Action::Guardian { .. } | Action::Rules { rule: Rule::Paused, .. });
        require!(!paused || way_out, GovernanceError::Paused);
        Ok(())
    }

    /// Sets flags, which must be known and not all set already; never clears one. Returns all that are set then.
    pub fn pause(&mut self, flags: u8) -> Result<u8> {
        self.paused = more_flags(self.paused, flags)?;
        require!(self.paused & !PAUSE_ALL == 0, GovernanceError::NothingToPause);
        Ok(self.paused)
    }
}

/// `old` with `flags` set too.
///
/// # Errors
/// If that sets nothing.
pub fn more_flags(old: u8, flags: u8) -> Result<u8> {
    require!(old | flags != old, GovernanceError::NothingToPause);
    Ok(old | flags)
}
