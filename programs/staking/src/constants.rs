//! Seeds and pause flags. Hard bounds are beside the parameters.

pub use credits::constants::{shard_of, CONFIG_SEED, SHARDS, SHARD_SEED};

pub const AUTHORITY_SEED: &[u8] = b"authority";
pub const STAKE_VAULT_SEED: &[u8] = b"stake_vault";
pub const REWARD_VAULT_SEED: &[u8] = b"reward_vault";
pub const REWARDS_SEED: &[u8] = b"rewards";
pub const POOL_SEED: &[u8] = b"pool";
pub const POSITION_SEED: &[u8] = b"position";

/// Most that the caller gets of a slash for silence, basis points: what it costs to send, not a reward for a proof.
pub const SILENCE_BPS: u16 = 100;

/// Pause flag: no new stake.
pub const PAUSE_STAKE: u8 = 1;
/// Pause flag: no new pools.
pub const PAUSE_OPEN: u8 = 2;
/// Pause flag: nothing is taken from the schedule; its budget goes on growing.
pub const PAUSE_COLLECT: u8 = 4;
/// All pause flags. What gives people their stake and rewards, and what jobs need to end, has none.
pub const PAUSE_ALL: u8 = PAUSE_STAKE | PAUSE_OPEN | PAUSE_COLLECT;
