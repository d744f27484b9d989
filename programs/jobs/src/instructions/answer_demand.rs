use crate::errors::JobsError;
use crate::events::DemandAnswered;
use crate::instructions::demanded::committed;
use crate::state::{Config, Demand, Job, Model, Proof, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct AnswerDemand<'info> {
    /// Anyone; gets the bond, and the buffer's rent back.
    #[account(mut)]
    pub prover: Signer<'info>,
    #[account(
        mut, dup, close = prover, has_one = prover @ JobsError::WrongOwner,
        constraint = proof.job == job.key() @ JobsError::WrongOwner
    )]
    pub proof: Box<Account<'info, Proof>>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    #[account(constraint = model.root == job.model_root @ JobsError::WrongOwner)]
    pub model: Box<Account<'info, Model>>,
    #[account(
        mut, dup, close = demander, has_one = job @ JobsError::WrongOwner, has_one = demander @ JobsError::WrongOwner
    )]
    pub demand: Box<Account<'info, Demand>>,
    /// CHECK: paid the demand's rent.
    #[account(mut)]
    pub demander: UncheckedAccount<'info>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<AnswerDemand>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let job = a.job.key();
    let Demand { n, demander, item, bond, deadline, .. } = **a.demand;
    require!(clock.unix_timestamp <= deadline, JobsError::DeadlinePassed);
    let data = {
        let wanted = item.into();
        let id = job.to_bytes();
        let about = committed(&a.job, &id, &a.model, &wanted)?;
        let info = a.proof.to_account_info();
        let buffer = info.try_borrow_data()?;
        let answer = buffer.get(Proof::HEADER..).unwrap_or_default();
        about.judge(&wanted, answer).map_err(JobsError::from)?.to_vec()
    };
    a.job.demand_answered(&demander, a.config.demand_answer_s, clock.unix_timestamp)?;
    let (prover, window_end) = (a.prover.key(), a.job.window_end);
    let stamp = a.shard.stamp(&job, &clock)?;
    emit_cpi!(DemandAnswered { stamp, job, n, demander, prover, bond, window_end, data });
    // After the last call into a program: lamports that were moved by hand would not add up for it.
    ctx.accounts.demand.sub_lamports(bond)?;
    ctx.accounts.prover.add_lamports(bond)?;
    Ok(())
}
