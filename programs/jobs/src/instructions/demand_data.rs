use crate::constants::DEMAND_SEED;
use crate::errors::JobsError;
use crate::events::DemandMade;
use crate::instructions::demanded::committed;
use crate::state::{Config, Demand, Item, Job, Model, Shard};
use anchor_lang::prelude::*;
use anchor_lang::system_program::{transfer, Transfer};

#[event_cpi]
#[derive(Accounts)]
pub struct DemandData<'info> {
    /// Anyone; pays rent and bond.
    #[account(mut)]
    pub demander: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    #[account(constraint = model.root == job.model_root @ JobsError::WrongOwner)]
    pub model: Box<Account<'info, Model>>,
    #[account(
        init, payer = demander, space = 8 + Demand::INIT_SPACE,
        seeds = [DEMAND_SEED, job.key().as_ref(), &job.demands.next().to_le_bytes()], bump
    )]
    pub demand: Box<Account<'info, Demand>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<DemandData>, item: Item) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, demander) = (a.job.key(), a.demander.key());
    let n = a.job.demand(&demander, clock.unix_timestamp)?;
    // Only what an honest worker can answer: nobody loses stake for what does not exist.
    let wanted = item.into();
    committed(&a.job, &job.to_bytes(), &a.model, &wanted)?.check(&wanted).map_err(|_| JobsError::DemandOutOfRange)?;
    let bond = a.config.demand_bond;
    let deadline = clock.unix_timestamp.saturating_add(a.config.demand_answer_s.into());
    a.demand.set_inner(Demand { job, n, demander, item, bond, deadline, bump: ctx.bumps.demand });
    let accounts = Transfer { from: a.demander.to_account_info(), to: a.demand.to_account_info() };
    transfer(CpiContext::new(a.system_program.key(), accounts), bond)?;
    let stamp = a.shard.stamp(&job, &clock)?;
    emit_cpi!(DemandMade { stamp, job, n, demander, item, bond, deadline });
    Ok(())
}
