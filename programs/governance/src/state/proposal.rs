use crate::errors::GovernanceError;
use crate::state::{Action, Config};
use anchor_lang::prelude::*;
use economy::vote::{Ballot, Status as S};

/// Where a proposal stands.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Status {
    Voting,
    /// Accepted; may be executed from `eta` to `expires`.
    Passed,
    Rejected,
    /// Stopped by the guardian.
    Vetoed,
    Executed,
}

impl From<S> for Status {
    fn from(status: S) -> Self {
        match status {
            S::Voting => Status::Voting,
            S::Passed => Status::Passed,
            S::Rejected => Status::Rejected,
            S::Vetoed => Status::Vetoed,
            S::Executed => Status::Executed,
        }
    }
}

impl From<Status> for S {
    fn from(status: Status) -> Self {
        match status {
            Status::Voting => S::Voting,
            Status::Passed => S::Passed,
            Status::Rejected => S::Rejected,
            Status::Vetoed => S::Vetoed,
            Status::Executed => S::Executed,
        }
    }
}

/// What stakers vote on. Seeds: `["proposal", number (u64, little-endian)]`; numbers never repeat. Status is the first field,
/// so that clients can filter accounts by it.
#[account]
#[derive(InitSpace)]
pub struct Proposal {
    pub status: Status,
    pub number: u64,
    /// Who paid rent and deposit.
    pub proposer: Pubkey,
    /// The voting rules that it was made under; under others it cannot be executed.
    pub rules_version: u32,
    /// IO in the vault for it, base units.
    pub deposit: u64,
    /// Unix time, seconds, like all times here.
    pub created: i64,
    /// First second at which votes no longer count.
    pub voting_end: i64,
    /// First and last second at which it may be executed.
    pub eta: i64,
    pub expires: i64,
    /// Stake that must take part, base units.
    pub quorum: u64,
    pub threshold_bps: u16,
    /// Stake that voted, base units.
    pub yes: u64,
    pub no: u64,
    pub abstain: u64,
    pub bump: u8,
    pub action: Action,
}

impl Proposal {
    /// Whether it was made under other rules than those of `config`.
    pub fn is_stale(&self, config: &Config) -> bool {
        self.rules_version != config.rules_version
    }

    pub fn ballot(&self) -> Ballot {
        Ballot {
            status: self.status.into(),
            voting_end: self.voting_end,
            eta: self.eta,
            expires: self.expires,
            quorum: self.quorum,
            threshold_bps: self.threshold_bps,
            yes: self.yes,
            no: self.no,
            abstain: self.abstain,
        }
    }

    /// Takes one step of the ballot.
    pub fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Ballot) -> core::result::Result<T, economy::vote::VoteError>,
    ) -> Result<T> {
        let mut ballot = self.ballot();
        let done = step(&mut ballot).map_err(GovernanceError::from)?;
        self.status = ballot.status.into();
        self.yes = ballot.yes;
        self.no = ballot.no;
        self.abstain = ballot.abstain;
        Ok(done)
    }

    /// It happens now, once. Call this before doing anything of it.
    pub fn execute(&mut self, config: &Config, now: i64) -> Result<()> {
        let stale = self.is_stale(config);
        self.step(|ballot| ballot.execute(now, stale))
    }
}
