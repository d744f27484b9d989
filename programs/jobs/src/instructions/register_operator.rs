use crate::constants::OPERATOR_SEED;
use crate::errors::JobsError;
use crate::events::OperatorRegistered;
use crate::state::{Operator, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct RegisterOperator<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(
        init, payer = owner, space = 8 + Operator::INIT_SPACE, seeds = [OPERATOR_SEED, owner.key().as_ref()], bump
    )]
    pub operator: Account<'info, Operator>,
    /// Must exist, or nobody could pay this supplier.
    #[account(has_one = owner @ JobsError::WrongOwner)]
    pub earnings: Account<'info, credits::state::Earnings>,
    /// Shard of the owner's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RegisterOperator>) -> Result<()> {
    let a = &mut *ctx.accounts;
    let owner = a.owner.key();
    a.operator.set_inner(Operator {
        owner,
        devices: 0,
        required_stake: 0,
        jobs_paid: 0,
        jobs_expired: 0,
        jobs_faulted: 0,
        idle_owed: 0,
        bump: ctx.bumps.operator,
    });
    let stamp = a.shard.stamp(&owner, &Clock::get()?)?;
    emit_cpi!(OperatorRegistered { stamp, operator: owner });
    Ok(())
}
