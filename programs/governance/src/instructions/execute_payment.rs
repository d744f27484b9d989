use crate::constants::AUTHORITY_SEED;
use crate::errors::GovernanceError;
use crate::events::ProposalExecuted;
use crate::state::{Config, Proposal, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{Mint, Token, TokenAccount};
use credits::program::Credits;
use credits::state::Purpose;

#[event_cpi]
#[derive(Accounts)]
pub struct ExecutePayment<'info> {
    /// Anyone; pays for the recipient's account if there is none.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(has_one = io_mint @ GovernanceError::WrongTarget)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// Shard of the proposal's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub governance_authority: UncheckedAccount<'info>,
    /// CHECK: whom the proposal names; any address can be paid.
    #[account(address = proposal.action.payment()?.0 @ GovernanceError::WrongOwner)]
    pub recipient: UncheckedAccount<'info>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    /// The recipient's associated account and no other, and still theirs.
    #[account(
        init_if_needed, payer = payer,
        associated_token::mint = io_mint, associated_token::authority = recipient,
        associated_token::token_program = token_program
    )]
    pub recipient_io: Box<Account<'info, TokenAccount>>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub emission: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program: shard of the emission account's address.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<ExecutePayment>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let action = a.proposal.action;
    let (_, amount) = action.payment()?;
    // What keeps it from happening twice comes before it happens.
    a.proposal.execute(&a.config, clock.unix_timestamp)?;
    pay(a, amount)?;
    let proposal = a.proposal.key();
    let event = ProposalExecuted {
        stamp: a.shard.stamp(&proposal, &clock)?,
        proposal,
        number: a.proposal.number,
        action,
        old: 0,
        rules_version: a.config.rules_version,
        guardian: a.config.guardian,
        paused: a.config.paused,
    };
    emit_cpi!(event);
    Ok(())
}

/// Mints from the treasury's budget, within what the credits program allows its minter.
fn pay(a: &ExecutePayment, amount: u64) -> Result<()> {
    let accounts = credits::cpi::accounts::MintScheduled {
        authority: a.governance_authority.to_account_info(),
        config: a.credits_config.to_account_info(),
        emission: a.emission.to_account_info(),
        io_mint: a.io_mint.to_account_info(),
        to: a.recipient_io.to_account_info(),
        token_program: a.token_program.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    let signer = [seeds];
    let ctx = CpiContext::new_with_signer(credits::ID, accounts, &signer);
    credits::cpi::mint_scheduled(ctx, Purpose::Treasury, amount)
}
