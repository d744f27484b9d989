use crate::constants::VOTE_SEED;
use crate::events::VoteCast;
use crate::state::{Choice, Config, Proposal, Shard, Vote};
use anchor_lang::prelude::*;

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
    /// CHECK: the holder's.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: the position's.
    pub pool: UncheckedAccount<'info>,
    /// CHECK: only its own address can sign, and the staking program accepts no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    /// CHECK: the staking program.
    pub staking_program: UncheckedAccount<'info>,
    /// CHECK: the staking program's.
    pub staking_config: UncheckedAccount<'info>,
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
    let weight = 0;
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

    let stamp = a.shard.stamp(&proposal, &clock)?;
    let (yes, no, abstain) = (a.proposal.yes, a.proposal.no, a.proposal.abstain);
    emit_cpi!(VoteCast { stamp, proposal, position, voter, choice, weight, yes, no, abstain });
    Ok(())
}
