//! Sums by the hour, for charts.
use crate::decode::{CreditsEvent, Event, JobsEvent};
use crate::derive::{Amount, Inserted, Key, Work};
use sqlx::PgConnection;

const HOUR_S: i64 = 3600;

/// An event that counts, with its job as it was then: what follows in the batch may change it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    kind: &'static str,
    hour: i64,
    slot: i64,
    idle_paid: Amount,
    /// Multiply-accumulates.
    work: Amount,
    price: Amount,
    supplier_share: Amount,
    fee: Amount,
    device: Option<Key>,
    operator: Option<Key>,
    class: i16,
}

/// Takes down an event that was just applied.
pub fn count(work: &mut Work, row: &Inserted<'_>) {
    let Some(kind) = counted(row.event) else { return };
    let mut new = Counted { kind, hour: hour(row), slot: row.slot, ..Counted::default() };
    if let Event::Jobs(JobsEvent::IdlePaid(e)) = row.event {
        new.idle_paid = e.amount.into();
    }
    if let Some(job) = row.event.job().and_then(|job| work.jobs.get(&(job,))) {
        let macs_per_row = work.models.get(&(job.model_root,)).map_or(0, |model| model.macs_per_row.0);
        new.work = Amount(i128::from(job.rows).saturating_mul(macs_per_row));
        new.price = job.price;
        new.supplier_share = job.supplier_share.unwrap_or_default();
        new.fee = Amount(job.fee_retired.unwrap_or_default().0 + job.fee_incentives.unwrap_or_default().0);
        (new.device, new.operator, new.class) = (job.device, job.operator, job.class.unwrap_or(0));
    }
    work.counted.push(new);
}

/// Adds events that are new and already in all other derived tables, in chain order.
///
/// # Errors
/// The database failed.
pub async fn add(tx: &mut PgConnection, counted: &[Counted], rows: &[Inserted<'_>]) -> Result<(), sqlx::Error> {
    sums(tx, counted).await?;
    prices(tx, rows).await?;
    rounds(tx, rows).await
}

fn hour(row: &Inserted<'_>) -> i64 {
    row.event.stamp().time.div_euclid(HOUR_S).saturating_mul(HOUR_S)
}

/// What an event counts as.
fn counted(event: &Event) -> Option<&'static str> {
    let Event::Jobs(event) = event else { return None };
    match event {
        JobsEvent::JobPosted(_) => Some("posted"),
        JobsEvent::JobClaimed(_) => Some("claimed"),
        JobsEvent::ResultCommitted(_) => Some("committed"),
        JobsEvent::JobPaid(_) => Some("paid"),
        JobsEvent::JobCancelled(_) | JobsEvent::JobExpired(_) => Some("returned"),
        JobsEvent::FaultProven(_) | JobsEvent::AuditExpired(_) | JobsEvent::DemandExpired(_) => Some("faulted"),
        JobsEvent::DeviceRegistered(_) => Some("registered"),
        JobsEvent::DeviceRetired(_) => Some("retired"),
        JobsEvent::IdlePaid(_) => Some("idle"),
        _ => None,
    }
}

