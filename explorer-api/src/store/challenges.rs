use crate::values::{Amount, Key, Time};
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use utoipa::ToSchema;

/// Rounds shown of a device.
const LATEST: i64 = 50;

#[derive(Debug, FromRow)]
struct Row {
    round: String,
    opened_time: i64,
    phase: String,
    status: Option<String>,
    reason: Option<String>,
    class: Option<i16>,
    rows: Option<i64>,
    seconds: Option<i64>,
    throughput: Option<String>,
    answered: Option<i32>,
    pay: Option<String>,
    slashed: Option<String>,
}

/// A challenge round that a device was nominated for, and what it made of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Challenge {
    pub round: String,
    #[schema(value_type = String)]
    pub opened_at: Time,
    /// `nominated` while the round goes on without its answer, `committed`, `passed`, `caught` (a wrong cell is proven),
    /// `failed`, or `void` if the round counts for nothing.
    pub outcome: String,
    /// Why it failed: `missed`, `unanswered` or `wrong cell`.
    pub reason: Option<String>,
    pub class: Option<i16>,
    /// Rows of its matrix product.
    pub rows: Option<i64>,
    /// From the round's opening to its commitment.
    pub seconds: Option<i64>,
    /// Measured, multiply-accumulates per second.
    pub throughput: Option<String>,
    /// How many of the drawn cells it has shown.
    pub answered: i32,
    pub idle_pay: Option<Amount>,
    /// Stake lost for a wrong cell.
    pub slashed: Option<Amount>,
}

impl Row {
    fn show(self) -> Challenge {
        let (outcome, reason) = match (self.status.as_deref(), self.phase.as_str()) {
            (Some("failed"), _) => ("failed", self.reason),
            (_, "void") => ("void", None),
            (Some("committed"), "ended") => ("failed", Some("unanswered".into())),
            (Some(status), _) => (status, None),
            (None, "ended") => ("failed", Some("missed".into())),
            (None, _) => ("nominated", None),
        };
        Challenge {
            outcome: outcome.to_owned(),
            round: self.round,
            opened_at: Time(self.opened_time),
            reason,
            class: self.class,
            rows: self.rows,
            seconds: self.seconds,
            throughput: self.throughput,
            answered: self.answered.unwrap_or(0),
            idle_pay: self.pay.map(Amount::io),
            slashed: self.slashed.map(Amount::io),
        }
    }
}

/// How a device stands in challenges.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct Standing {
    /// IOSD base units asked for 10^12 multiply-accumulates; zero is no offer.
    pub offer: String,
    /// Multiply-accumulates per second of its last passed challenge; zero after a failed one.
    pub measured: String,
    pub challenges_passed: i64,
    pub challenges_failed: i64,
    /// It may be hired: it passed the last round that took place, or is too new for it.
    pub hired: bool,
}

/// Newest first.
pub async fn of_device(pool: &PgPool, key: Key) -> Result<Vec<Challenge>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT r.number::text AS round, r.opened_time, r.phase, c.status, c.reason, c.class, c.rows, c.seconds,
                c.throughput::text, c.answered, c.pay::text, c.slashed::text
         FROM devices d JOIN rounds r ON r.number > d.since_round
         LEFT JOIN challenges c ON c.round = r.number AND c.device = d.key
         WHERE d.key = $1 ORDER BY r.number DESC LIMIT $2",
    )
    .bind(key.0.to_vec())
    .bind(LATEST)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Row::show).collect())
}

pub async fn standing(pool: &PgPool, key: Key) -> Result<Standing, sqlx::Error> {
    sqlx::query_as(
        "SELECT offer::text, measured::text, challenges_passed, challenges_failed,
                NOT retired AND NOT caught AND good_round >= failed_round
                AND good_round >= (SELECT COALESCE(max(number), 0) FROM rounds WHERE phase = 'ended') AS hired
         FROM devices WHERE key = $1",
    )
    .bind(key.0.to_vec())
    .fetch_one(pool)
    .await
}
