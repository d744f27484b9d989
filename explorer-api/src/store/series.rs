//! Charts: sums of hours.
use explorer_client::{
    Amount, At, Bucket, CapacityPoint, DemandPoint, EarningsPoint, EarningsQuery, Finality, JobsPoint, Key, PricePoint,
    Time, Unit,
};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, QueryBuilder, Row};

/// Work that prices are for.
pub const PRICED_WORK: &str = "1000000000000";
/// Points of a series.
pub const MAX_POINTS: i64 = 1_000;

/// What part of time to show.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub bucket: Bucket,
    /// The first second, and the first one after.
    pub from: i64,
    pub to: i64,
}

/// The first second of an hour's bucket.
fn start(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Hour => "hour",
        Bucket::Day => "hour - hour % 86400",
        Bucket::Month => "extract(epoch FROM date_trunc('month', to_timestamp(hour), 'UTC'))::bigint",
    }
}

fn at(row: &PgRow, finalized_slot: Option<i64>) -> Result<At, sqlx::Error> {
    let slot = row.try_get("slot")?;
    Ok(At { start: Time(row.try_get("start")?), slot, finality: Finality::of(slot, finalized_slot) })
}

/// `columns` of `hours` in every bucket of the span.
async fn sums(pool: &PgPool, columns: &str, span: Span) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(start(span.bucket)).push(" AS start, max(slot) AS slot, ").push(columns);
    sql.push(" FROM hours WHERE hour >= ").push_bind(span.from).push(" AND hour < ").push_bind(span.to);
    sql.push(" GROUP BY 1 ORDER BY 1 LIMIT ").push_bind(MAX_POINTS);
    sql.build().fetch_all(pool).await
}

pub async fn jobs(pool: &PgPool, span: Span, finalized: Option<i64>) -> Result<Vec<JobsPoint>, sqlx::Error> {
    let columns = "sum(jobs_posted)::bigint AS posted, sum(jobs_claimed)::bigint AS claimed,
                   sum(jobs_committed)::bigint AS committed, sum(jobs_paid)::bigint AS paid,
                   sum(jobs_returned)::bigint AS returned, sum(jobs_faulted)::bigint AS faulted";
    let point = |row: PgRow| {
        Ok(JobsPoint {
            at: at(&row, finalized)?,
            posted: row.try_get("posted")?,
            claimed: row.try_get("claimed")?,
            committed: row.try_get("committed")?,
            paid: row.try_get("paid")?,
            returned: row.try_get("returned")?,
            faulted: row.try_get("faulted")?,
        })
    };
    sums(pool, columns, span).await?.into_iter().map(point).collect()
}

pub async fn demand(pool: &PgPool, span: Span, finalized: Option<i64>) -> Result<Vec<DemandPoint>, sqlx::Error> {
    let columns = format!(
        "sum(jobs_posted)::bigint AS jobs, sum(work_posted)::text AS work, sum(value_posted)::text AS value,
         div(sum(value_posted) * {PRICED_WORK}, nullif(sum(work_posted), 0))::text AS price"
    );
    let point = |row: PgRow| {
        Ok(DemandPoint {
            at: at(&row, finalized)?,
            jobs: row.try_get("jobs")?,
            work: row.try_get("work")?,
            value: Amount::iosd(row.try_get("value")?),
            price: row.try_get::<Option<String>, _>("price")?.map(Amount::iosd),
        })
    };
    sums(pool, &columns, span).await?.into_iter().map(point).collect()
}

