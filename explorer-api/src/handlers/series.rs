use crate::app::App;
use crate::error::ApiError;
use crate::extract::StrictQuery;
use crate::handlers::{Fresh, fresh};
use crate::store::series::{self, MAX_POINTS, Span};
use axum::extract::State;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use explorer_client::{
    Bucket, CapacityPoint, DemandPoint, EarningsPoint, EarningsQuery, JobsPoint, PricePoint, Problem, Series,
    SeriesQuery, Time,
};

const DAY_S: i64 = 86_400;

/// Seconds of a bucket (of the shortest one), and how many to show unless told.
fn length(bucket: Bucket) -> (i64, i64) {
    match bucket {
        Bucket::Hour => (3_600, 48),
        Bucket::Day => (DAY_S, 90),
        Bucket::Month => (28 * DAY_S, 26),
    }
}

fn beginning(bucket: Bucket, time: i64) -> Option<i64> {
    if bucket != Bucket::Month {
        let seconds = length(bucket).0;
        return time.div_euclid(seconds).checked_mul(seconds);
    }
    let day = DateTime::<Utc>::from_timestamp(time, 0)?.date_naive();
    Some(NaiveDate::from_ymd_opt(day.year(), day.month(), 1)?.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

fn between(bucket: Bucket, from: Option<Time>, to: Option<Time>, now: i64) -> Result<Span, ApiError> {
    let (seconds, shown) = length(bucket);
    let to = to.map_or(now.saturating_add(1), |to| to.0);
    let from = from.map_or(to.saturating_sub(seconds * shown), |from| from.0);
    if from > to {
        return Err(ApiError::invalid_parameter("from", "later than `to`"));
    }
    if to.saturating_sub(from) / seconds >= MAX_POINTS {
        let reason = format!("more than {MAX_POINTS} buckets before `to`; ask for longer ones or less time");
        return Err(ApiError::invalid_parameter("from", reason));
    }
    let from = beginning(bucket, from).ok_or_else(|| ApiError::invalid_parameter("from", "past any calendar"))?;
    Ok(Span { bucket, from, to })
}

async fn span(app: &App, bucket: Option<Bucket>, from: Option<Time>, to: Option<Time>) -> Result<Span, ApiError> {
    let now = series::now(&app.pool).await?.unwrap_or_else(|| Utc::now().timestamp());
    between(bucket.unwrap_or_default(), from, to, now)
}

fn series<P>(span: Span, data: Vec<P>) -> Fresh<Series<P>> {
    fresh(Series { bucket: span.bucket, from: Time(span.from), to: Time(span.to), data })
}

macro_rules! series_of {
    ($name:ident, $point:ty) => {
        pub async fn $name(app: &App, query: &SeriesQuery) -> Result<(Span, Vec<$point>), ApiError> {
            let span = span(app, query.bucket, query.from, query.to).await?;
            let finalized = app.head.borrow().finalized_slot;
            Ok((span, series::$name(&app.pool, span, finalized).await?))
        }
    };
}
series_of!(jobs, JobsPoint);
series_of!(demand, DemandPoint);
series_of!(supply, CapacityPoint);
series_of!(price, PricePoint);

/// What happened to jobs, over time.
#[utoipa::path(get, path = "/v1/series/jobs", tag = "series", params(SeriesQuery),
    responses((status = 200, body = Series<JobsPoint>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get_jobs(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<SeriesQuery>,
) -> Result<Fresh<Series<JobsPoint>>, ApiError> {
    let (span, data) = jobs(&app, &query).await?;
    Ok(series(span, data))
}

/// What users asked for, over time.
#[utoipa::path(get, path = "/v1/series/demand", tag = "series", params(SeriesQuery),
    responses((status = 200, body = Series<DemandPoint>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get_demand(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<SeriesQuery>,
) -> Result<Fresh<Series<DemandPoint>>, ApiError> {
    let (span, data) = demand(&app, &query).await?;
    Ok(series(span, data))
}

/// What there was to hire, over time.
#[utoipa::path(get, path = "/v1/series/supply", tag = "series", params(SeriesQuery),
    responses((status = 200, body = Series<CapacityPoint>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get_supply(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<SeriesQuery>,
) -> Result<Fresh<Series<CapacityPoint>>, ApiError> {
    let (span, data) = supply(&app, &query).await?;
    Ok(series(span, data))
}

/// What IO and work cost, over time.
#[utoipa::path(get, path = "/v1/series/price", tag = "series", params(SeriesQuery),
    responses((status = 200, body = Series<PricePoint>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get_price(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<SeriesQuery>,
) -> Result<Fresh<Series<PricePoint>>, ApiError> {
    let (span, data) = price(&app, &query).await?;
    Ok(series(span, data))
}

/// What suppliers earned from paid jobs, over time: all of them, an operator, a device or a class.
#[utoipa::path(get, path = "/v1/series/earnings", tag = "series", params(EarningsQuery),
    responses((status = 200, body = Series<EarningsPoint>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get_earnings(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<EarningsQuery>,
) -> Result<Fresh<Series<EarningsPoint>>, ApiError> {
    let span = span(&app, query.bucket, query.from, query.to).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(series(span, series::earnings(&app.pool, &query, span, finalized).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_with_a_whole_bucket_and_are_bounded() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let (from, to) = (time("2026-03-31T23:59:59Z"), time("2026-05-02T00:00:00Z"));
        let begins = |bucket| Time(between(bucket, Some(from), Some(to), 0).unwrap().from).to_string();
        assert_eq!(begins(Bucket::Month), "2026-03-01T00:00:00Z");
        assert_eq!(begins(Bucket::Day), "2026-03-31T00:00:00Z");
        assert_eq!(begins(Bucket::Hour), "2026-03-31T23:00:00Z");
        let refused = |bucket, from, to| between(bucket, Some(Time(from)), Some(Time(to)), 0).unwrap_err().detail;
        assert!(refused(Bucket::Hour, 0, 3_600 * MAX_POINTS).contains("more than 1000 buckets"));
        assert!(refused(Bucket::Day, 2, 1).contains("later than"));
        assert!(refused(Bucket::Month, i64::MAX - 1, i64::MAX).contains("calendar"));
        assert!(refused(Bucket::Day, i64::MIN, i64::MAX).contains("more than"));
    }
}
