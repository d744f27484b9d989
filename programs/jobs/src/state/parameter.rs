use crate::constants::{MAX_ANSWER_S, MAX_DEMAND_BOND, MAX_WINDOW_S, MIN_DEMAND_BOND};
use anchor_lang::prelude::*;
use economy::parameter::{Bounds, Step};
use economy::{BPS, IO_CAP};

/// What a vote may change, each within hard bounds and by limited steps.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Parameter {
    /// How long a committed result can be disputed, seconds.
    ChallengeWindowS,
    /// Stake reserved for a claim, basis points of the job's price.
    ReserveBps,
    /// The reservation's slice that the user gets when a claim expires, basis points.
    ForfeitBps,
    /// Stake that each device of a class needs, IO base units.
    ClassStake0,
    ClassStake1,
    ClassStake2,
    ClassStake3,
    /// What a demand for withheld data costs its demander if it is answered, lamports.
    DemandBond,
    /// How long a demand can be answered, seconds.
    DemandAnswerS,
}

impl Parameter {
    pub const ALL: [Parameter; 9] = {
        use Parameter::*;
        [
            ChallengeWindowS,
            ReserveBps,
            ForfeitBps,
            ClassStake0,
            ClassStake1,
            ClassStake2,
            ClassStake3,
            DemandBond,
            DemandAnswerS,
        ]
    };

    pub const fn bounds(self) -> Bounds {
        let (min, max, step) = match self {
            Parameter::ChallengeWindowS => (1, MAX_WINDOW_S as u64, Step::Ratio(2)),
            // Up to a hundred times the price: deterrence at low audit rates needs a multiple.
            Parameter::ReserveBps => (0, 100 * BPS, Step::By(10 * BPS)),
            Parameter::ForfeitBps => (0, BPS, Step::By(1_000)),
            Parameter::DemandBond => (MIN_DEMAND_BOND, MAX_DEMAND_BOND, Step::Ratio(2)),
            Parameter::DemandAnswerS => (1, MAX_ANSWER_S as u64, Step::Ratio(2)),
            Parameter::ClassStake0 | Parameter::ClassStake1 | Parameter::ClassStake2 | Parameter::ClassStake3 => {
                (0, IO_CAP / 100, Step::Ratio(2))
            }
        };
        Bounds { min, max, step }
    }
}
