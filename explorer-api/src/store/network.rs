use super::Snapshot;
use crate::live::Head;
use explorer_client::{Amount, Index, JobCounts, Network, Price, Time, Unit};
use sqlx::{FromRow, PgConnection, PgPool};

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

async fn job_counts(tx: &mut PgConnection) -> Result<JobCounts, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT status, jobs FROM job_counts").fetch_all(tx).await?;
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
    let mut snapshot = Snapshot::open(pool).await?;
    let (slot, finality) = (snapshot.slot, snapshot.finality());
    let t: TotalsRow = sqlx::query_as(
        "SELECT devices, operators, users, models, io_burned::text, io_redeemed::text, iosd_bought::text,
                (iosd_bought + iosd_rebates_minted - iosd_locked + iosd_refunded)::text AS iosd_supply,
                (iosd_locked - iosd_refunded - iosd_spent)::text AS iosd_in_escrow,
                iosd_spent::text, iosd_earned::text, iosd_retired::text, iosd_incentives::text,
                price_spot::text, price_average::text, price_time
         FROM totals",
    )
    .fetch_one(&mut *snapshot.tx)
    .await?;
    let jobs = job_counts(&mut snapshot.tx).await?;
    snapshot.close().await?;
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
            state: head.freshness().word().into(),
            indexed_slot: head.indexed_slot,
            finalized_slot: head.finalized_slot,
            tip_slot: head.tip_slot,
            lag_slots: head.lag_slots(),
            stall_reason: head.stall_reason,
            sequence_holes: alarms.sequence_holes,
            sequence_repeats: alarms.sequence_repeats,
            dead_letters: alarms.dead_letters,
        },
        slot,
        finality,
    })
}
