//! All derived tables anew, from the events alone.
use super::{Inserted, apply_batch, version};
use crate::decode::{Event, Program, decode};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// Events applied at once.
pub(super) const BATCH: usize = 4_096;

/// Every derived table.
pub const TABLES: [&str; 31] = [
    "audited_cells",
    "authorities",
    "budgets",
    "challenges",
    "demands",
    "device_hours",
    "devices",
    "epochs",
    "governance",
    "hours",
    "job_counts",
    "jobs",
    "loyalty",
    "models",
    "operators",
    "parameter_changes",
    "pauses",
    "pools",
    "positions",
    "price_hours",
    "price_points",
    "proposals",
    "redemptions",
    "rewards",
    "round_hours",
    "rounds",
    "schedule_mints",
    "stake_events",
    "totals",
    "users",
    "votes",
];

/// Rows that are there before the first event.
const FIRST_ROWS: [&str; 6] = [
    "INSERT INTO totals DEFAULT VALUES",
    "INSERT INTO rewards DEFAULT VALUES",
    "INSERT INTO governance DEFAULT VALUES",
    "INSERT INTO budgets (purpose) VALUES ('idle'), ('stakers'), ('treasury')",
    "INSERT INTO authorities (program) VALUES ('credits'), ('jobs'), ('staking'), ('governance')",
    "INSERT INTO job_counts (status) VALUES ('posted'), ('claimed'), ('committed'), ('paid'), ('cancelled'), ('expired'),
         ('refunded'), ('unanswered')",
];

/// Empties the derived tables and applies all events again, in the order in which the chain executed them. Returns how
/// many there were. Others see the old rows until the transaction ends.
///
/// # Errors
/// The database failed, or a stored event is not readable; then the transaction must be rolled back.
pub async fn rebuild(tx: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let applied = rebuild_by(tx, || BATCH).await?;
    version::record(tx).await?;
    Ok(applied)
}

/// [`rebuild`] in batches of the sizes that `size` gives, which decide nothing but the speed, and without a note of it.
///
/// # Errors
/// As for [`rebuild`].
pub async fn rebuild_by(tx: &mut PgConnection, mut size: impl FnMut() -> usize) -> Result<u64, sqlx::Error> {
    clear(tx).await?;
    sqlx::query(
        "DECLARE replay NO SCROLL CURSOR FOR
         SELECT id, slot, signature, program, data FROM events
         ORDER BY slot, tx_index, instruction_index, inner_index",
    )
    .execute(&mut *tx)
    .await?;
    let mut applied = 0;
    loop {
        let fetch = AssertSqlSafe(format!("FETCH {} FROM replay", size().max(1)));
        let rows = sqlx::query(fetch).persistent(false).fetch_all(&mut *tx).await?;
        if rows.is_empty() {
            break;
        }
        let stored = rows.iter().map(Stored::read).collect::<Result<Vec<_>, _>>()?;
        let batch: Vec<Inserted<'_>> = stored.iter().map(Stored::inserted).collect();
        apply_batch(tx, &batch).await?;
        applied += batch.len() as u64;
    }
    sqlx::query("CLOSE replay").execute(tx).await?;
    Ok(applied)
}

/// Leaves the derived tables as they were before the first event.
///
/// # Errors
/// The database failed.
async fn clear(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    for table in TABLES {
        // Not TRUNCATE: it would keep readers out.
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *tx).await?;
    }
    for first in FIRST_ROWS {
        sqlx::query(first).execute(&mut *tx).await?;
    }
    Ok(())
}

struct Stored {
    id: i64,
    slot: i64,
    signature: [u8; 64],
    event: Event,
}

impl Stored {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (id, name, data): (i64, &str, &[u8]) = (row.try_get(0)?, row.try_get(3)?, row.try_get(4)?);
        let program = Program::ALL.into_iter().find(|program| program.name() == name);
        let unreadable = |reason: String| sqlx::Error::Decode(format!("event {id} is not readable: {reason}").into());
        let event = program
            .and_then(|program| decode(program, &[program.event_authority()], data))
            .ok_or_else(|| unreadable(format!("no event of {name}")))?
            .map_err(|fault| unreadable(fault.to_string()))?;
        Ok(Self { id, slot: row.try_get(1)?, signature: row.try_get(2)?, event })
    }

    fn inserted(&self) -> Inserted<'_> {
        Inserted { id: self.id, slot: self.slot, signature: &self.signature, event: &self.event }
    }
}
