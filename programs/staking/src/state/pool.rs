use crate::errors::StakingError;
use anchor_lang::prelude::*;
use economy::index::Index;
use economy::stake as rules;

/// What a pool is for.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum PoolKind {
    /// Stands for an operator's jobs and earns from the schedule, in IO.
    Operator,
    /// Shares a user's rebates, in IOSD.
    User,
}

/// Stake towards one operator or user, IO base units. It is never closed. Seeds: `["pool", owner, kind]`.
#[account]
#[derive(InitSpace)]
pub struct Pool {
    pub owner: Pubkey,
    pub kind: PoolKind,
    /// Who paid the rent.
    pub payer: Pubkey,
    /// Earns, and can be taken out.
    pub active: u64,
    /// Earns, and stands for the operator's live jobs.
    pub reserved: u64,
    /// Earns nothing yet.
    pub warming: u64,
    /// Earns nothing any more.
    pub cooling: u64,
    /// What a unit staked at `economy::index::ONE` is still worth.
    pub factor: u64,
    /// Rewards per unit of weight, Q64.64, in the pool's coin.
    pub index: u128,
    /// The same per unit that was staked at `economy::index::ONE`.
    pub scaled_index: u128,
    /// Remainder of the index, 2^-64 base units.
    pub carry: u64,
    /// Rewards that are not in the index yet.
    pub undistributed: u64,
    /// `Rewards::index` at the last fold.
    pub rewards_index: u128,
    /// The owner's share of the pool's rewards, basis points.
    pub commission_bps: u16,
    /// Epoch in which the commission was last set.
    pub commission_epoch: u64,
    /// Commission not paid out yet, IO base units.
    pub commission_owed: u64,
    /// Epoch of the last slash beyond reservations.
    pub slash_epoch: u64,
    /// Active, warming and cooling before that epoch's first one.
    pub slash_base: u64,
    /// Taken beyond reservations in that epoch.
    pub slashed: u64,
    pub bump: u8,
}

/// A pool's amounts after what an event tells.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    pub active: u64,
    pub reserved: u64,
    pub warming: u64,
    pub cooling: u64,
    pub factor: u64,
    pub index: u128,
    pub scaled_index: u128,
    pub commission_owed: u64,
    pub undistributed: u64,
}

impl Pool {
    pub fn rules(&self) -> rules::Pool {
        rules::Pool {
            operator: self.kind == PoolKind::Operator,
            active: self.active,
            reserved: self.reserved,
            warming: self.warming,
            cooling: self.cooling,
            factor: self.factor,
            index: Index { value: self.index, carry: self.carry, undistributed: self.undistributed },
            scaled_index: self.scaled_index,
            rewards_index: self.rewards_index,
            commission_bps: self.commission_bps,
            commission_owed: self.commission_owed,
            slash_epoch: self.slash_epoch,
            slash_base: self.slash_base,
            slashed: self.slashed,
        }
    }

    pub fn write(&mut self, p: &rules::Pool) {
        self.active = p.active;
        self.reserved = p.reserved;
        self.warming = p.warming;
        self.cooling = p.cooling;
        self.factor = p.factor;
        self.index = p.index.value;
        self.scaled_index = p.scaled_index;
        self.carry = p.index.carry;
        self.undistributed = p.index.undistributed;
        self.rewards_index = p.rewards_index;
        self.commission_bps = p.commission_bps;
        self.commission_owed = p.commission_owed;
        self.slash_epoch = p.slash_epoch;
        self.slash_base = p.slash_base;
        self.slashed = p.slashed;
    }

    pub fn state(&self) -> PoolState {
        PoolState {
            active: self.active,
            reserved: self.reserved,
            warming: self.warming,
            cooling: self.cooling,
            factor: self.factor,
            index: self.index,
            scaled_index: self.scaled_index,
            commission_owed: self.commission_owed,
            undistributed: self.undistributed,
        }
    }

    /// Brings in what the pool earned.
    pub fn fold(&mut self, rewards: &super::Rewards) -> Result<rules::Fold> {
        let mut pool = self.rules();
        let fold = pool.fold(&rewards.rules()).map_err(StakingError::from)?;
        self.write(&pool);
        Ok(fold)
    }

    pub fn require(&self, kind: PoolKind) -> Result<()> {
        require!(self.kind == kind, StakingError::WrongKind);
        Ok(())
    }
}
