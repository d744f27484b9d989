use anchor_lang::prelude::*;
use economy::parameter::{Bounds, Step};
use economy::{BPS, IO_CAP};

/// What a vote may change, each within hard bounds and by limited steps.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Parameter {
    /// Fee on a settled price, basis points.
    FeeBps,
    /// The incentives' share of the fee, basis points.
    IncentiveBps,
    /// Most IO that one epoch may pay for redemptions, base units.
    RedemptionCap,
    /// Oldest price that counts, seconds.
    MaxPriceAgeS,
    /// Widest price spread, basis points.
    MaxSpreadBps,
    /// Idle devices' share of the schedule, basis points.
    IdleBps,
    /// Stakers' share of the schedule, basis points.
    StakersBps,
    /// What a loyalty point is worth, basis points of a credit.
    LoyaltyBps,
}

impl Parameter {
    pub const fn bounds(self) -> Bounds {
        let (min, max, step) = match self {
            Parameter::FeeBps => (0, 2_000, Step::By(100)),
            Parameter::IncentiveBps => (0, BPS, Step::By(1_000)),
            // 100 IO at least: a fuse against a broken price, and not a way to stop redemptions.
            Parameter::RedemptionCap => (IO_CAP / 8_000_000, IO_CAP, Step::Ratio(4)),
            Parameter::MaxPriceAgeS => (1, 3_600, Step::Ratio(2)),
            Parameter::MaxSpreadBps => (1, 1_000, Step::By(100)),
            Parameter::IdleBps | Parameter::StakersBps => (0, BPS, Step::By(1_000)),
            Parameter::LoyaltyBps => (0, 1_000, Step::By(100)),
        };
        Bounds { min, max, step }
    }
}
