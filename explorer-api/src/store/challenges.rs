use explorer_client::{Amount, Challenge, Finality, Key, Standing, Time};
use sqlx::{FromRow, PgPool};

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
    slot: i64,
}

impl Row {
    fn show(self, finalized_slot: Option<i64>) -> Challenge {
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
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first.
pub async fn of_device(pool: &PgPool, key: Key, finalized_slot: Option<i64>) -> Result<Vec<Challenge>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT r.number::text AS round, r.opened_time, r.phase, c.status, c.reason, c.class, c.rows, c.seconds,
                c.throughput::text, c.answered, c.pay::text, c.slashed::text, greatest(c.slot, r.slot) AS slot
         FROM devices d JOIN rounds r ON r.number > d.since_round
         LEFT JOIN challenges c ON c.round = r.number AND c.device = d.key
         WHERE d.key = $1 ORDER BY r.number DESC LIMIT $2",
    )
    .bind(key.0.to_vec())
    .bind(LATEST)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| row.show(finalized_slot)).collect())
}

pub async fn standing(pool: &PgPool, key: Key) -> Result<Standing, sqlx::Error> {
    let (challenges_passed, challenges_failed, hired) = sqlx::query_as(
        "SELECT challenges_passed, challenges_failed,
                NOT retired AND NOT caught AND good_round >= failed_round
                AND good_round >= (SELECT COALESCE(max(number), 0) FROM rounds WHERE phase = 'ended') AS hired
         FROM devices WHERE key = $1",
    )
    .bind(key.0.to_vec())
    .fetch_one(pool)
    .await?;
    Ok(Standing { challenges_passed, challenges_failed, hired })
}
