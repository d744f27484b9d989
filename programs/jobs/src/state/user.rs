use anchor_lang::prelude::*;

/// A user's job counter: a closed job can never be created again, so clients may retry blindly. Seeds: `["user", owner]`.
#[account]
#[derive(InitSpace)]
pub struct User {
    pub owner: Pubkey,
    pub next_seq: u64,
    pub bump: u8,
}
