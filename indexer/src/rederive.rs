//! Everything derived, anew from the stored events.
use crate::decode::{DecodeFault, Event, Program, decode};
use crate::derive::{self, Inserted};
use futures::TryStreamExt;
use sqlx::{PgConnection, Row};

/// Events that are derived from at once: bounds the memory.
const BATCH: i64 = 4_000;

/// Why nothing was derived.
#[derive(Debug, thiserror::Error)]
pub enum RederiveError {
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    #[error("stored event {id} of {program} is not readable: {reason} (hint: run `indexer reindex`)")]
    Unreadable { id: i64, program: String, reason: String },
}

struct Stored {
    id: i64,
    slot: i64,
    signature: [u8; 64],
    event: Event,
}

/// Empties the derived tables and fills them again, in the order in which the chain executed the events; their ids are not
/// in that order where something was missed at first. Readers see the old tables until the transaction commits. Returns the
/// number of events.
pub(crate) async fn all(tx: &mut PgConnection) -> Result<u64, RederiveError> {
    derive::clear(tx).await?;
    let mut count = 0;
    // A keyset instead of a cursor: the same connection writes in between.
    let mut after = (-1_i64, -1_i32, -1_i16, -1_i16);
    loop {
        let mut stored = Vec::new();
        {
            let mut rows = sqlx::query(
                "SELECT id, slot, tx_index, instruction_index, inner_index, signature, program, data FROM events
                 WHERE (slot, tx_index, instruction_index, inner_index) > ($1, $2, $3, $4)
                 ORDER BY slot, tx_index, instruction_index, inner_index LIMIT $5",
            )
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(after.3)
            .bind(BATCH)
            .fetch(&mut *tx);
            while let Some(row) = rows.try_next().await? {
                after = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
                stored.push(read(row.try_get(0)?, row.try_get(1)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?)?);
            }
        }
        if stored.is_empty() {
            return Ok(count);
        }
        let rows: Vec<Inserted<'_>> = stored
            .iter()
            .map(|s| Inserted { id: s.id, slot: s.slot, signature: &s.signature, event: &s.event })
            .collect();
        derive::apply_batch(tx, &rows).await?;
        count += u64::try_from(rows.len()).unwrap_or(u64::MAX);
    }
}

fn read(id: i64, slot: i64, signature: &[u8], program: &str, data: &[u8]) -> Result<Stored, RederiveError> {
    let unreadable = |reason: String| RederiveError::Unreadable { id, program: program.to_owned(), reason };
    let signature = signature.try_into().map_err(|_| unreadable("its signature is cut".into()))?;
    let known = Program::ALL.into_iter().find(|p| p.name() == program);
    let event = known.and_then(|p| decode(p, &[p.event_authority()], data));
    let event = event.ok_or_else(|| unreadable("no event of that program".into()))?;
    let event = event.map_err(|fault: DecodeFault| unreadable(fault.to_string()))?;
    Ok(Stored { id, slot, signature, event })
}
