use crate::constants::{AUTHORITY_SEED, VOTE_SEED};
use crate::errors::GovernanceError;
use crate::events::VoteCast;
use crate::state::{Choice, Config, Proposal, Shard, Vote};
use anchor_lang::prelude::*;
use economy::vote::may_vote;
use staking::program::Staking;
use staking::state::{Pool, Position};

#[event_cpi]
#[derive(Accounts)]
pub struct CastVote<'info> {
    /// Pays the vote's rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub holder: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub proposal: Box<Account<'info, Proposal>>,
    #[account(
        init, payer = payer, space = 8 + Vote::INIT_SPACE,
        seeds = [VOTE_SEED, proposal.key().as_ref(), position.key().as_ref()], bump
    )]
    pub vote: Box<Account<'info, Vote>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup, has_one = holder @ GovernanceError::WrongOwner, has_one = pool @ GovernanceError::WrongOwner)]
    pub position: Box<Account<'info, Position>>,
    pub pool: Box<Account<'info, Pool>>,
    /// CHECK: only its own address can sign, and the staking program accepts no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub staking_config: Box<Account<'info, staking::state::Config>>,
    /// CHECK: checked by the staking program: shard of the pool's address.
    #[account(mut)]
    pub staking_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the staking program.
    pub staking_event_authority: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<CastVote>, choice: Choice) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    let proposed = a.staking_config.epoch_at(a.proposal.created);
    require!(may_vote(a.position.warm_epoch, proposed), GovernanceError::StakeTooYoung);
    let weight = a.position.weight(&a.pool)?;
    a.proposal.step(|ballot| ballot.vote(choice.into(), weight, now))?;
    let (proposal, position, voter) = (a.proposal.key(), a.position.key(), a.holder.key());
    let voting_end = a.proposal.voting_end;
    a.vote.set_inner(Vote {
        proposal,
        position,
        voter,
        choice,
        weight,
        voting_end,
        payer: a.payer.key(),
        bump: ctx.bumps.vote,
    });
    lock(a, voting_end)?;

    let stamp = a.shard.stamp(&proposal, &clock)?;
    let (yes, no, abstain) = (a.proposal.yes, a.proposal.no, a.proposal.abstain);
    emit_cpi!(VoteCast { stamp, proposal, position, voter, choice, weight, yes, no, abstain });
    Ok(())
}

/// Keeps the stake in until the vote is over.
fn lock(a: &CastVote, until: i64) -> Result<()> {
    let accounts = staking::cpi::accounts::LockPosition {
        voting_authority: a.governance_authority.to_account_info(),
        config: a.staking_config.to_account_info(),
        position: a.position.to_account_info(),
        shard: a.staking_shard.to_account_info(),
        event_authority: a.staking_event_authority.to_account_info(),
        program: a.staking_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    staking::cpi::lock_position(CpiContext::new_with_signer(staking::ID, accounts, &[seeds]), until)
}
