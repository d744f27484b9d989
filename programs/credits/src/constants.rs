//! Seeds and hard bounds.
use anchor_lang::prelude::{pubkey, Pubkey};

pub const CONFIG_SEED: &[u8] = b"config";
pub const FEED_SEED: &[u8] = b"feed";
pub const IO_MINT_SEED: &[u8] = b"io";
pub const IOSD_MINT_SEED: &[u8] = b"iosd";
pub const SHARD_SEED: &[u8] = b"seq";
pub const EPOCH_SEED: &[u8] = b"epoch";
pub const ESCROW_SEED: &[u8] = b"escrow";
pub const EARNINGS_SEED: &[u8] = b"earnings";
pub const EMISSION_SEED: &[u8] = b"emission";
pub const LOYALTY_SEED: &[u8] = b"loyalty";

/// Event sequences and running totals are kept in this many accounts, so that unrelated actions share none.
pub const SHARDS: u8 = 16;

/// Longest epoch, seconds: one day.
pub const MAX_EPOCH_S: u32 = 86_400;
/// Most of a user's rebate that can go to those who stake towards them, basis points.
pub const MAX_SHARED_BPS: u16 = 10_000;

/// Programs that may own a Pyth price update: the receiver and its successor. No vote can name another one.
pub const PYTH_RECEIVERS: [Pubkey; 2] =
    [pubkey!("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ"), pubkey!("rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp")];

/// Pause flag: no credits are sold.
pub const PAUSE_BUY: u8 = 1;
/// Pause flag: nothing is minted from the schedule; its budgets go on growing.
pub const PAUSE_SCHEDULE: u8 = 2;
/// Pause flag: no new escrow.
pub const PAUSE_LOCK: u8 = 4;
/// All pause flags. What gives people their money back has none.
pub const PAUSE_ALL: u8 = PAUSE_BUY | PAUSE_SCHEDULE | PAUSE_LOCK;

/// The shard of an entity: by its address, so that it never changes.
pub fn shard_of(entity: &Pubkey) -> u8 {
    entity.to_bytes()[31] % SHARDS
}
