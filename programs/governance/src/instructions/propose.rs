use crate::constants::{DEPOSIT_VAULT_SEED, PROPOSAL_SEED};
use crate::errors::GovernanceError;
use crate::events::ProposalCreated;
use crate::state::{Action, Config, Proposal, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Token, TokenAccount, Transfer};
use economy::vote::Ballot;

#[event_cpi]
#[derive(Accounts)]
pub struct Propose<'info> {
    /// Pays rent and deposit.
    #[account(mut)]
    pub proposer: Signer<'info>,
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    /// The staking program's: says how much stake there is.
    pub rewards: Box<Account<'info, staking::state::Rewards>>,
    #[account(
        init, payer = proposer, space = 8 + Proposal::INIT_SPACE,
        seeds = [PROPOSAL_SEED, &config.next_proposal.to_le_bytes()], bump
    )]
    pub proposal: Box<Account<'info, Proposal>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, token::mint = config.io_mint, token::authority = proposer)]
    pub proposer_io: Box<Account<'info, TokenAccount>>,
    #[account(mut, seeds = [DEPOSIT_VAULT_SEED], bump = config.vault_bump)]
    pub deposit_vault: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Propose>, action: Action) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    a.config.require_running(&action)?;
    action.check()?;
    let deposit = a.config.deposit;
    require!(a.proposer_io.amount >= deposit, GovernanceError::InsufficientDeposit);
    let ballot = Ballot::open(now, a.rewards.staked, a.config.rules()).map_err(GovernanceError::from)?;

    let accounts = Transfer {
        from: a.proposer_io.to_account_info(),
        to: a.deposit_vault.to_account_info(),
        authority: a.proposer.to_account_info(),
    };
    token::transfer(CpiContext::new(a.token_program.key(), accounts), deposit)?;

    let (number, proposer, rules_version) = (a.config.next_proposal, a.proposer.key(), a.config.rules_version);
    a.config.next_proposal = number.checked_add(1).ok_or(GovernanceError::Overflow)?;
    a.proposal.set_inner(Proposal {
        status: ballot.status.into(),
        number,
        proposer,
        rules_version,
        deposit,
        created: now,
        voting_end: ballot.voting_end,
        eta: ballot.eta,
        expires: ballot.expires,
        quorum: ballot.quorum,
        threshold_bps: ballot.threshold_bps,
        yes: 0,
        no: 0,
        abstain: 0,
        bump: ctx.bumps.proposal,
        action,
    });
    let proposal = a.proposal.key();
    let event = ProposalCreated {
        stamp: a.shard.stamp(&proposal, &clock)?,
        proposal,
        number,
        proposer,
        action,
        deposit,
        rules_version,
        voting_end: ballot.voting_end,
        eta: ballot.eta,
        expires: ballot.expires,
        quorum: ballot.quorum,
        threshold_bps: ballot.threshold_bps,
    };
    emit_cpi!(event);
    Ok(())
}
