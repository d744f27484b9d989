use anchor_lang::prelude::*;

/// A job's money: IOSD that was burned from the user and is minted back or paid, whole. Seeds: `["escrow", job]`.
#[account]
#[derive(InitSpace)]
pub struct Escrow {
    pub job: Pubkey,
    pub user: Pubkey,
    /// The user's associated IOSD account, which a refund goes to and no other.
    pub user_iosd: Pubkey,
    /// Gets the rent: the job, whose own goes to the user.
    pub payer: Pubkey,
    pub amount: u64,
    pub bump: u8,
}
