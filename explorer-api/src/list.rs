//! Lists: filters, an order, and pages that stay valid while rows are added.
use crate::app::App;
use crate::csv;
use crate::error::ApiError;
use crate::handlers::fresh;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use explorer_client::{DEFAULT_LIMIT, Format, ListQuery, MAX_LIMIT, Page, PageLinks, Part, hex};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Encode, FromRow, PgPool, QueryBuilder, Row, Type};

/// What a list is ordered by, before its rows' own ids.
#[derive(Clone, Copy)]
pub struct Order {
    /// A whole number that is never empty, with its table's name: without it, `ORDER BY` would mean the text that is
    /// selected under the same name. `None` for the ids alone.
    pub column: Option<&'static str>,
    pub descending: bool,
}

impl Order {
    pub const NEWEST: Self = Self { column: None, descending: true };

    pub fn descending(column: &'static str) -> Self {
        Self { column: Some(column), descending: true }
    }

    pub fn ascending(column: &'static str) -> Self {
        Self { column: Some(column), descending: false }
    }
}

/// A list and its SQL.
pub trait Listed: ListQuery {
    type Record: for<'r> FromRow<'r, PgRow> + Send + Unpin;
    const COLUMNS: &'static [&'static str];
    /// From the table's name on, up to the first condition.
    const FROM: &'static str;
    /// A whole number that no two rows share.
    const ID: &'static str;
    /// The id of the event that made a row; `None` where new rows can only come before all others.
    const EVENT: Option<&'static str>;
    /// Of an export: places in the row's JSON.
    const CSV: &'static [&'static str];

    fn order(&self) -> Order {
        Order::NEWEST
    }

    fn filter(&self, sql: &mut QueryBuilder<Postgres>);
    fn show(record: Self::Record, finalized_slot: Option<i64>) -> Self::Row;
}

/// Adds a condition if its value was given.
pub fn only<T>(sql: &mut QueryBuilder<Postgres>, condition: &str, value: Option<T>)
where
    T: Encode<'static, Postgres> + Type<Postgres> + Send + 'static,
{
    if let Some(value) = value {
        sql.push(" AND ").push(condition).push(" ").push_bind(value);
    }
}

/// The same for unsigned numbers, which no integer type of the database holds.
pub fn only_number(sql: &mut QueryBuilder<Postgres>, condition: &str, value: Option<u64>) {
    only(sql, condition, value.map(|value| value.to_string()));
    if value.is_some() {
        sql.push("::numeric");
    }
}

/// The moment that all pages of a walk show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    slot: Option<i64>,
    event: i64,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    backward: bool,
    as_of: AsOf,
    sort: Option<i128>,
    id: i128,
}

impl Cursor {
    /// `list` is a hash of what must be the same on all pages.
    fn encode(&self, list: &str) -> String {
        let Self { backward, as_of, sort, id } = self;
        let (way, slot) =
            (if *backward { 'p' } else { 'n' }, as_of.slot.map_or(String::new(), |slot| slot.to_string()));
        let sort = sort.map_or(String::new(), |sort| sort.to_string());
        URL_SAFE_NO_PAD.encode(format!("2{way}.{list}.{slot}.{}.{sort}.{id}", as_of.event))
    }

    /// `sort` and `id` are the columns that the list is ordered by.
    fn decode(cursor: &str, list: &str, sort: Option<&str>, id: &str) -> Result<Self, ApiError> {
        let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let read = || {
            let mut parts = text.as_deref()?.split('.');
            let backward = match parts.next()? {
                "2n" => false,
                "2p" => true,
                _ => return None,
            };
            let of = parts.next()?;
            let optional = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
            let slot = optional(parts.next()?)?;
            let event = parts.next()?.parse().ok()?;
            let sort = parts.next()?;
            let sort = if sort.is_empty() { None } else { Some(sort.parse().ok()?) };
            let id = parts.next()?.parse().ok()?;
            (parts.next().is_none()).then_some((of, Self { backward, as_of: AsOf { slot, event }, sort, id }))
        };
        let wrong = |reason| Err(ApiError::invalid_parameter("cursor", reason));
        match read() {
            None => wrong("not a cursor; start again without one"),
            Some((of, _)) if of != list => {
                wrong("made for another list or other filters; use the same ones, or start again without a cursor")
            }
            Some((_, cursor)) if !cursor.fits(sort, id) => wrong("not a cursor; start again without one"),
            Some((_, cursor)) => Ok(cursor),
        }
    }

