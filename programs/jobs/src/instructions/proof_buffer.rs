//! Evidence is longer than a transaction: it is written to a buffer account first. Buffers are scratch space of their
//! prover and emit no events.
use crate::constants::{MAX_PROOF_BYTES, PROOF_SEED};
use crate::errors::JobsError;
use crate::state::{Job, Proof};
use anchor_lang::prelude::*;

#[derive(Accounts)]
#[instruction(size: u16)]
pub struct OpenProof<'info> {
    #[account(mut)]
    pub prover: Signer<'info>,
    pub job: Box<Account<'info, Job>>,
    // Not more than a program can create, so that a larger request is refused by name.
    #[account(
        init, payer = prover, space = Proof::HEADER + size.min(MAX_PROOF_BYTES) as usize,
        seeds = [PROOF_SEED, job.key().as_ref(), prover.key().as_ref()], bump
    )]
    pub proof: Account<'info, Proof>,
    pub system_program: Program<'info, System>,
}

pub fn open(ctx: Context<OpenProof>, size: u16) -> Result<()> {
    require!((1..=MAX_PROOF_BYTES).contains(&size), JobsError::BadProofSize);
    let a = &mut *ctx.accounts;
    a.proof.set_inner(Proof { job: a.job.key(), prover: a.prover.key(), bump: ctx.bumps.proof });
    Ok(())
}

#[derive(Accounts)]
pub struct WriteProof<'info> {
    pub prover: Signer<'info>,
    #[account(mut, dup, has_one = prover @ JobsError::WrongOwner)]
    pub proof: Account<'info, Proof>,
}

pub fn write(ctx: Context<WriteProof>, offset: u16, bytes: Vec<u8>) -> Result<()> {
    let info = ctx.accounts.proof.to_account_info();
    let mut data = info.try_borrow_mut_data()?;
    let start = Proof::HEADER.saturating_add(usize::from(offset));
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
