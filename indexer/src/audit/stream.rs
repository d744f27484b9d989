//! Stored events, in the order in which the chain executed them.
use crate::audit::AuditError;
use crate::decode::{Event, Program, decode};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

/// An event and where it was.
pub struct Stored {
    pub slot: u64,
    pub signature: Vec<u8>,
    pub instruction: i16,
    pub event: Event,
}

/// Events of these kinds or of all.
pub fn events<'a>(
    connection: &'a mut PgConnection,
    kinds: Option<&'a [&'a str]>,
) -> BoxStream<'a, Result<Stored, AuditError>> {
    let kinds = kinds.map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
    let rows = sqlx::query(
        "SELECT slot, signature, instruction_index, program, data FROM events
         WHERE $1::text[] IS NULL OR kind = ANY($1)
         ORDER BY slot, tx_index, instruction_index, inner_index",
    )
    .bind(kinds)
    .fetch(connection);
    Box::pin(rows.map_err(AuditError::from).and_then(|row| async move { read(&row) }))
}

fn read(row: &PgRow) -> Result<Stored, AuditError> {
    let (slot, signature): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
    let (name, data): (String, Vec<u8>) = (row.try_get(3)?, row.try_get(4)?);
    let program = Program::ALL.into_iter().find(|program| program.name() == name);
    let event = program.and_then(|program| decode(program, &[program.event_authority()], &data));
    let unreadable = |reason: String| AuditError::Unreadable { slot: slot.unsigned_abs(), reason };
    let event = event.ok_or_else(|| unreadable(format!("no event of {name}")))?;
    let event = event.map_err(|fault| unreadable(fault.to_string()))?;
    Ok(Stored { slot: slot.unsigned_abs(), signature, instruction: row.try_get(2)?, event })
}
