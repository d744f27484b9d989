use crate::live::Head;
use crate::values::{Amount, Time, Unit};
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
struct TotalsRow {
    devices: i64,
    operators: i64,
    users: i64,
    models: i64,
    io_burned: String,
    io_redeemed: String,
    iosd_bought: String,
    iosd_supply: String,
    iosd_in_escrow: String,
    iosd_spent: String,
    iosd_earned: String,
    iosd_retired: String,
    iosd_incentives: String,
    price_spot: Option<String>,
    price_average: Option<String>,
    price_time: Option<i64>,
}

/// How many jobs are in each state.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct JobCounts {
    pub posted: i64,
    pub claimed: i64,
    pub committed: i64,
    pub paid: i64,
    pub cancelled: i64,
    pub expired: i64,
    /// Ended by a proven fault.
    pub refunded: i64,
    /// An answer was owed and did not come.
    pub unanswered: i64,
    pub total: i64,
}

/// The network in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Network {
    pub jobs: JobCounts,
    pub devices: i64,
    pub operators: i64,
    pub users: i64,
    pub models: i64,
    /// Prices of all paid jobs.
    pub paid_volume: Amount,
    /// Suppliers' part of it.
    pub supplier_earnings: Amount,
    /// The part that was burned for good.
    pub fees_retired: Amount,
    /// The part that went to the incentive pool.
    pub fees_incentives: Amount,
    pub io_burned: Amount,
    /// IO minted for suppliers' earnings.
    pub io_redeemed: Amount,
    pub iosd_bought: Amount,
    /// IOSD in wallets.
    pub iosd_supply: Amount,
    pub iosd_in_escrow: Amount,
    /// Absent until a majority of the feed has spoken.
    pub price: Option<Price>,
    pub index: Index,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Price {
    pub spot: Amount,
    /// Exponential average over about an hour.
    pub average: Amount,
    #[schema(value_type = String)]
    pub at: Time,
}

/// How far and how well the chain is indexed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Index {
    /// `live`, `stalled` or `unreachable`.
    pub state: &'static str,
    /// Everything up to here is included; absent before the first slot.
    pub indexed_slot: Option<i64>,
    pub finalized_slot: Option<i64>,
    pub tip_slot: Option<i64>,
    pub lag_slots: Option<i64>,
    pub stall_reason: Option<String>,
    /// Places where events are provably missing. Not zero: these numbers are incomplete.
    pub sequence_holes: i64,
    /// Events that were counted twice.
    pub sequence_repeats: i64,
    /// Events that could not be read.
    pub dead_letters: i64,
}

#[derive(Clone, Copy, Debug, FromRow)]
pub struct Alarms {
    pub sequence_holes: i64,
    pub sequence_repeats: i64,
    pub dead_letters: i64,
}

/// Cheap: these tables are empty while all is well.
pub async fn alarms(pool: &PgPool) -> Result<Alarms, sqlx::Error> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM sequence_faults WHERE kind = 'hole' AND healed_at IS NULL) AS sequence_holes,
                (SELECT count(*) FROM sequence_faults WHERE kind = 'repeat') AS sequence_repeats,
                (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL) AS dead_letters",
    )
    .fetch_one(pool)
    .await
}

async fn job_counts(pool: &PgPool) -> Result<JobCounts, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT status, jobs FROM job_counts").fetch_all(pool).await?;
    let mut counts = JobCounts::default();
    for (status, jobs) in rows {
        counts.total += jobs;
        match status.as_str() {
            "posted" => counts.posted = jobs,
            "claimed" => counts.claimed = jobs,
            "committed" => counts.committed = jobs,
            "paid" => counts.paid = jobs,
            "cancelled" => counts.cancelled = jobs,
            "expired" => counts.expired = jobs,
            "refunded" => counts.refunded = jobs,
            "unanswered" => counts.unanswered = jobs,
            other => tracing::warn!(status = other, "jobs are counted in a state that is not known here"),
        }
    }
    Ok(counts)
}

pub async fn network(pool: &PgPool) -> Result<Network, sqlx::Error> {
    let t: TotalsRow = sqlx::query_as(
        "SELECT devices, operators, users, models, io_burned::text, io_redeemed::text, iosd_bought::text,
                (iosd_bought + iosd_rebates_minted - iosd_locked + iosd_refunded)::text AS iosd_supply,
                (iosd_locked - iosd_refunded - iosd_spent)::text AS iosd_in_escrow,
                iosd_spent::text, iosd_earned::text, iosd_retired::text, iosd_incentives::text,
                price_spot::text, price_average::text, price_time
         FROM totals",
    )
    .fetch_one(pool)
    .await?;
    let jobs = job_counts(pool).await?;
    let (head, alarms) = (Head::read(pool).await?, alarms(pool).await?);
    let price = t.price_spot.zip(t.price_average).zip(t.price_time).map(|((spot, average), time)| Price {
        spot: Amount::new(spot, Unit::UsdPerIo),
        average: Amount::new(average, Unit::UsdPerIo),
        at: Time(time),
    });
    let io = |amount| Amount::new(amount, Unit::Io);
    Ok(Network {
        jobs,
        devices: t.devices,
        operators: t.operators,
        users: t.users,
        models: t.models,
        paid_volume: Amount::iosd(t.iosd_spent),
        supplier_earnings: Amount::iosd(t.iosd_earned),
        fees_retired: Amount::iosd(t.iosd_retired),
        fees_incentives: Amount::iosd(t.iosd_incentives),
        io_burned: io(t.io_burned),
        io_redeemed: io(t.io_redeemed),
        iosd_bought: Amount::iosd(t.iosd_bought),
        iosd_supply: Amount::iosd(t.iosd_supply),
        iosd_in_escrow: Amount::iosd(t.iosd_in_escrow),
        price,
        index: Index {
            state: head.freshness().word(),
            indexed_slot: head.indexed_slot,
            finalized_slot: head.finalized_slot,
            tip_slot: head.tip_slot,
            lag_slots: head.lag_slots(),
            stall_reason: head.stall_reason,
            sequence_holes: alarms.sequence_holes,
            sequence_repeats: alarms.sequence_repeats,
            dead_letters: alarms.dead_letters,
        },
    })
}
