use crate::values::{Amount, Finality, Time, Unit, base58};
use serde::Serialize;
use sqlx::{FromRow, PgPool, QueryBuilder};
use utoipa::ToSchema;

const COLUMNS: &str = "index::bigint AS id, index::text, io_burned::text, iosd_bought::text, slash_burned::text,
    requested::text, settled::text, settled_io::text, io_redeemed::text, minted_idle::text, minted_stakers::text,
    minted_treasury::text, closed_time, closed_signature, smoothed_burn::text, paid::text, allocated::text, price::text,
    reserve::text, budget_idle::text, budget_stakers::text, budget_treasury::text, supply::text, staked::text, slot";

#[derive(Debug, FromRow)]
pub struct EpochRow {
    pub id: i64,
    index: String,
    io_burned: String,
    iosd_bought: String,
    slash_burned: String,
    requested: String,
    settled: String,
    settled_io: String,
    io_redeemed: String,
    minted_idle: String,
    minted_stakers: String,
    minted_treasury: String,
    closed_time: Option<i64>,
    closed_signature: Option<Vec<u8>>,
    smoothed_burn: Option<String>,
    paid: Option<String>,
    allocated: Option<String>,
    price: Option<String>,
    reserve: Option<String>,
    budget_idle: Option<String>,
    budget_stakers: Option<String>,
    budget_treasury: Option<String>,
    supply: Option<String>,
    staked: Option<String>,
    slot: i64,
}

/// An accounting period. One in which nothing happened is listed once it is closed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Epoch {
    #[schema(example = "41", pattern = "^[0-9]+$")]
    pub index: String,
    /// Burned for credits in it.
    pub io_burned: Amount,
    /// Credits bought with that.
    pub iosd_bought: Amount,
    /// Slashed stake that was burned in it.
    pub slash_burned: Amount,
    pub minted: Minted,
    pub redemptions: Redemptions,
    /// Absent while it is open.
    pub closing: Option<Closing>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// New IO during an epoch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Minted {
    /// From the reserve that burned coins fill.
    pub redemptions: Amount,
    /// The rest is on schedule.
    pub idle: Amount,
    pub stakers: Amount,
    pub treasury: Amount,
}

/// Earnings that suppliers asked to be paid in IO when the epoch closes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redemptions {
    pub requested: Amount,
    /// Requests that were settled since, and the IO minted for them.
    pub settled: Amount,
    pub settled_io: Amount,
}

/// What an epoch's closing decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct Closing {
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    /// Joined the reserve.
    pub smoothed_burn: Amount,
    /// How much of the requests is paid, and the IO promised for it.
    pub paid: Amount,
    pub promised: Amount,
    /// Absent if there was no good price: then nothing is paid.
    pub price: Option<Amount>,
    /// What is left of the reserve.
    pub reserve: Amount,
    /// Scheduled anew.
    pub scheduled: Budgets,
    /// IO that existed.
    pub supply: Amount,
    /// Active and reserved stake of all pools.
    pub staked: Amount,
}

/// Parts of the schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Budgets {
    pub idle: Amount,
    pub stakers: Amount,
    pub treasury: Amount,
}

fn io(amount: Option<String>) -> Amount {
    Amount::io(amount.unwrap_or_else(|| "0".into()))
}

impl EpochRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Epoch {
        let closing = self.closed_time.map(|time| Closing {
            at: Time(time),
            signature: self.closed_signature.as_deref().map(base58).unwrap_or_default(),
            smoothed_burn: io(self.smoothed_burn),
            paid: Amount::iosd(self.paid.unwrap_or_else(|| "0".into())),
            promised: io(self.allocated),
            price: self.price.filter(|price| price != "0").map(|price| Amount::new(price, Unit::UsdPerIo)),
            reserve: io(self.reserve),
            scheduled: Budgets {
                idle: io(self.budget_idle),
                stakers: io(self.budget_stakers),
                treasury: io(self.budget_treasury),
            },
            supply: io(self.supply),
            staked: io(self.staked),
        });
        Epoch {
            index: self.index,
            io_burned: Amount::io(self.io_burned),
            iosd_bought: Amount::iosd(self.iosd_bought),
            slash_burned: Amount::io(self.slash_burned),
            minted: Minted {
                redemptions: Amount::io(self.io_redeemed),
                idle: Amount::io(self.minted_idle),
                stakers: Amount::io(self.minted_stakers),
                treasury: Amount::io(self.minted_treasury),
            },
            redemptions: Redemptions {
                requested: Amount::iosd(self.requested),
                settled: Amount::iosd(self.settled),
                settled_io: Amount::io(self.settled_io),
            },
            closing,
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first, below `before`.
pub async fn list(pool: &PgPool, before: i64, limit: u32) -> Result<Vec<EpochRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM epochs WHERE index < ").push_bind(before);
    query.push(" ORDER BY epochs.index DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

pub async fn find(pool: &PgPool, index: i64) -> Result<Option<EpochRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM epochs WHERE index = ").push_bind(index);
    query.build_query_as().fetch_optional(pool).await
}

#[derive(Debug, FromRow)]
pub struct RedemptionRow {
    owner: Vec<u8>,
    kind: String,
    amount: String,
    charged: Option<String>,
    io_minted: Option<String>,
    rest: Option<String>,
    joined: Option<String>,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

/// A supplier's request of the epoch, or what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redemption {
    pub owner: String,
    /// `requested` or `settled`.
    pub kind: String,
    /// Asked for.
    pub amount: Amount,
    /// Of a settlement: what of it was paid, and the IO for it.
    pub charged: Option<Amount>,
    pub received: Option<Amount>,
    /// What was not paid, and the epoch whose requests it joined.
    pub rest: Option<Amount>,
    pub joined: Option<String>,
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    pub slot: i64,
    pub finality: Finality,
}

impl RedemptionRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Redemption {
        Redemption {
            owner: base58(&self.owner),
            kind: self.kind,
            amount: Amount::iosd(self.amount),
            charged: self.charged.map(Amount::iosd),
            received: self.io_minted.map(Amount::io),
            rest: self.rest.map(Amount::iosd),
            joined: self.joined,
            at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first.
pub async fn redemptions(pool: &PgPool, index: i64, limit: u32) -> Result<Vec<RedemptionRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT owner, kind, amount::text, charged::text, io_minted::text, rest::text, joined::text, time, signature, slot
         FROM redemptions WHERE epoch = $1 ORDER BY event_id DESC LIMIT $2",
    )
    .bind(index)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}
