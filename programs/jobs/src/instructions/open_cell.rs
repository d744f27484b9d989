use crate::errors::JobsError;
use crate::events::CellOpened;
use crate::instructions::dispute_cell::judge;
use crate::state::{Job, Model, Proof, Shard};
use anchor_lang::prelude::*;
use judge::{audit, Verdict};

#[event_cpi]
#[derive(Accounts)]
pub struct OpenCell<'info> {
    /// Anyone; gets the buffer's rent back.
    #[account(mut)]
    pub prover: Signer<'info>,
    #[account(
        mut, dup, close = prover, has_one = prover @ JobsError::WrongOwner,
        constraint = proof.job == job.key() @ JobsError::WrongOwner
    )]
    pub proof: Box<Account<'info, Proof>>,
    #[account(constraint = model.root == job.model_root @ JobsError::WrongOwner)]
    pub model: Box<Account<'info, Model>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<OpenCell>, index: u8) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, prover) = (a.job.key(), a.prover.key());
    let seed = a.job.asked(index, clock.unix_timestamp)?;
    // Registering has checked the records.
    let layers = a.model.layers.iter().map_while(|record| record.layer().ok());
    let cell = audit::cell(&seed, index, layers, a.job.rows).ok_or(JobsError::CellOutOfRange)?;
    let verdict = judge(&job, &a.job, &a.model, &a.proof.to_account_info(), cell)?;
    require!(verdict == Verdict::Honest, JobsError::WrongCell);
    let left = a.job.answer(index)?;
    let stamp = a.shard.stamp(&job, &clock)?;
    let audit::Cell { layer, row, column } = cell;
    emit_cpi!(CellOpened { stamp, job, prover, index, layer, row, column, left });
    Ok(())
}
