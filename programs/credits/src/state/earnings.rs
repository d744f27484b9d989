use anchor_lang::prelude::*;

/// What a supplier has earned and not redeemed yet, IOSD base units. Seeds: `["earnings", owner]`.
#[account]
#[derive(InitSpace)]
pub struct Earnings {
    pub owner: Pubkey,
    pub owed: u64,
    /// Redeemed so far, IOSD base units.
    pub redeemed: u64,
    pub bump: u8,
}
