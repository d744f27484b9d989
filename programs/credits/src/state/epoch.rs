use anchor_lang::prelude::*;

/// One accounting period. Seeds: `["epoch", index (u64, little-endian)]`.
#[account]
#[derive(InitSpace)]
pub struct Epoch {
    pub index: u64,
    /// IO burned for credits in this epoch, base units: counted when it is burned, never by difference of supplies.
    pub io_burned: u64,
    /// IO minted for redemptions in this epoch, base units.
    pub io_redeemed: u64,
    pub bump: u8,
}
