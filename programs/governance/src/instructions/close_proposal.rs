use crate::constants::{AUTHORITY_SEED, DEPOSIT_VAULT_SEED};
use crate::errors::GovernanceError;
use crate::events::ProposalClosed;
use crate::state::{Config, Proposal, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{self, Burn, Mint, Token, TokenAccount, Transfer};
use economy::vote::Deposit;

#[event_cpi]
#[derive(Accounts)]
pub struct CloseProposal<'info> {
    /// Anyone; pays for the proposer's coin account if there is none.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut, dup, has_one = io_mint @ GovernanceError::WrongTarget)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, close = proposer, has_one = proposer @ GovernanceError::WrongOwner)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// CHECK: the proposal's, who paid its rent.
    #[account(mut)]
    pub proposer: UncheckedAccount<'info>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign for the vault.
    pub governance_authority: UncheckedAccount<'info>,
    #[account(mut, seeds = [DEPOSIT_VAULT_SEED], bump = config.vault_bump)]
    pub deposit_vault: Box<Account<'info, TokenAccount>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    /// The proposer's associated account and no other, so that anybody can close a proposal.
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = io_mint, associated_token::authority = proposer,
        associated_token::token_program = token_program
    )]
    pub proposer_io: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<CloseProposal>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (stale, deposit) = (a.proposal.is_stale(&a.config), a.proposal.deposit);
    let end = a.proposal.ballot().close(clock.unix_timestamp, stale).map_err(GovernanceError::from)?;
    let (deposit_returned, deposit_burned) = match end {
        Deposit::Returned => (deposit, 0),
        Deposit::Burned => (0, deposit),
    };
    a.config.deposits_burned = a.config.deposits_burned.checked_add(deposit_burned).ok_or(GovernanceError::Overflow)?;
    settle(a, end, deposit)?;
    let proposal = a.proposal.key();
    let event = ProposalClosed {
        stamp: a.shard.stamp(&proposal, &clock)?,
        proposal,
        number: a.proposal.number,
        proposer: a.proposal.proposer,
        status: a.proposal.status,
        deposit_returned,
        deposit_burned,
        deposits_burned: a.config.deposits_burned,
    };
    emit_cpi!(event);
    Ok(())
}

/// The whole deposit leaves the vault.
fn settle(a: &CloseProposal, end: Deposit, deposit: u64) -> Result<()> {
    let program = a.token_program.key();
    let (vault, authority) = (a.deposit_vault.to_account_info(), a.governance_authority.to_account_info());
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    match end {
        Deposit::Returned => {
            let accounts = Transfer { from: vault, to: a.proposer_io.to_account_info(), authority };
            token::transfer(CpiContext::new_with_signer(program, accounts, &[seeds]), deposit)
        }
        Deposit::Burned => {
            let accounts = Burn { mint: a.io_mint.to_account_info(), from: vault, authority };
            token::burn(CpiContext::new_with_signer(program, accounts, &[seeds]), deposit)
        }
    }
}
