//! Votes of stakers: weights, quorum, threshold, and the life of a proposal in time.
//!
//! ```text
//!  created ──── voting ────▶ voting_end ──── timelock ────▶ eta ──── grace ────▶ expires
//!   [      votes count      )[    finish, any time from here on …
//!                                                        [  may be executed   ]
//! ```
//! Votes count before `voting_end` and not at it (the voters' stake is locked for exactly that long); `eta` and `expires`
//! are both included. All three are fixed when the proposal is made, so finishing it late gives nobody a later or a
//! shorter timelock. Times are unix seconds.
use crate::math::{Overflow, mul_div_ceil};
use crate::parameter::{Bounds, Step};
use crate::{BPS, IO_DECIMALS};
use core::fmt;

const IO: u64 = 10u64.pow(IO_DECIMALS as u32);
const DAY: u64 = 86_400;

/// IO that a proposer deposits, base units.
pub const DEPOSIT: Bounds = Bounds { min: IO, max: 1_000_000 * IO, step: Step::Ratio(2) };
/// Length of a vote, seconds: 1 second (a local network) to 30 days.
pub const VOTING_S: Bounds = Bounds { min: 1, max: 30 * DAY, step: Step::Ratio(2) };
/// Time between the end of a vote and its execution, seconds: 1 second (a local network) to 30 days.
pub const TIMELOCK_S: Bounds = Bounds { min: 1, max: 30 * DAY, step: Step::Ratio(2) };
/// How long what has passed may be executed, seconds.
pub const GRACE_S: Bounds = Bounds { min: 60, max: 30 * DAY, step: Step::Ratio(2) };
/// Part of all stake that must take part, basis points.
pub const QUORUM_BPS: Bounds = Bounds { min: 100, max: 5_000, step: Step::By(500) };
/// Part of yes and no that must be yes, basis points.
pub const THRESHOLD_BPS: Bounds = Bounds { min: 5_000, max: 9_000, step: Step::By(500) };

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Voting,
    /// Accepted; may be executed from `eta` to `expires`.
    Passed,
    Rejected,
    /// Stopped by the guardian.
    Vetoed,
    Executed,
}

/// One voter's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Yes,
    No,
    /// Counts for the quorum and for neither side.
    Abstain,
}

/// What becomes of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deposit {
    Returned,
    Burned,
}

/// Why a step of a proposal is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteError {
    /// The proposal's state does not allow it.
    WrongState,
    /// The vote has ended.
    VotingEnded,
    /// The vote has not ended yet.
    VotingOpen,
    /// The timelock has not passed yet.
    Timelocked,
    /// The time to execute it has passed.
    Expired,
    /// It can still be executed.
    NotExpired,
    /// The voting rules have changed since it was made.
    RulesChanged,
    /// Nothing is staked, or the vote has no weight.
    NoWeight,
    /// An amount or a time does not fit.
    Overflow,
}

impl fmt::Display for VoteError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            VoteError::WrongState => "the proposal is not in a state that allows this",
            VoteError::VotingEnded => "the vote has ended",
            VoteError::VotingOpen => "the vote has not ended yet",
            VoteError::Timelocked => "the timelock has not passed yet",
            VoteError::Expired => "the time to execute the proposal has passed",
            VoteError::NotExpired => "the proposal can still be executed",
            VoteError::RulesChanged => "the voting rules have changed since the proposal was made",
            VoteError::NoWeight => "there is no active stake to vote with",
            VoteError::Overflow => "an amount or a time does not fit",
        })
    }
}

impl core::error::Error for VoteError {}

impl From<Overflow> for VoteError {
    fn from(_: Overflow) -> Self {
        VoteError::Overflow
    }
}

/// The voting rules that a proposal is made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub voting_s: u32,
    pub timelock_s: u32,
    pub grace_s: u32,
    pub quorum_bps: u16,
    pub threshold_bps: u16,
}

/// A proposal's vote and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
    pub status: Status,
    /// First second at which votes no longer count.
    pub voting_end: i64,
    /// First second at which it may be executed.
    pub eta: i64,
    /// Last second at which it may be executed.
    pub expires: i64,
    /// Stake that must take part, base units.
    pub quorum: u64,
    pub threshold_bps: u16,
    pub yes: u64,
    pub no: u64,
    pub abstain: u64,
}

/// Stake that must take part when `staked` is all of it, rounded up: never zero unless nothing is staked.
///
/// # Errors
/// If it does not fit.
pub fn quorum(staked: u64, quorum_bps: u16) -> Result<u64, Overflow> {
    mul_div_ceil(staked, u64::from(quorum_bps), BPS)
}

/// Yes that is needed among `decided` (yes and no together), rounded up.
///
/// # Errors
/// If it does not fit.
pub fn threshold(decided: u64, threshold_bps: u16) -> Result<u64, Overflow> {
    mul_div_ceil(decided, u64::from(threshold_bps), BPS)
}

/// Whether a position may vote on what was proposed in epoch `proposed`: all of its stake, of which the latest is active from
/// `warm_epoch` on, was added in an epoch before. Otherwise stake that was forfeited or slashed during a vote could be
/// added again by its new holder and vote twice.
pub fn may_vote(warm_epoch: u64, proposed: u64) -> bool {
    warm_epoch < crate::stake::warm_epoch(proposed)
}

