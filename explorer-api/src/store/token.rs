use super::Snapshot;
use explorer_client::{Amount, Budget, Burned, Finality, Minted, SupplyPoint, Token};
use sqlx::{FromRow, PgPool};

/// No more than this can ever exist: 800,000,000 IO.
const CAP: &str = "80000000000000000";

#[derive(Debug, FromRow)]
struct TotalsRow {
    io_supply: Option<String>,
    io_burned: String,
    io_slash_burned: String,
    io_deposits_burned: String,
    io_redeemed: String,
    minted_idle: String,
    minted_stakers: String,
    minted_treasury: String,
    staked: String,
    reserve: String,
    allocated: String,
    smoothed_burn: String,
    next_epoch: String,
}

#[derive(Debug, FromRow)]
struct BudgetRow {
    purpose: String,
    scheduled: String,
    available: String,
    minted: String,
    total_limit: Option<String>,
    epoch_limit: Option<String>,
    slot: Option<i64>,
}

#[derive(Debug, FromRow)]
struct PointRow {
    index: String,
    supply: Option<String>,
    staked: Option<String>,
    io_burned: String,
    slash_burned: String,
    minted_redemptions: String,
    minted_idle: String,
    minted_stakers: String,
    minted_treasury: String,
    slot: i64,
}

impl PointRow {
    fn show(self, finalized_slot: Option<i64>) -> SupplyPoint {
        SupplyPoint {
            index: self.index,
            supply: self.supply.map(Amount::io),
            staked: self.staked.map(Amount::io),
            burned: Amount::io(self.io_burned),
            slash_burned: Amount::io(self.slash_burned),
            minted: Minted {
                redemptions: Amount::io(self.minted_redemptions),
                idle: Amount::io(self.minted_idle),
                stakers: Amount::io(self.minted_stakers),
                treasury: Amount::io(self.minted_treasury),
            },
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// `epochs` is how many of the newest to include.
pub async fn token(pool: &PgPool, epochs: u32) -> Result<Token, sqlx::Error> {
    let mut snapshot = Snapshot::open(pool).await?;
    let (slot, finality, finalized) = (snapshot.slot, snapshot.finality(), snapshot.finalized_slot);
    let t: TotalsRow = sqlx::query_as(
        "SELECT io_supply::text, io_burned::text, io_slash_burned::text, io_deposits_burned::text, io_redeemed::text,
                (SELECT minted::text FROM budgets WHERE purpose = 'idle') AS minted_idle,
                (SELECT minted::text FROM budgets WHERE purpose = 'stakers') AS minted_stakers,
                (SELECT minted::text FROM budgets WHERE purpose = 'treasury') AS minted_treasury,
                (SELECT staked::text FROM rewards) AS staked,
                reserve::text, allocated::text, smoothed_burn::text, next_epoch::text
         FROM totals",
    )
    .fetch_one(&mut *snapshot.tx)
    .await?;
    let budgets: Vec<BudgetRow> = sqlx::query_as(
        "SELECT purpose, scheduled::text, available::text, minted::text, total_limit::text, epoch_limit::text, slot
         FROM budgets ORDER BY purpose",
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    let mut points: Vec<PointRow> = sqlx::query_as(
        "SELECT index::text, supply::text, staked::text, io_burned::text, slash_burned::text, minted_redemptions::text,
                minted_idle::text, minted_stakers::text, minted_treasury::text, slot
         FROM supply_by_epoch s ORDER BY s.index DESC LIMIT $1",
    )
    .bind(i64::from(epochs))
    .fetch_all(&mut *snapshot.tx)
    .await?;
    snapshot.close().await?;
    points.reverse();
    let budget = |row: BudgetRow| Budget {
        purpose: row.purpose,
        scheduled: Amount::io(row.scheduled),
        available: Amount::io(row.available),
        minted: Amount::io(row.minted),
        total_limit: row.total_limit.map(Amount::io),
        epoch_limit: row.epoch_limit.map(Amount::io),
        slot: row.slot,
        finality: Finality::of(row.slot.unwrap_or(0), finalized),
    };
    Ok(Token {
        supply: t.io_supply.map(Amount::io),
        cap: Amount::io(CAP.into()),
        burned: Burned {
            credits: Amount::io(t.io_burned),
            slashed_stake: Amount::io(t.io_slash_burned),
            deposits: Amount::io(t.io_deposits_burned),
        },
        minted: Minted {
            redemptions: Amount::io(t.io_redeemed),
            idle: Amount::io(t.minted_idle),
            stakers: Amount::io(t.minted_stakers),
            treasury: Amount::io(t.minted_treasury),
        },
        staked: Amount::io(t.staked),
        reserve: Amount::io(t.reserve),
        promised: Amount::io(t.allocated),
        smoothed_burn: Amount::io(t.smoothed_burn),
        next_epoch: t.next_epoch,
        budgets: budgets.into_iter().map(budget).collect(),
        epochs: points.into_iter().map(|row| row.show(finalized)).collect(),
        slot,
        finality,
    })
}
