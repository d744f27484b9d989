use crate::errors::JobsError;
use crate::events::FaultProven;
use crate::instructions::escrow::*;
use crate::state::{Ending, Job, LayerRecord, Model, Proof};
use anchor_lang::prelude::*;
use judge::audit::Cell;
use judge::{judge_cell_of, CellProof, Claim, Verdict};
use staking::SlashReason;

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
    pub claimed: Claimed<'info>,
    /// CHECK: part of what is slashed is burned; checked by the staking program.
    #[account(mut)]
    pub io_mint: UncheckedAccount<'info>,
    /// CHECK: the IO account that the prover wants its share in.
    #[account(mut)]
    pub prover_io: UncheckedAccount<'info>,
}

pub fn handle(ctx: Context<DisputeCell>, layer: u32, row: u32, column: u32) -> Result<()> {
    let a = &mut *ctx.accounts;
    let job = a.refund.job.key();
    // The state first: a job without a commitment has nothing to judge.
    a.refund.job.prove_fault()?;
    let cell = Cell { layer, row, column };
    let verdict = judge(&job, &a.refund.job, &a.model, &a.proof.to_account_info(), cell)?;
    let Verdict::Fault { expected, committed } = verdict else { return err!(JobsError::NoFault) };

    a.claimed.end(&a.refund.job, Ending::Faulted)?;
    let refund = a.refund.refund()?;
    let slashed = a.claimed.slash(&a.refund, &a.io_mint, &a.prover_io, SlashReason::WrongCell)?;
    let stamp = a.refund.shard.stamp(&job, &Clock::get()?)?;
    let (device, operator, prover) = (a.refund.job.device, a.refund.job.operator, a.prover.key());
    emit_cpi!(FaultProven {
        stamp,
        job,
        device,
        operator,
        prover,
        layer,
        row,
        column,
        expected,
        committed,
        refund,
        slashed
    });
    Ok(())
}

/// Judges `cell` of a job by the evidence in a buffer.
pub fn judge(address: &Pubkey, job: &Job, model: &Model, proof: &AccountInfo, cell: Cell) -> Result<Verdict> {
    // Of the table only the cell's own layer is read: registering has checked how they fit together.
    let layers = &model.layers;
    let spec = layers.get(cell.layer as usize).map(LayerRecord::layer).ok_or(JobsError::CellOutOfRange)??;
    let claim = Claim {
        job: &address.to_bytes(),
        layers: &[],
        rows: job.rows,
        input_root: &job.input_root,
        commitment: &job.commitment,
    };
    let data = proof.try_borrow_data()?;
    let evidence = data.get(Proof::HEADER..).unwrap_or_default();
    let Cell { layer, row, column } = cell;
    let proof = CellProof { layer, row, column, evidence };
    Ok(judge_cell_of(&claim, &spec, layers.len(), &proof).map_err(JobsError::from)?)
}
