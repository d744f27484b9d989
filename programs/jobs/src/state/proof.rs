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
    /// Largest evidence that a buffer can be opened for, bytes; it grows from there.
    pub const MAX_OPENED: u32 = 10_000;
}

const _: () = assert!(Proof::HEADER + Proof::MAX_OPENED as usize <= 10_240, "a program can create no larger account");
