use anchor_lang::prelude::*;
use economy::index::Index;
use economy::stake as rules;

/// Stake and rewards of all pools, IO base units. Seeds: `["rewards"]`.
#[account]
#[derive(InitSpace)]
pub struct Rewards {
    /// Active and reserved in operators' pools: what the schedule pays for.
    pub weight: u64,
    /// Active and reserved in all pools: what quorums are a part of.
    pub staked: u64,
    /// Rewards per unit of weight, Q64.64.
    pub index: u128,
    /// Remainder of the index, 2^-64 base units.
    pub carry: u64,
    /// Taken from the schedule and not in the index yet.
    pub undistributed: u64,
    /// Ever taken from the schedule.
    pub collected: u64,
    /// Ever paid out, commissions included.
    pub claimed: u64,
    /// Ever slashed, reservations included.
    pub slashed: u64,
    /// The part of it that was burned.
    pub burned: u64,
    pub bump: u8,
}

impl Rewards {
    pub fn rules(&self) -> rules::Rewards {
        rules::Rewards {
            weight: self.weight,
            staked: self.staked,
            index: Index { value: self.index, carry: self.carry, undistributed: self.undistributed },
            collected: self.collected,
            claimed: self.claimed,
            slashed: self.slashed,
            burned: self.burned,
        }
    }

    pub fn write(&mut self, r: &rules::Rewards) {
        self.weight = r.weight;
        self.staked = r.staked;
        self.index = r.index.value;
        self.carry = r.index.carry;
        self.undistributed = r.index.undistributed;
        self.collected = r.collected;
        self.claimed = r.claimed;
        self.slashed = r.slashed;
        self.burned = r.burned;
    }
}
