//! What can be refused, and what to do about it.
use anchor_lang::prelude::*;
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
    #[msg("this epoch's redemption budget is used up: try again in the next epoch, or redeem less")]
    RedemptionBudgetExhausted,
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
        }
    }
}