async fn sums(tx: &mut PgConnection, counted: &[Counted]) -> Result<(), sqlx::Error> {
    if counted.is_empty() {
        return Ok(());
    }
    fn column<T>(counted: &[Counted], value: impl Fn(&Counted) -> T) -> Vec<T> {
        counted.iter().map(value).collect()
    }
    sqlx::query(
        "WITH new AS (
             SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[],
                                  $7::numeric[], $8::numeric[], $9::bytea[], $10::bytea[], $11::smallint[])
                 AS n (kind, hour, slot, idle_paid, work, price, supplier_share, fee, device, operator, class)
         ), paid AS (
             INSERT INTO device_hours AS d (device, operator, class, hour, jobs_paid, work_paid, paid, earned, slot)
             SELECT device, operator, class, hour, count(*), sum(work), sum(price), sum(supplier_share), max(slot)
             FROM new WHERE kind = 'paid' AND device IS NOT NULL AND operator IS NOT NULL
             GROUP BY device, operator, class, hour
             ON CONFLICT (device, operator, class, hour) DO UPDATE SET
                 jobs_paid = d.jobs_paid + excluded.jobs_paid, work_paid = d.work_paid + excluded.work_paid,
                 paid = d.paid + excluded.paid, earned = d.earned + excluded.earned, slot = greatest(d.slot, excluded.slot)
         )
         INSERT INTO hours AS h (hour, jobs_posted, jobs_claimed, jobs_committed, jobs_paid, jobs_returned, jobs_faulted,
                                 work_posted, work_paid, value_posted, value_paid, earned, fees, idle_paid, devices_added, slot)
         SELECT hour, count(*) FILTER (WHERE kind = 'posted'), count(*) FILTER (WHERE kind = 'claimed'),
                count(*) FILTER (WHERE kind = 'committed'), count(*) FILTER (WHERE kind = 'paid'),
                count(*) FILTER (WHERE kind = 'returned'), count(*) FILTER (WHERE kind = 'faulted'),
                coalesce(sum(work) FILTER (WHERE kind = 'posted'), 0), coalesce(sum(work) FILTER (WHERE kind = 'paid'), 0),
                coalesce(sum(price) FILTER (WHERE kind = 'posted'), 0), coalesce(sum(price) FILTER (WHERE kind = 'paid'), 0),
                coalesce(sum(supplier_share) FILTER (WHERE kind = 'paid'), 0),
                coalesce(sum(fee) FILTER (WHERE kind = 'paid'), 0), sum(idle_paid),
                count(*) FILTER (WHERE kind = 'registered') - count(*) FILTER (WHERE kind = 'retired'), max(slot)
         FROM new GROUP BY hour
         ON CONFLICT (hour) DO UPDATE SET
             jobs_posted = h.jobs_posted + excluded.jobs_posted, jobs_claimed = h.jobs_claimed + excluded.jobs_claimed,
             jobs_committed = h.jobs_committed + excluded.jobs_committed, jobs_paid = h.jobs_paid + excluded.jobs_paid,
             jobs_returned = h.jobs_returned + excluded.jobs_returned, jobs_faulted = h.jobs_faulted + excluded.jobs_faulted,
             work_posted = h.work_posted + excluded.work_posted, work_paid = h.work_paid + excluded.work_paid,
             value_posted = h.value_posted + excluded.value_posted, value_paid = h.value_paid + excluded.value_paid,
             earned = h.earned + excluded.earned, fees = h.fees + excluded.fees, idle_paid = h.idle_paid + excluded.idle_paid,
             devices_added = h.devices_added + excluded.devices_added, slot = greatest(h.slot, excluded.slot)",
    )
    .bind(column(counted, |new| new.kind))
    .bind(column(counted, |new| new.hour))
    .bind(column(counted, |new| new.slot))
    .bind(column(counted, |new| new.idle_paid))
    .bind(column(counted, |new| new.work))
    .bind(column(counted, |new| new.price))
    .bind(column(counted, |new| new.supplier_share))
    .bind(column(counted, |new| new.fee))
    .bind(column(counted, |new| new.device))
    .bind(column(counted, |new| new.operator))
    .bind(column(counted, |new| new.class))
    .execute(tx)
    .await?;
    Ok(())
}

async fn prices(tx: &mut PgConnection, rows: &[Inserted<'_>]) -> Result<(), sqlx::Error> {
    let (mut hours, mut spots, mut slots) = (vec![], vec![], vec![]);
    for row in rows {
        // Zero: no majority was fresh, so there is no price.
        let Event::Credits(CreditsEvent::PriceSubmitted(e)) = row.event else { continue };
        if e.spot > 0 {
            hours.push(hour(row));
            spots.push(e.spot.to_string());
            slots.push(row.slot);
        }
    }
    if hours.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO price_hours AS p (hour, lowest, highest, last, slot)
         SELECT hour, min(spot::numeric), max(spot::numeric), (array_agg(spot::numeric ORDER BY place DESC))[1], max(slot)
         FROM unnest($1::bigint[], $2::text[], $3::bigint[]) WITH ORDINALITY AS new (hour, spot, slot, place) GROUP BY hour
         ON CONFLICT (hour) DO UPDATE SET
             lowest = least(p.lowest, excluded.lowest), highest = greatest(p.highest, excluded.highest),
             last = excluded.last, slot = excluded.slot",
    )
    .bind(hours)
    .bind(spots)
    .bind(slots)
    .execute(tx)
    .await?;
    Ok(())
}

async fn rounds(tx: &mut PgConnection, rows: &[Inserted<'_>]) -> Result<(), sqlx::Error> {
    for row in rows {
        // Some a day.
        let Event::Jobs(JobsEvent::RoundEnded(e)) = row.event else { continue };
        sqlx::query(
            "INSERT INTO round_hours (hour, passed, throughput, slot) VALUES ($1, $2, $3::numeric, $4)
             ON CONFLICT (hour) DO UPDATE SET
                 passed = excluded.passed, throughput = excluded.throughput, slot = excluded.slot",
        )
        .bind(hour(row))
        .bind(i64::from(e.passed))
        .bind(e.weight.to_string())
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
