//! What happened, with resulting amounts: an indexer never has to read an account again.
//!
//! `seq` counts up by one in the shard named beside it, over all events of this program: a gap is a missed event.
use anchor_lang::prelude::*;

/// Where an event stands.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub shard: u8,
    pub seq: u64,
    pub slot: u64,
    /// Unix time, seconds.
    pub time: i64,
}

#[event]
pub struct ShardOpened {
    pub stamp: Stamp,
}

/// A submitter spoke. `spot` is zero while no majority is fresh.
#[event]
pub struct PriceSubmitted {
    pub stamp: Stamp,
    pub submitter: Pubkey,
    pub price: u64,
    pub spot: u64,
    pub average: u64,
}

#[event]
pub struct CreditsBought {
    pub stamp: Stamp,
    pub user: Pubkey,
    pub io_burned: u64,
    pub iosd_minted: u64,
    /// Price used, 10^-8 dollars per IO.
    pub price: u64,
    pub epoch: u64,
    pub epoch_io_burned: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowLocked {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub amount: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowRefunded {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub amount: u64,
    /// The user's IOSD afterwards.
    pub iosd_balance: u64,
}

#[event]
pub struct EscrowSettled {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub supplier: Pubkey,
    pub price: u64,
    pub supplier_share: u64,
    pub retired: u64,
    pub incentives: u64,
    /// The supplier's ledger afterwards.
    pub earnings_owed: u64,
}

#[event]
pub struct EarningsOpened {
    pub stamp: Stamp,
    pub owner: Pubkey,
}

#[event]
pub struct EarningsRedeemed {
    pub stamp: Stamp,
    pub owner: Pubkey,
    pub iosd: u64,
    pub io_minted: u64,
    pub price: u64,
    pub epoch: u64,
    pub epoch_io_redeemed: u64,
    /// The supplier's ledger afterwards.
    pub earnings_owed: u64,
}
