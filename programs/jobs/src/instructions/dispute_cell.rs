use crate::errors::JobsError;
use crate::events::FaultProven;
use crate::instructions::escrow::*;
use crate::state::{Ending, Model, Proof};
use anchor_lang::prelude::*;
use judge::{judge_cell, CellProof, Claim, Verdict};

#[event_cpi]
#[derive(Accounts)]
pub struct DisputeCell<'info> {
    /// Anyone; gets the buffer's rent back.
    #[account(mut)]
    pub prover: Signer<'info>,
    #[account(
        mut, dup, close = prover, has_one = prover @ JobsError::WrongOwner,
        constraint = proof.job == refund.job.key() @ JobsError::WrongOwner
    )]
    pub proof: Box<Account<'info, Proof>>,
    #[account(constraint = model.root == refund.job.model_root @ JobsError::WrongOwner)]
    pub model: Box<Account<'info, Model>>,
    pub refund: Refund<'info>,
}

pub fn handle(ctx: Context<DisputeCell>, layer: u32, row: u32, column: u32) -> Result<()> {
    let a = &mut *ctx.accounts;
    let job = a.refund.job.key();
    // The state first: a job without a commitment has nothing to judge.
    a.refund.job.prove_fault()?;
    let verdict = {
        let layers = Model::layers(&a.model.layers);
        let claim = Claim {
            job: &job.to_bytes(),
            layers: &layers,
            rows: a.refund.job.rows,
            input_root: &a.refund.job.input_root,
            commitment: &a.refund.job.commitment,
        };
        let info = a.proof.to_account_info();
        let data = info.try_borrow_data()?;
        let evidence = data.get(Proof::HEADER..).unwrap_or_default();
        judge_cell(&claim, &CellProof { layer, row, column, evidence }).map_err(JobsError::from)?
    };
    let Verdict::Fault { expected, committed } = verdict else { return err!(JobsError::NoFault) };

    a.refund.release(Ending::Faulted)?;
    let refund = a.refund.refund()?;
    let stamp = a.refund.shard.stamp(&job, &Clock::get()?)?;
    let (device, operator, prover) = (a.refund.job.device, a.refund.job.operator, a.prover.key());
    emit_cpi!(FaultProven { stamp, job, device, operator, prover, layer, row, column, expected, committed, refund });
    Ok(())
}