pub async fn supply(pool: &PgPool, span: Span, finalized: Option<i64>) -> Result<Vec<CapacityPoint>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT start, max(slot) AS slot, (sum(sum(added)) OVER (ORDER BY start) + (");
    sql.push("SELECT coalesce(sum(devices_added), 0) FROM hours WHERE hour < ").push_bind(span.from);
    sql.push(
        "))::bigint AS devices, (array_agg(passed ORDER BY hour DESC) FILTER (WHERE passed IS NOT NULL))[1] AS passed,",
    );
    sql.push(" (array_agg(throughput ORDER BY hour DESC) FILTER (WHERE passed IS NOT NULL))[1]::text AS throughput");
    sql.push(" FROM (SELECT hour, ").push(start(span.bucket)).push(" AS start, greatest(h.slot, r.slot) AS slot,");
    sql.push(" coalesce(devices_added, 0) AS added, passed, throughput");
    sql.push(" FROM hours h FULL JOIN round_hours r USING (hour) WHERE hour >= ").push_bind(span.from);
    sql.push(" AND hour < ")
        .push_bind(span.to)
        .push(") AS every GROUP BY start ORDER BY start LIMIT ")
        .push_bind(MAX_POINTS);
    let point = |row: PgRow| {
        Ok(CapacityPoint {
            at: at(&row, finalized)?,
            devices: row.try_get("devices")?,
            passed: row.try_get("passed")?,
            throughput: row.try_get("throughput")?,
        })
    };
    sql.build().fetch_all(pool).await?.into_iter().map(point).collect()
}

pub async fn price(pool: &PgPool, span: Span, finalized: Option<i64>) -> Result<Vec<PricePoint>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "SELECT start, max(slot) AS slot, min(lowest)::text AS lowest, max(highest)::text AS highest,",
    );
    sql.push(" (array_agg(last ORDER BY hour DESC) FILTER (WHERE last IS NOT NULL))[1]::text AS last,");
    sql.push(format_args!(" div(sum(value_paid) * {PRICED_WORK}, nullif(sum(work_paid), 0))::text AS work"));
    sql.push(" FROM (SELECT hour, ").push(start(span.bucket)).push(" AS start, greatest(h.slot, p.slot) AS slot,");
    sql.push(" value_paid, work_paid, lowest, highest, last");
    sql.push(" FROM hours h FULL JOIN price_hours p USING (hour) WHERE hour >= ").push_bind(span.from);
    sql.push(" AND hour < ").push_bind(span.to).push(") AS every GROUP BY start");
    sql.push(" HAVING max(highest) IS NOT NULL OR sum(work_paid) > 0 ORDER BY start LIMIT ").push_bind(MAX_POINTS);
    let usd = |amount: Option<String>| amount.map(|amount| Amount::new(amount, Unit::UsdPerIo));
    let point = |row: PgRow| {
        Ok(PricePoint {
            at: at(&row, finalized)?,
            lowest: usd(row.try_get("lowest")?),
            highest: usd(row.try_get("highest")?),
            last: usd(row.try_get("last")?),
            work: row.try_get::<Option<String>, _>("work")?.map(Amount::iosd),
        })
    };
    sql.build().fetch_all(pool).await?.into_iter().map(point).collect()
}

#[derive(FromRow)]
struct EarnedRow {
    start: i64,
    jobs: i64,
    work: String,
    paid: String,
    earned: String,
    slot: i64,
}

pub async fn earnings(
    pool: &PgPool,
    of: &EarningsQuery,
    span: Span,
    finalized: Option<i64>,
) -> Result<Vec<EarningsPoint>, sqlx::Error> {
    // Of everybody, the sums are there already. Of a class there are none: all devices' hours of the span are read, which only the
    // limit of a query's time bounds.
    let everybody = of.operator.is_none() && of.device.is_none() && of.class.is_none();
    let (paid, hours) = if everybody { ("value_paid", "hours") } else { ("paid", "device_hours") };
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(start(span.bucket)).push(" AS start, max(slot) AS slot, sum(jobs_paid)::bigint AS jobs,");
    sql.push(format_args!(" sum(work_paid)::text AS work, sum({paid})::text AS paid, sum(earned)::text AS earned"));
    sql.push(format_args!(" FROM {hours} WHERE hour >= ")).push_bind(span.from).push(" AND hour < ").push_bind(span.to);
    crate::list::only(&mut sql, "operator =", of.operator.map(Key::bytes));
    crate::list::only(&mut sql, "device =", of.device.map(Key::bytes));
    crate::list::only(&mut sql, "class =", of.class.map(i16::from));
    sql.push(" GROUP BY 1 HAVING sum(jobs_paid) > 0 ORDER BY 1 LIMIT ").push_bind(MAX_POINTS);
    let rows: Vec<EarnedRow> = sql.build_query_as().fetch_all(pool).await?;
    let point = |row: EarnedRow| EarningsPoint {
        at: At { start: Time(row.start), slot: row.slot, finality: Finality::of(row.slot, finalized) },
        jobs: row.jobs,
        work: row.work,
        paid: Amount::iosd(row.paid),
        earned: Amount::iosd(row.earned),
    };
    Ok(rows.into_iter().map(point).collect())
}

/// The chain's time as far as it is indexed.
pub async fn now(pool: &PgPool) -> Result<Option<i64>, sqlx::Error> {
    let time: Option<Option<i64>> = sqlx::query_scalar("SELECT slot_time FROM checkpoint").fetch_optional(pool).await?;
    Ok(time.flatten())
}
