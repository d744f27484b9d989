//! What can be refused, and what to do about it.
use anchor_lang::prelude::*;
use economy::parameter::ParameterError;
use economy::stake::StakeError;
use economy::Overflow;

#[error_code]
pub enum StakingError {
    #[msg("only the program's upgrade authority may initialize it")]
    NotUpgradeAuthority,
    #[msg("the signer is not the program's authority")]
    NotAuthority,
    #[msg("the authority was not offered to this signer")]
    NotOffered,
    #[msg("a parameter is outside its hard-coded bounds")]
    ParameterOutOfBounds,
    #[msg("the parameter moves too far in one change: go there in smaller steps")]
    StepTooLarge,
    #[msg("this operation is paused: try again when it is not")]
    Paused,
    #[msg("the shard index must be below 16 and match the entity's address")]
    WrongShard,
    #[msg("only the jobs program may reserve, release or take stake")]
    NotJobsProgram,
    #[msg("only the governance program may lock positions")]
    NotVotingProgram,
    #[msg("the account does not belong to this pool, holder, operator or user")]
    WrongOwner,
    #[msg("this is not the vault of the staking program")]
    WrongVault,
    #[msg("this needs the other kind of pool: rewards and jobs belong to operators' pools, rebates to users'")]
    WrongKind,
    #[msg("a user's pool needs the user's loyalty account and the credits program's accounts")]
    MissingLoyalty,
    #[msg("amounts must be above zero")]
    ZeroAmount,
    #[msg("amount does not fit 64 bits")]
    AmountOverflow,
    #[msg("the IO account holds less than this")]
    InsufficientIo,
    #[msg("the position holds less stake than this that is not reserved: check active and warming")]
    NotEnoughStake,
    #[msg("the position has less reserved than this")]
    NotEnoughReserved,
    #[msg("a vote locks the position: wait until it has ended")]
    PositionLocked,
    #[msg("a vote cannot lock a position for so long")]
    LockTooLong,
    #[msg("the stake is still cooling: wait for the epoch that the position names")]
    StillCooling,
    #[msg("there is nothing to withdraw or claim")]
    NothingDue,
    #[msg("the pool has lost nearly everything and takes no new stake or jobs: use another one")]
    PoolWornOut,
    #[msg("the commission is above the limit of all pools")]
    CommissionTooHigh,
    #[msg("a commission changes once an epoch and by at most 100 basis points")]
    CommissionStep,
    #[msg("the position still has stake or rewards: withdraw and claim first")]
    PositionNotEmpty,
    #[msg("the books contradict each other")]
    BooksBroken,
}

impl From<Overflow> for StakingError {
    fn from(_: Overflow) -> Self {
        StakingError::AmountOverflow
    }
}

impl From<ParameterError> for StakingError {
    fn from(e: ParameterError) -> Self {
        match e {
            ParameterError::OutOfBounds => StakingError::ParameterOutOfBounds,
            ParameterError::StepTooLarge => StakingError::StepTooLarge,
        }
    }
}

impl From<StakeError> for StakingError {
    fn from(e: StakeError) -> Self {
        match e {
            StakeError::Overflow => StakingError::AmountOverflow,
            StakeError::Zero => StakingError::ZeroAmount,
            StakeError::NotEnoughStake => StakingError::NotEnoughStake,
            StakeError::NotEnoughReserved => StakingError::NotEnoughReserved,
            StakeError::Locked => StakingError::PositionLocked,
            StakeError::LockTooLong => StakingError::LockTooLong,
            StakeError::StillCooling => StakingError::StillCooling,
            StakeError::Nothing => StakingError::NothingDue,
            StakeError::WornOut => StakingError::PoolWornOut,
            StakeError::CommissionTooHigh => StakingError::CommissionTooHigh,
            StakeError::CommissionStep => StakingError::CommissionStep,
            StakeError::Books => StakingError::BooksBroken,
        }
    }
}
