//! Votes of stakers over the other programs' parameters, the treasury, and the voting rules themselves; a guardian who can only
//! stop. See `docs/PROTOCOL.md` and `docs/AUTHORITIES.md`.
//!
//! Handlers read accounts, call `economy`, write accounts and emit one event. What a vote can do is the closed list
//! `state::Action`.
#![allow(unexpected_cfgs)]
use anchor_lang::prelude::*;

pub mod constants;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

pub use instructions::InitializeArgs;
use instructions::*;
pub use state::{Action, Choice, Rule, Target};

declare_id!("7uaxgstiVrhyEJqtfHn2w4fZRmEAJLc8zuRej1uTsCws");

#[program]
pub mod governance {
    use super::*;

    /// Creates the config and the deposit vault. Only the program's upgrade authority may call it, once.
    pub fn initialize(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
        instructions::initialize::handle(ctx, args)
    }

    /// Opens one of the 16 event sequences. Anyone may.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        instructions::open_shard::handle(ctx, index)
    }

    /// Puts an action to the vote. Anyone may, for a deposit in IO that is burned if too little stake takes part.
    pub fn propose(ctx: Context<Propose>, action: Action) -> Result<()> {
        instructions::propose::handle(ctx, action)
    }

    /// Votes with a position's stake, once, and locks the position until the vote ends. Only a position to which nothing
    /// was added since the epoch before the proposal's may.
    pub fn vote(ctx: Context<CastVote>, choice: Choice) -> Result<()> {
        instructions::vote::handle(ctx, choice)
    }

    /// Decides a proposal once its vote has ended. Anyone may.
    pub fn finish(ctx: Context<Finish>) -> Result<()> {
        instructions::finish::handle(ctx)
    }

    /// The guardian stops a proposal that is not executed yet, unless it replaces the guardian.
    pub fn veto(ctx: Context<Veto>) -> Result<()> {
        instructions::veto::handle(ctx)
    }

    /// Does what was decided, after the timelock and within the grace period. Anyone may. Payments have their own instruction.
    pub fn execute(ctx: Context<Execute>) -> Result<()> {
        instructions::execute::handle(ctx)
    }

    /// Pays what was decided out of the treasury's budget. Anyone may.
    pub fn execute_payment(ctx: Context<ExecutePayment>) -> Result<()> {
        instructions::execute_payment::handle(ctx)
    }

    /// Puts a proposal away that nothing can happen to any more, and settles its deposit. Anyone may.
    pub fn close_proposal(ctx: Context<CloseProposal>) -> Result<()> {
        instructions::close_proposal::handle(ctx)
    }

    /// Returns a vote's rent once the vote has ended. Anyone may.
    pub fn close_vote(ctx: Context<CloseVote>) -> Result<()> {
        instructions::close_vote::handle(ctx)
    }

    /// The guardian offers its place to another key, which must accept it.
    pub fn offer_guardian(ctx: Context<OfferGuardian>, to: Pubkey) -> Result<()> {
        instructions::offer_guardian::handle(ctx, to)
    }

    /// The key to which the guardian's place is offered takes it.
    pub fn accept_guardian(ctx: Context<AcceptGuardian>) -> Result<()> {
        instructions::accept_guardian::handle(ctx)
    }

    /// The guardian sets pause flags of a program; it can clear none.
    pub fn guardian_pause(ctx: Context<GuardianPause>, target: Target, flags: u8) -> Result<()> {
        instructions::guardian_pause::handle(ctx, target, flags)
    }

    /// This program's PDA takes the authority over a program that was offered to it. Anyone may.
    pub fn accept_program_authority(ctx: Context<AcceptProgramAuthority>, target: Target) -> Result<()> {
        instructions::accept_program_authority::handle(ctx, target)
    }
}
