//! Seeds, pause flags, and what is limited to one change per timelock.

pub use credits::constants::{shard_of, CONFIG_SEED, SHARDS, SHARD_SEED};

/// The PDA that is the other programs' authority; it owns the deposit vault and mints for the treasury.
pub const AUTHORITY_SEED: &[u8] = b"authority";
pub const DEPOSIT_VAULT_SEED: &[u8] = b"deposit_vault";
pub const PROPOSAL_SEED: &[u8] = b"proposal";
pub const VOTE_SEED: &[u8] = b"vote";

/// Pause flag: no new proposals, but those that lift the pause or replace the guardian.
pub const PAUSE_PROPOSALS: u8 = 1;
/// All pause flags. Voting, executing and getting a deposit back have none.
pub const PAUSE_ALL: u8 = PAUSE_PROPOSALS;

/// Kinds of change that the config remembers the last time of; see `Action::kind`.
pub const KINDS: usize = 64;
