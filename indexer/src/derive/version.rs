//! Which version of this code derived the tables, and up to which event.
use super::rebuild;
use crate::store::Store;
use sqlx::{Connection, PgConnection};
use std::time::Instant;

/// To be raised with every change of what is derived from the same events.
pub const DERIVE_VERSION: i32 = 1;

/// Derives everything anew if another version wrote last, or one that does not note its version. Cheap otherwise.
///
/// # Errors
/// The database failed, or a stored event is not readable; then nothing was changed.
pub async fn bring_up_to_date(store: &mut Store) -> Result<(), sqlx::Error> {
    if is_current(&mut store.connection).await? {
        return Ok(());
    }
    // The frontier takes this back with its first round.
    store.note_stall(Some("everything is derived anew")).await?;
    let version = DERIVE_VERSION;
    tracing::info!(version, "this version did not derive the tables from all events: everything is derived anew");
    let began = Instant::now();
    let mut tx = store.connection.begin().await?;
    let events = rebuild(&mut tx).await?;
    tx.commit().await?;
    tracing::info!(version, events, seconds = began.elapsed().as_secs_f64(), "everything is derived anew");
    Ok(())
}

/// Ids of events are never used twice: events that were added or taken out without a note leave another newest one.
async fn is_current(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let noted = "SELECT EXISTS (
        SELECT FROM derived WHERE version = $1 AND event_id = (SELECT coalesce(max(id), 0) FROM events))";
    sqlx::query_scalar(noted).bind(DERIVE_VERSION).fetch_one(connection).await
}

/// Notes that this version derived everything from all events.
pub async fn record(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO derived (version, event_id) VALUES ($1, (SELECT coalesce(max(id), 0) FROM events))
         ON CONFLICT (one) DO UPDATE SET version = excluded.version, event_id = excluded.event_id",
    )
    .bind(DERIVE_VERSION)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that events up to this one are derived as well. What another version derived stays noted as such.
pub async fn advance(tx: &mut PgConnection, event_id: i64) -> Result<(), sqlx::Error> {
    let advance = sqlx::query("UPDATE derived SET event_id = $1 WHERE version = $2");
    advance.bind(event_id).bind(DERIVE_VERSION).execute(tx).await?;
    Ok(())
}
