use anchor_lang::prelude::*;

/// A supplier. Seeds: `["operator", owner]`.
#[account]
#[derive(InitSpace)]
pub struct Operator {
    pub owner: Pubkey,
    pub devices: u32,
    pub jobs_paid: u64,
    pub jobs_expired: u64,
    pub jobs_faulted: u64,
    pub bump: u8,
}