/// Whether something last changed at `last` (zero: never) may change again at `now`: once per timelock.
pub fn rested(last: i64, now: i64, timelock_s: u32) -> bool {
    last == 0 || now >= last.saturating_add(i64::from(timelock_s))
}

impl Ballot {
    /// The vote on what is proposed at `now` while `staked` is active.
    ///
    /// # Errors
    /// [`VoteError::NoWeight`] if nothing is staked: nobody could tell that from everybody agreeing.
    pub fn open(now: i64, staked: u64, rules: Rules) -> Result<Self, VoteError> {
        let after = |time: i64, seconds: u32| time.checked_add(i64::from(seconds)).ok_or(VoteError::Overflow);
        let voting_end = after(now, rules.voting_s)?;
        let eta = after(voting_end, rules.timelock_s)?;
        let expires = after(eta, rules.grace_s)?;
        let quorum = quorum(staked, rules.quorum_bps)?;
        if quorum == 0 {
            return Err(VoteError::NoWeight);
        }
        let threshold_bps = rules.threshold_bps;
        Ok(Ballot {
            status: Status::Voting,
            voting_end,
            eta,
            expires,
            quorum,
            threshold_bps,
            yes: 0,
            no: 0,
            abstain: 0,
        })
    }

    /// Everybody who took part.
    ///
    /// # Errors
    /// If the sum does not fit.
    pub fn turnout(&self) -> Result<u64, VoteError> {
        self.decided()?.checked_add(self.abstain).ok_or(VoteError::Overflow)
    }

    fn decided(&self) -> Result<u64, VoteError> {
        self.yes.checked_add(self.no).ok_or(VoteError::Overflow)
    }

    /// Whether enough stake has taken part.
    ///
    /// # Errors
    /// If the sum of the votes does not fit.
    pub fn has_quorum(&self) -> Result<bool, VoteError> {
        Ok(self.quorum > 0 && self.turnout()? >= self.quorum)
    }

    /// Counts a vote, before `voting_end`.
    ///
    /// # Errors
    /// Wrong state, too late, no weight, or a sum that does not fit; nothing is counted then.
    pub fn vote(&mut self, choice: Choice, weight: u64, now: i64) -> Result<(), VoteError> {
        self.must_be(&[Status::Voting])?;
        if now >= self.voting_end {
            return Err(VoteError::VotingEnded);
        }
        if weight == 0 {
            return Err(VoteError::NoWeight);
        }
        let mut next = *self;
        let side = match choice {
            Choice::Yes => &mut next.yes,
            Choice::No => &mut next.no,
            Choice::Abstain => &mut next.abstain,
        };
        *side = side.checked_add(weight).ok_or(VoteError::Overflow)?;
        next.turnout()?;
        *self = next;
        Ok(())
    }

    /// Decides, from `voting_end` on. It passes if enough stake took part, enough of yes and no is yes, and yes is more
    /// than no: a tie never passes, whatever the threshold.
    ///
    /// # Errors
    /// Wrong state or too early.
    pub fn finish(&mut self, now: i64) -> Result<Status, VoteError> {
        self.must_be(&[Status::Voting])?;
        if now < self.voting_end {
            return Err(VoteError::VotingOpen);
        }
        let quorum = self.has_quorum()?;
        let needed = threshold(self.decided()?, self.threshold_bps)?;
        let passed = quorum && self.yes >= needed && self.yes > self.no;
        self.status = if passed { Status::Passed } else { Status::Rejected };
        Ok(self.status)
    }

    /// The guardian stops it, at any time before it is executed.
    ///
    /// # Errors
    /// Wrong state.
    pub fn veto(&mut self) -> Result<(), VoteError> {
        self.must_be(&[Status::Voting, Status::Passed])?;
        self.status = Status::Vetoed;
        Ok(())
    }

    /// It happens: once, from `eta` to `expires`, under the rules that it was voted on.
    ///
    /// # Errors
    /// Wrong state, too early, too late, or other rules than then.
    pub fn execute(&mut self, now: i64, rules_changed: bool) -> Result<(), VoteError> {
        self.must_be(&[Status::Passed])?;
        if rules_changed {
            return Err(VoteError::RulesChanged);
        }
        if now < self.eta {
            return Err(VoteError::Timelocked);
        }
        if now > self.expires {
            return Err(VoteError::Expired);
        }
        self.status = Status::Executed;
        Ok(())
    }

    /// What becomes of the deposit when it is put away: burned if too few took part to decide it, otherwise returned. A
    /// veto never costs the proposer anything.
    ///
    /// # Errors
    /// While it is voted on, or passed and can still be executed.
    pub fn close(&self, now: i64, rules_changed: bool) -> Result<Deposit, VoteError> {
        match self.status {
            Status::Voting => Err(VoteError::WrongState),
            Status::Passed if !rules_changed && now <= self.expires => Err(VoteError::NotExpired),
            Status::Passed | Status::Vetoed | Status::Executed => Ok(Deposit::Returned),
            Status::Rejected if self.has_quorum()? => Ok(Deposit::Returned),
            Status::Rejected => Ok(Deposit::Burned),
        }
    }

    fn must_be(&self, states: &[Status]) -> Result<(), VoteError> {
        if states.contains(&self.status) { Ok(()) } else { Err(VoteError::WrongState) }
    }
}
