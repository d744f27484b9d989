//! Seeds and hard bounds.

pub const CONFIG_SEED: &[u8] = b"config";
pub const FEED_SEED: &[u8] = b"feed";
pub const IO_MINT_SEED: &[u8] = b"io";
pub const IOSD_MINT_SEED: &[u8] = b"iosd";
pub const SHARD_SEED: &[u8] = b"seq";
pub const EPOCH_SEED: &[u8] = b"epoch";
pub const ESCROW_SEED: &[u8] = b"escrow";
pub const EARNINGS_SEED: &[u8] = b"earnings";

/// Event sequences and running totals are kept in this many accounts, so that unrelated actions share none.
pub const SHARDS: u8 = 16;

/// Highest fee that can be configured: 20 %.
pub const MAX_FEE_BPS: u16 = 2_000;
/// Widest price spread that can be configured: 10 %.
pub const MAX_SPREAD_BPS: u16 = 1_000;
/// Oldest price that can be configured to count, seconds.
pub const MAX_PRICE_AGE_S: u32 = 3_600;
/// Longest epoch, seconds: one day.
pub const MAX_EPOCH_S: u32 = 86_400;

/// The shard of an entity: by its address, so that it never changes.
pub fn shard_of(entity: &anchor_lang::prelude::Pubkey) -> u8 {
    entity.to_bytes()[31] % SHARDS
}
