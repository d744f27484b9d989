use anchor_lang::prelude::*;
use economy::parameter::{Bounds, Step};

/// What the authority may change, within hard bounds and by limited steps.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Parameter {
    /// Longest time from a job's claim to the end of its last dispute, seconds.
    DisputeS,
    /// Most that an epoch may take from a pool beyond reservations, basis points.
    SlashCapBps,
    /// The prover's share of what is slashed, basis points; the rest is burned.
    ProverBps,
    /// Highest commission of a pool, basis points.
    MaxCommissionBps,
}

impl Parameter {
    pub const ALL: [Parameter; 4] =
        [Parameter::DisputeS, Parameter::SlashCapBps, Parameter::ProverBps, Parameter::MaxCommissionBps];

    pub fn bounds(self) -> Bounds {
        match self {
            // 1 second (a local network) to 30 days.
            Parameter::DisputeS => Bounds { min: 1, max: 30 * 86_400, step: Step::Ratio(2) },
            Parameter::SlashCapBps => Bounds { min: 0, max: 5_000, step: Step::By(500) },
            // At most half, or a cheat could prove their own fault and keep most of it.
            Parameter::ProverBps => Bounds { min: 0, max: 5_000, step: Step::By(500) },
            Parameter::MaxCommissionBps => Bounds { min: 0, max: 5_000, step: Step::By(500) },
        }
    }
}
