use anchor_lang::prelude::*;

/// Header of an evidence buffer; the evidence follows it in the same account. Seeds: `["proof", job, prover]`.
#[account]
#[derive(InitSpace)]
pub struct Proof {
    pub job: Pubkey,
    pub prover: Pubkey,
    pub bump: u8,
}

impl Proof {
    /// Where the evidence starts.
    pub const HEADER: usize = 8 + Proof::INIT_SPACE;
}
