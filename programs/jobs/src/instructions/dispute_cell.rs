use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::FaultProven;
use crate::instructions::escrow::*;
use crate::state::{Ending, LayerRecord, Model, Proof};
use anchor_lang::prelude::*;
use judge::{judge_cell_of, CellProof, Claim, Verdict};

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
    let verdict = {
        // Of the table only the cell's own layer is read: registering has checked how they fit together.
        let layers = &a.model.layers;
        let spec = layers.get(layer as usize).map(LayerRecord::layer).ok_or(JobsError::CellOutOfRange)??;
        let claim = Claim {
            job: &job.to_bytes(),
            layers: &[],
            rows: a.refund.job.rows,
            input_root: &a.refund.job.input_root,
            commitment: &a.refund.job.commitment,
        };
        let info = a.proof.to_account_info();
        let data = info.try_borrow_data()?;
        let evidence = data.get(Proof::HEADER..).unwrap_or_default();
        let proof = CellProof { layer, row, column, evidence };
        judge_cell_of(&claim, &spec, layers.len(), &proof).map_err(JobsError::from)?
    };
    let Verdict::Fault { expected, committed } = verdict else { return err!(JobsError::NoFault) };

    a.claimed.end(&a.refund.job, Ending::Faulted)?;
    let refund = a.refund.refund()?;
    let slashed = a.refund.job.reserved;
    if slashed > 0 {
        slash(a, slashed)?;
    }
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

/// The whole reservation is lost: part of it to the prover, the rest burned.
fn slash(a: &DisputeCell, reserved: u64) -> Result<()> {
    let (claimed, stake) = (&a.claimed, &a.claimed.stake);
    let accounts = staking::cpi::accounts::Slash {
        jobs_authority: a.refund.jobs_authority.to_account_info(),
        config: stake.staking_config.to_account_info(),
        rewards: claimed.rewards.to_account_info(),
        pool: stake.pool.to_account_info(),
        position: stake.position.to_account_info(),
        staking_authority: claimed.staking_authority.to_account_info(),
        stake_vault: claimed.stake_vault.to_account_info(),
        prover_io: a.prover_io.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        token_program: claimed.token_program.to_account_info(),
        shard: stake.staking_shard.to_account_info(),
        event_authority: stake.staking_event_authority.to_account_info(),
        program: stake.staking_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.refund.config.authority_bump]];
    let signer = [seeds];
    let context = CpiContext::new_with_signer(stake.staking_program.key(), accounts, &signer);
    staking::cpi::slash(context, reserved, 0)
}