    /// Whether its place can be a row's: a number that the column's type cannot hold is an error of the database.
    fn fits(&self, sort: Option<&str>, id: &str) -> bool {
        let sorted = match (sort, self.sort) {
            (Some(column), Some(number)) => holds(column, number),
            (None, None) => true,
            _ => false,
        };
        sorted && holds(id, self.id)
    }
}

struct Keyed<R> {
    record: R,
    sort: Option<i128>,
    id: i128,
    /// Of a first page.
    moment: AsOf,
}

impl<'r, R: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Keyed<R> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let number = |text: &str| text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)));
        let sort = row.try_get::<Option<&str>, _>("list_sort")?.map(number).transpose()?;
        let id = number(row.try_get("list_id")?)?;
        let event = row.try_get::<Option<i64>, _>("list_newest")?.unwrap_or(0);
        let moment = AsOf { slot: row.try_get("list_slot")?, event };
        Ok(Self { record: R::from_row(row)?, sort, id, moment })
    }
}

/// The rows to show on one page.
pub fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(ApiError::invalid_parameter("limit", format!("{other} is not between 1 and {MAX_LIMIT}"))),
    }
}

/// A query without what says which part of the list.
pub struct Walk<Q> {
    query: Q,
    hash: String,
    pub part: Part,
}

impl<Q: Listed> Walk<Q> {
    pub fn new(mut query: Q) -> Self {
        let part = query.take_part();
        let filters = serde_json::to_string(&query).unwrap_or_default();
        let hash = hex(&Sha256::digest(format!("{} {filters}", Q::PATH))[..6]);
        Self { query, hash, part }
    }

    pub fn start(&self) -> Result<Option<Cursor>, ApiError> {
        let sort = self.query.order().column;
        self.part.cursor.as_deref().map(|cursor| Cursor::decode(cursor, &self.hash, sort, Q::ID)).transpose()
    }

    async fn fetch(
        &self,
        pool: &PgPool,
        from: Option<&Cursor>,
        rows: u32,
    ) -> Result<Vec<Keyed<Q::Record>>, sqlx::Error> {
        let order = self.query.order();
        let mut sql = QueryBuilder::new("SELECT ");
        for columns in Q::COLUMNS {
            sql.push(columns).push(", ");
        }
        let sort = order.column.unwrap_or("NULL");
        sql.push(format_args!("{sort}::text AS list_sort, {}::text AS list_id", Q::ID));
        // The moment of the first page, from the same snapshot as its rows; later pages have it in their cursor.
        let moment = if from.is_none() { "(SELECT max(id) FROM events)" } else { "NULL::bigint" };
        let slot = if from.is_none() { "(SELECT slot FROM checkpoint)" } else { "NULL::bigint" };
        sql.push(format_args!(", {moment} AS list_newest, {slot} AS list_slot "));
        sql.push("FROM ").push(Q::FROM).push(" WHERE TRUE");
        self.query.filter(&mut sql);
        let descending = order.descending != from.is_some_and(|from| from.backward);
        if let Some(from) = from {
            if let Some(event) = Q::EVENT {
                sql.push(" AND ").push(event).push(" <= ").push_bind(from.as_of.event);
            }
            let way = if descending { "<" } else { ">" };
            // Cast where they stand, so that an index on the column serves.
            match (order.column, from.sort) {
                (Some(column), Some(sort)) => {
                    sql.push(format_args!(" AND ({column}, {}) {way} (", Q::ID)).push_bind(sort.to_string());
                    sql.push(format_args!("::{}, ", cast(column))).push_bind(from.id.to_string());
                    sql.push(format_args!("::{})", cast(Q::ID)));
                }
                _ => {
                    sql.push(format_args!(" AND {} {way} ", Q::ID)).push_bind(from.id.to_string());
                    sql.push(format_args!("::{}", cast(Q::ID)));
                }
            }
        }
        let way = if descending { "DESC" } else { "ASC" };
        sql.push(" ORDER BY ");
        if let Some(column) = order.column {
            sql.push(format_args!("{column} {way}, "));
        }
        sql.push(format_args!("{} {way} LIMIT ", Q::ID)).push_bind(i64::from(rows));
        sql.build_query_as().fetch_all(pool).await
    }

