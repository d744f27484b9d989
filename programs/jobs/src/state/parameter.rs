use crate::constants::{
    MAX_ANSWER_S, MAX_CHALLENGE_ROWS, MAX_DEMAND_BOND, MAX_ROUND_EVERY_S, MAX_ROUND_S, MAX_WINDOW_S, MIN_ANSWER_S,
    MIN_DEMAND_BOND,
};
use anchor_lang::prelude::*;
use economy::parameter::{Bounds, Step};
use economy::{BPS, IO_CAP};
use judge::audit::MAX_CELLS;
use judge::challenge::ROW_STEP;

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
    /// Share of committed jobs that is audited, basis points.
    AuditBps,
    /// Cells in an audit.
    AuditCells,
    /// How long a worker has to answer an audit, seconds.
    AnswerS,
    /// What a demand for withheld data costs its demander if it is answered, lamports.
    DemandBond,
    /// How long a demand can be answered, seconds.
    DemandAnswerS,
    /// How long a round's answers can be committed to, seconds.
    RoundWindowS,
    /// From the opening of a round to that of the next one at least, seconds.
    RoundEveryS,
    /// How long drawn cells can be answered, and then wrong ones be proven, seconds.
    RoundAnswerS,
    /// What a wrong cell of a challenge costs, basis points of the stake that the device needs.
    ChallengeSlashBps,
    /// Rows of each class's challenge, a multiple of 64.
    ClassRows0,
    ClassRows1,
    ClassRows2,
    ClassRows3,
    /// Throughput that each class needs, multiply-accumulates per second.
    ClassThroughput0,
    ClassThroughput1,
    ClassThroughput2,
    ClassThroughput3,
    /// The most that a device of each class may ask for to earn idle pay, IOSD base units for 10^12 multiply-accumulates.
    ClassCeiling0,
    ClassCeiling1,
    ClassCeiling2,
    ClassCeiling3,
}

impl Parameter {
    pub const ALL: [Parameter; 28] = {
        use Parameter::*;
        [
            ChallengeWindowS,
            ReserveBps,
            ForfeitBps,
            ClassStake0,
            ClassStake1,
            ClassStake2,
            ClassStake3,
            AuditBps,
            AuditCells,
            AnswerS,
            DemandBond,
            DemandAnswerS,
            RoundWindowS,
            RoundEveryS,
            RoundAnswerS,
            ChallengeSlashBps,
            ClassRows0,
            ClassRows1,
            ClassRows2,
            ClassRows3,
            ClassThroughput0,
            ClassThroughput1,
            ClassThroughput2,
            ClassThroughput3,
            ClassCeiling0,
            ClassCeiling1,
            ClassCeiling2,
            ClassCeiling3,
        ]
    };

    pub const fn bounds(self) -> Bounds {
        let (min, max, step) = match self {
            Parameter::ChallengeWindowS => (1, MAX_WINDOW_S as u64, Step::Ratio(2)),
            // Up to a hundred times the price: deterrence at low audit rates needs a multiple.
            Parameter::ReserveBps => (0, 100 * BPS, Step::By(10 * BPS)),
            Parameter::ForfeitBps => (0, BPS, Step::By(1_000)),
            Parameter::ClassStake0 | Parameter::ClassStake1 | Parameter::ClassStake2 | Parameter::ClassStake3 => {
                (0, IO_CAP / 100, Step::Ratio(2))
            }
            // Never zero: without audits no stake deters, see `economy::claim::deterrence_floor`.
            Parameter::AuditBps => (100, BPS, Step::By(1_000)),
            Parameter::AuditCells => (1, MAX_CELLS as u64, Step::By(4)),
            Parameter::AnswerS => (MIN_ANSWER_S as u64, MAX_ANSWER_S as u64, Step::Ratio(2)),
            Parameter::DemandBond => (MIN_DEMAND_BOND, MAX_DEMAND_BOND, Step::Ratio(2)),
            Parameter::DemandAnswerS => (1, MAX_ANSWER_S as u64, Step::Ratio(2)),
            Parameter::RoundWindowS | Parameter::RoundAnswerS => (1, MAX_ROUND_S as u64, Step::Ratio(2)),
            Parameter::RoundEveryS => (1, MAX_ROUND_EVERY_S as u64, Step::Ratio(2)),
            Parameter::ChallengeSlashBps => (0, BPS, Step::By(1_000)),
            Parameter::ClassRows0 | Parameter::ClassRows1 | Parameter::ClassRows2 | Parameter::ClassRows3 => {
                (ROW_STEP as u64, MAX_CHALLENGE_ROWS as u64, Step::Ratio(2))
            }
            // Throughputs and prices: any distance would let one vote end or open everybody's idle pay.
            _ => (0, u64::MAX >> 1, Step::Ratio(2)),
        };
        Bounds { min, max, step }
    }
}
