use crate::errors::JobsError;
use anchor_lang::prelude::*;

/// Header of an evidence buffer; the evidence follows it in the same account. Seeds: `["proof", job, prover]`, where the job may be a
/// device's account.
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

/// Where in a buffer the rest of a path lies that is too long for one transaction.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// From the start of the evidence, bytes.
    pub offset: u32,
    pub bytes: u16,
}

impl Rest {
    /// `path` with what follows it in `buffer`. Whose buffer that is makes no difference: the path leads to the root or not.
    pub fn join(rest: Option<Self>, buffer: &Option<Account<Proof>>, mut path: Vec<u8>) -> Result<Vec<u8>> {
        let (Some(rest), Some(buffer)) = (rest, buffer) else { return Ok(path) };
        let info = buffer.to_account_info();
        let data = info.try_borrow_data()?;
        let start = Proof::HEADER.saturating_add(rest.offset as usize);
        let part = data.get(start..start.saturating_add(rest.bytes.into()));
        path.extend_from_slice(part.ok_or(JobsError::EvidenceSegment)?);
        Ok(path)
    }
}