    /// A page of at most `limit` rows.
    pub async fn page(
        &self,
        app: &App,
        from: Option<&Cursor>,
        limit: u32,
    ) -> Result<(Page<Q::Row>, Option<Cursor>), ApiError> {
        let (head_slot, finalized) = {
            let head = app.head.borrow();
            (head.indexed_slot, head.finalized_slot)
        };
        let mut rows = self.fetch(&app.pool, from, limit + 1).await?;
        let backward = from.is_some_and(|from| from.backward);
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        if backward {
            rows.reverse();
        }
        // Of no rows there is no other page.
        let moment = rows.first().map_or(AsOf { slot: head_slot, event: 0 }, |row| row.moment);
        let as_of = from.map_or(moment, |from| from.as_of);
        let place = |row: Option<&Keyed<_>>, backward| {
            row.map(|row: &Keyed<Q::Record>| Cursor { backward, as_of, sort: row.sort, id: row.id })
        };
        let next = place(rows.last().filter(|_| backward || more), false);
        let prev = place(rows.first().filter(|_| if backward { more } else { from.is_some() }), true);
        let links = PageLinks {
            next: next.as_ref().map(|next| next.encode(&self.hash)),
            prev: prev.map(|prev| prev.encode(&self.hash)),
            limit,
            as_of_slot: as_of.slot,
        };
        let data = rows.into_iter().map(|row| Q::show(row.record, finalized)).collect();
        Ok((Page { data, page: links }, next))
    }
}

/// The database's type of a column that lists are ordered by: a number of another type would be compared without the index.
fn cast(column: &str) -> &'static str {
    match column.rsplit('.').next() {
        Some("event_id" | "posted_time" | "jobs_posted" | "jobs_paid") => "bigint",
        _ => "numeric",
    }
}

/// Whether the column's type can hold the number: BIGINT, or NUMERIC(20, 0).
fn holds(column: &str, number: i128) -> bool {
    match cast(column) {
        "bigint" => i64::try_from(number).is_ok(),
        _ => number.unsigned_abs() < 10_u128.pow(20),
    }
}

pub async fn page<Q: Listed>(app: &App, query: Q) -> Result<Page<Q::Row>, ApiError> {
    let walk = Walk::new(query);
    let (start, limit) = (walk.start()?, limit(walk.part.limit)?);
    Ok(walk.page(app, start.as_ref(), limit).await?.0)
}

/// A page, or everything as CSV if that is what is asked for.
pub async fn answer<Q: Listed>(app: App, headers: &HeaderMap, query: Q) -> Result<Response, ApiError> {
    let walk = Walk::new(query);
    let accepted = headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv"));
    let format = walk.part.format.unwrap_or(if accepted { Format::Csv } else { Format::Json });
    let start = walk.start()?;
    match format {
        Format::Json => Ok(fresh(walk.page(&app, start.as_ref(), limit(walk.part.limit)?).await?.0).into_response()),
        Format::Csv => csv::export(app, walk, start).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_are_refused_elsewhere() {
        let cursor = Cursor {
            backward: true,
            as_of: AsOf { slot: Some(7), event: 9 },
            sort: Some(-3),
            id: i128::from(u64::MAX),
        };
        let text = cursor.encode("abc");
        let price = Some("jobs.price");
        assert_eq!(Cursor::decode(&text, "abc", price, "epochs.index"), Ok(cursor));
        for (list, sort, id, words) in [
            ("abd", price, "epochs.index", "other filters"),
            ("abc", None, "epochs.index", "not a cursor"),
            ("abc", price, "event_id", "not a cursor"),
        ] {
            assert!(Cursor::decode(&text, list, sort, id).unwrap_err().detail.contains(words));
        }
        for text in
            ["", "!", "Mm4", &URL_SAFE_NO_PAD.encode("2n.abc.x.1.1.1"), &URL_SAFE_NO_PAD.encode("2n.abc..1.1.1.1")]
        {
            assert!(Cursor::decode(text, "abc", price, "event_id").is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_in_a_list_is_a_number_that_its_column_can_hold() {
        let most = i128::from(i64::MAX);
        for (column, number, held) in [
            ("event_id", most, true),
            ("o.event_id", most + 1, false),
            ("jobs.posted_time", i128::from(i64::MIN) - 1, false),
            ("jobs.price", most + 1, true),
            ("jobs.price", 10_i128.pow(20), false),
            ("epochs.index", i128::MIN, false),
        ] {
            assert_eq!(holds(column, number), held, "{column} {number}");
        }
    }
}
