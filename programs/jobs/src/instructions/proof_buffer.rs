//! Evidence is longer than a transaction: it is written to a buffer account first. Buffers are scratch space of their
//! prover and emit no events.
use crate::constants::{MAX_GROWTH, MAX_PROOF_BYTES, PROOF_SEED};
use crate::errors::JobsError;
use crate::state::Proof;
use anchor_lang::prelude::*;

#[derive(Accounts)]
#[instruction(size: u32)]
pub struct OpenProof<'info> {
    #[account(mut)]
    pub prover: Signer<'info>,
    /// CHECK: the job, or the device, that it is about: an account of this program, so that nothing else gets buffers.
    #[account(owner = crate::ID @ JobsError::WrongOwner)]
    pub job: UncheckedAccount<'info>,
    // Not more than a program can create, so that a larger request is refused by name.
    #[account(
        init, payer = prover, space = Proof::HEADER + size.min(Proof::MAX_OPENED) as usize,
        seeds = [PROOF_SEED, job.key().as_ref(), prover.key().as_ref()], bump
    )]
    pub proof: Account<'info, Proof>,
    pub system_program: Program<'info, System>,
}

pub fn open(ctx: Context<OpenProof>, size: u32) -> Result<()> {
    require!((1..=Proof::MAX_OPENED).contains(&size), JobsError::BadProofSize);
    let a = &mut *ctx.accounts;
    a.proof.set_inner(Proof { job: a.job.key(), prover: a.prover.key(), bump: ctx.bumps.proof });
    Ok(())
}

#[derive(Accounts)]
#[instruction(size: u32)]
pub struct GrowProof<'info> {
    /// Pays the rent of what is added, and gets it back with the rest.
    #[account(mut)]
    pub prover: Signer<'info>,
    // A smaller size changes nothing, so that growing can be repeated in any order.
    #[account(
        mut, dup, has_one = prover @ JobsError::WrongOwner,
        realloc = grown(&proof, size)?, realloc::payer = prover, realloc::zero = false
    )]
    pub proof: Account<'info, Proof>,
    pub system_program: Program<'info, System>,
}

/// Bytes of the account after it has grown to hold `size` bytes of evidence.
fn grown(proof: &Account<Proof>, size: u32) -> Result<usize> {
    require!(size <= MAX_PROOF_BYTES, JobsError::BadProofSize);
    let now = proof.to_account_info().data_len();
    let wanted = now.max(Proof::HEADER.saturating_add(size as usize));
    require!(wanted.saturating_sub(now) <= MAX_GROWTH as usize, JobsError::BadProofSize);
    Ok(wanted)
}

pub fn grow(_ctx: Context<GrowProof>, _size: u32) -> Result<()> {
    Ok(())
}

#[derive(Accounts)]
pub struct WriteProof<'info> {
    pub prover: Signer<'info>,
    #[account(mut, dup, has_one = prover @ JobsError::WrongOwner)]
    pub proof: Account<'info, Proof>,
}

pub fn write(ctx: Context<WriteProof>, offset: u32, bytes: Vec<u8>) -> Result<()> {
    let info = ctx.accounts.proof.to_account_info();
    let mut data = info.try_borrow_mut_data()?;
    let start = Proof::HEADER.saturating_add(offset as usize);
    let end = start.saturating_add(bytes.len());
    data.get_mut(start..end).ok_or(JobsError::BadProofSize)?.copy_from_slice(&bytes);
    Ok(())
}

#[derive(Accounts)]
pub struct CloseProof<'info> {
    #[account(mut)]
    pub prover: Signer<'info>,
    #[account(mut, dup, close = prover, has_one = prover @ JobsError::WrongOwner)]
    pub proof: Account<'info, Proof>,
}

pub fn close(_ctx: Context<CloseProof>) -> Result<()> {
    Ok(())
}
