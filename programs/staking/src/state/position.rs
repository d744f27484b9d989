use crate::errors::StakingError;
use crate::state::Pool;
use anchor_lang::prelude::*;
use economy::stake as rules;

/// One holder's part of a pool, IO base units. All amounts but `reserved` and `owed` are as of `factor`. Seeds:
/// `["position", pool, holder]`.
#[account]
#[derive(InitSpace)]
pub struct Position {
    pub pool: Pubkey,
    pub holder: Pubkey,
    /// Who paid the rent and gets it back.
    pub payer: Pubkey,
    pub active: u64,
    /// Standing for live jobs; only in the position that the pool's owner holds.
    pub reserved: u64,
    pub warming: u64,
    /// First epoch in which `warming` may become active.
    pub warm_epoch: u64,
    pub cooling: u64,
    /// First epoch in which `cooling` may be withdrawn.
    pub cool_epoch: u64,
    /// The pool's when the position was last settled; its indices likewise.
    pub factor: u64,
    pub index: u128,
    pub scaled_index: u128,
    /// Rewards not paid out yet: IO in an operator's pool, IOSD in a user's.
    pub owed: u64,
    /// A vote keeps everything in until then, unix time in seconds.
    pub locked_until: i64,
    pub bump: u8,
}

/// A position's amounts after what an event tells.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionState {
    pub active: u64,
    pub reserved: u64,
    pub warming: u64,
    pub cooling: u64,
    pub owed: u64,
}

impl Position {
    /// Opens a position that was just created; leaves an older one as it is.
    pub fn open_if_new(&mut self, pool: &Account<Pool>, holder: Pubkey, bump: u8) {
        // No pool has the default key for an address.
        if self.pool == Pubkey::default() {
            (self.pool, self.holder, self.payer, self.bump) = (pool.key(), holder, holder, bump);
            self.write(&rules::Position::open(&pool.rules()));
        }
    }

    pub fn rules(&self) -> rules::Position {
        rules::Position {
            active: self.active,
            reserved: self.reserved,
            warming: self.warming,
            warm_epoch: self.warm_epoch,
            cooling: self.cooling,
            cool_epoch: self.cool_epoch,
            factor: self.factor,
            index: self.index,
            scaled_index: self.scaled_index,
            owed: self.owed,
            locked_until: self.locked_until,
        }
    }

    pub fn write(&mut self, p: &rules::Position) {
        self.active = p.active;
        self.reserved = p.reserved;
        self.warming = p.warming;
        self.warm_epoch = p.warm_epoch;
        self.cooling = p.cooling;
        self.cool_epoch = p.cool_epoch;
        self.factor = p.factor;
        self.index = p.index;
        self.scaled_index = p.scaled_index;
        self.owed = p.owed;
        self.locked_until = p.locked_until;
    }

    pub fn state(&self) -> PositionState {
        PositionState {
            active: self.active,
            reserved: self.reserved,
            warming: self.warming,
            cooling: self.cooling,
            owed: self.owed,
        }
    }

    /// What the position counts in a vote: active after the pool's losses, and reserved. Rounded down.
    pub fn weight(&self, pool: &Pool) -> Result<u64> {
        Ok(self.rules().weight(pool.factor).map_err(StakingError::from)?)
    }
}
