//! What happened, with resulting amounts. Every event carries its place in its shard's gap-free sequence. Times not
//! written here are the stamp's.
use crate::state::{Action, Choice, Status, Target};
use anchor_lang::prelude::*;
pub use credits::events::Stamp;

#[event]
pub struct ShardOpened {
    pub stamp: Stamp,
}

#[event]
pub struct ProposalCreated {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub number: u64,
    pub proposer: Pubkey,
    pub action: Action,
    /// IO in the vault for it, base units.
    pub deposit: u64,
    pub rules_version: u32,
    /// First second at which votes no longer count.
    pub voting_end: i64,
    /// First and last second at which it may be executed if it passes.
    pub eta: i64,
    pub expires: i64,
    /// Stake that must take part, base units.
    pub quorum: u64,
    pub threshold_bps: u16,
}

/// A vote, and the sums after it.
#[event]
pub struct VoteCast {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub position: Pubkey,
    pub voter: Pubkey,
    pub choice: Choice,
    /// Stake, base units.
    pub weight: u64,
    pub yes: u64,
    pub no: u64,
    pub abstain: u64,
}

/// The vote is decided: `status` is passed or rejected.
#[event]
pub struct ProposalFinished {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub status: Status,
    pub quorum: u64,
    pub yes: u64,
    pub no: u64,
    pub abstain: u64,
}

#[event]
pub struct ProposalVetoed {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub guardian: Pubkey,
}

/// It was done. What it changed in another program is in that program's own event.
#[event]
pub struct ProposalExecuted {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub number: u64,
    pub action: Action,
    /// The rule's value before, if the action changes one; else zero.
    pub old: u64,
    /// As they are afterwards.
    pub rules_version: u32,
    pub guardian: Pubkey,
    pub paused: u8,
}

/// The proposal is put away. One of the two amounts is the deposit, the other is zero.
#[event]
pub struct ProposalClosed {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub number: u64,
    pub proposer: Pubkey,
    /// As it was; passed means that it expired, or that the rules changed.
    pub status: Status,
    pub deposit_returned: u64,
    pub deposit_burned: u64,
    /// All deposits burned so far.
    pub deposits_burned: u64,
}

#[event]
pub struct VoteClosed {
    pub stamp: Stamp,
    pub proposal: Pubkey,
    pub position: Pubkey,
}

/// The guardian offers its place; the default key withdraws the offer.
#[event]
pub struct GuardianOffered {
    pub stamp: Stamp,
    pub to: Pubkey,
}

#[event]
pub struct GuardianAccepted {
    pub stamp: Stamp,
    pub guardian: Pubkey,
}

#[event]
pub struct PausedByGuardian {
    pub stamp: Stamp,
    pub guardian: Pubkey,
    pub target: Target,
    /// All flags of the target that are set now.
    pub flags: u8,
}

/// This program's PDA is the target's authority now.
#[event]
pub struct ProgramAuthorityAccepted {
    pub stamp: Stamp,
    pub target: Target,
}
