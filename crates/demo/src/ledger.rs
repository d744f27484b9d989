//! What everybody has at one moment, to be compared with another.
use anyhow::Result;
use client::{Chain, Pubkey, address};
use economy::amount::{io, iosd};
use serde::Serialize;
use staking::PoolKind;

/// Amounts in whole coins.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    pub user_io: String,
    pub user_iosd: String,
    pub supplier_io: String,
    pub supplier_earnings_iosd: String,
    pub staker_io: String,
    /// All stake in the supplier's pool.
    pub pool_io: String,
    pub supply_io: String,
    pub reserve_io: String,
    pub fee_bps: u16,
}

/// Whose amounts.
#[derive(Clone, Copy, Debug)]
pub struct People {
    pub user: Pubkey,
    pub supplier: Pubkey,
    pub staker: Pubkey,
}

impl Ledger {
    /// # Errors
    /// If the node cannot be reached.
    pub async fn read(chain: &Chain, people: People) -> Result<Self> {
        let People { user, supplier, staker } = people;
        let coins = async |owner| anyhow::Ok(io(chain.tokens(&address::io_account(owner)).await?).to_string());
        let pool = chain.pool(&supplier, PoolKind::Operator).await?;
        Ok(Ledger {
            user_io: coins(&user).await?,
            user_iosd: iosd(chain.tokens(&address::iosd_account(&user)).await?).to_string(),
            supplier_io: coins(&supplier).await?,
            supplier_earnings_iosd: iosd(chain.earnings(&supplier).await?.map_or(0, |e| e.owed)).to_string(),
            staker_io: coins(&staker).await?,
            pool_io: io(pool.map_or(0, |p| p.active + p.reserved + p.warming + p.cooling)).to_string(),
            supply_io: io(chain.supply(&address::io_mint()).await?).to_string(),
            reserve_io: io(chain.emission().await?.reserve).to_string(),
            fee_bps: chain.credits_config().await?.fee_bps,
        })
    }
}
