use anchor_lang::prelude::*;

/// A job's money: IOSD that was burned from the user and is minted back or paid, whole. Seeds: `["escrow", job]`.
#[account]
#[derive(InitSpace)]
pub struct Escrow {
    pub job: Pubkey,
    pub user: Pubkey,
    /// Who paid the rent and gets it back.
    pub payer: Pubkey,
    pub amount: u64,
    pub bump: u8,
}
