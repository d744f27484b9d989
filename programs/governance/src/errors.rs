//! What can be refused, and what to do about it.
use anchor_lang::prelude::*;
use economy::parameter::ParameterError;
use economy::vote::VoteError;
use economy::Overflow;

#[error_code]
pub enum GovernanceError {
    #[msg("only the program's upgrade authority may initialize it")]
    NotUpgradeAuthority,
    #[msg("the value is outside its hard-coded bounds")]
    OutOfBounds,
    #[msg("the value is further from the old one than a single change may go: go in steps")]
    StepTooLarge,
    #[msg("the shard index must be below 16 and match the entity's address")]
    WrongShard,
    #[msg("the proposal is not in a state that allows this")]
    WrongState,
    #[msg("the vote has ended: finish it")]
    VotingEnded,
    #[msg("the vote has not ended yet")]
    VotingOpen,
    #[msg("the timelock has not passed yet: try again from the proposal's eta on")]
    Timelocked,
    #[msg("the time to execute the proposal has passed: close it and propose again")]
    Expired,
    #[msg("the proposal can still be executed: execute it, or close it after it has expired")]
    NotExpired,
    #[msg("the voting rules have changed since the proposal was made: close it and propose again")]
    RulesChanged,
    #[msg("there is no active stake to vote with")]
    NoWeight,
    #[msg("stake was added to the position in the proposal's epoch or later: it votes on later proposals, other positions on this one")]
    StakeTooYoung,
    #[msg("this kind of change was made less than a timelock ago: wait, or let the proposal expire")]
    TooSoon,
    #[msg("new proposals are paused, but for those that replace the guardian or lift the pause")]
    Paused,
    #[msg("the guardian cannot stop its own replacement")]
    NotVetoable,
    #[msg("the signer is not the guardian")]
    NotGuardian,
    #[msg("nothing is offered to the signer")]
    NothingOffered,
    #[msg("the flags are set already, or none or unknown ones are named")]
    NothingToPause,
    #[msg("this instruction does not do what the proposal says: payments have an instruction of their own")]
    WrongAction,
    #[msg("the accounts are not those of the program that the action is for")]
    WrongTarget,
    #[msg("the account does not belong to this proposal, vote or holder")]
    WrongOwner,
    #[msg("the amount must be above zero and the recipient named")]
    EmptyPayment,
    #[msg("the account holds less IO than the deposit")]
    InsufficientDeposit,
    #[msg("an amount, a time or a counter does not fit its type")]
    Overflow,
}

impl From<Overflow> for GovernanceError {
    fn from(_: Overflow) -> Self {
        GovernanceError::Overflow
    }
}

impl From<ParameterError> for GovernanceError {
    fn from(e: ParameterError) -> Self {
        match e {
            ParameterError::OutOfBounds => GovernanceError::OutOfBounds,
            ParameterError::StepTooLarge => GovernanceError::StepTooLarge,
        }
    }
}

impl From<VoteError> for GovernanceError {
    fn from(e: VoteError) -> Self {
        match e {
            VoteError::WrongState => GovernanceError::WrongState,
            VoteError::VotingEnded => GovernanceError::VotingEnded,
            VoteError::VotingOpen => GovernanceError::VotingOpen,
            VoteError::Timelocked => GovernanceError::Timelocked,
            VoteError::Expired => GovernanceError::Expired,
            VoteError::NotExpired => GovernanceError::NotExpired,
            VoteError::RulesChanged => GovernanceError::RulesChanged,
            VoteError::NoWeight => GovernanceError::NoWeight,
            VoteError::Overflow => GovernanceError::Overflow,
        }
    }
}
