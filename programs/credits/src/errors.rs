//! What can be refused, and what to do about it.
use anchor_lang::prelude::*;
use economy::parameter::ParameterError;
use economy::{Overflow, PriceError};

#[error_code]
pub enum CreditsError {
    #[msg("only the program's upgrade authority may initialize it")]
    NotUpgradeAuthority,
    #[msg("a parameter is outside its hard-coded bounds")]
    ParameterOutOfBounds,
    #[msg("the shard index must be below 16 and match the entity's address")]
    WrongShard,
    #[msg("the signer is not a permitted price submitter")]
    NotASubmitter,
    #[msg("a price must be above zero")]
    ZeroPrice,
    #[msg("no majority of the price submitters has spoken recently: try again when the feed is fresh")]
    PriceStale,
    #[msg("the price submissions disagree too much: try again when they agree")]
    PriceWide,
    #[msg("amounts must be above zero on both sides")]
    ZeroAmount,
    #[msg("the amount passes the limit given with the order: the price has moved, ask for a new quote")]
    SlippageExceeded,
    #[msg("amount does not fit 64 bits")]
    AmountOverflow,
    #[msg("the IO account holds less than the order burns")]
    InsufficientIo,
    #[msg("the IOSD account holds less than the escrow needs: buy credits first")]
    InsufficientCredits,
    #[msg("only the jobs program may move escrow")]
    NotJobsProgram,
    #[msg("the escrow does not hold exactly the job's price")]
    EscrowMismatch,
    #[msg("the account does not belong to this job, user or supplier")]
    WrongOwner,
    #[msg("the ledger holds less than this")]
    InsufficientEarnings,
    #[msg("an earlier request's epoch has closed: settle it first, in the same transaction if you like")]
    SettleFirst,
    #[msg("the epoch of this request has not been closed yet: wait for its end and advance it")]
    EpochOpen,
    #[msg("epochs are closed in order: advance the earlier ones first")]
    EpochOutOfOrder,
    #[msg("the account is not the configured price source")]
    WrongPriceAccount,
    #[msg("this operation is paused; whatever gives money back still works")]
    Paused,
    #[msg("only the program's authority may do this")]
    NotAuthority,
    #[msg("there is no offer of the authority to this key")]
    NoOffer,
    #[msg("the value is further from the old one than a single change may go")]
    StepTooLarge,
    #[msg("the signer is not the minter of this budget")]
    NotTheMinter,
    #[msg("the budget holds less than this, or its limit would be passed")]
    BudgetExhausted,
    #[msg("only the staking program may do this")]
    NotStakingProgram,
    #[msg("this user's rebates are shared with stakers: redeem through the staking program")]
    SharedLoyalty,
    #[msg("there is nothing to redeem: too few points, or the incentives' share of the fees paid is used up")]
    NothingToRedeem,
    #[msg("the IO supply would pass its hard cap")]
    SupplyCap,
}

impl From<Overflow> for CreditsError {
    fn from(_: Overflow) -> Self {
        CreditsError::AmountOverflow
    }
}

impl From<PriceError> for CreditsError {
    fn from(e: PriceError) -> Self {
        match e {
            PriceError::Stale => CreditsError::PriceStale,
            PriceError::Wide => CreditsError::PriceWide,
            PriceError::Zero => CreditsError::ZeroPrice,
            PriceError::NotAnUpdate => CreditsError::WrongPriceAccount,
        }
    }
}

impl From<ParameterError> for CreditsError {
    fn from(e: ParameterError) -> Self {
        match e {
            ParameterError::OutOfBounds => CreditsError::ParameterOutOfBounds,
            ParameterError::StepTooLarge => CreditsError::StepTooLarge,
        }
    }
}
