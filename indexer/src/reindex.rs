//! Stored raw bytes, read again by the decoder of this version: after a fix of the decoder or of what is derived.
use crate::decode::{DECODER_VERSION, DecodeFault, Event, Program, decode};
use crate::derive::{Shadow, TableChange};
use crate::sequence::Sequences;
use crate::store::{Store, db_slot};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};
use std::ops::RangeInclusive;

/// Events decoded at once: bounds the memory.
const BATCH: i64 = 4_096;

/// What to read again.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Events of these slots too, not only dead letters.
    pub slots: Option<RangeInclusive<u64>>,
    /// Say what would change and change nothing.
    pub dry_run: bool,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    /// Dead letters that are events now.
    pub replayed: u64,
    /// Dead letters that are not readable still, or not by their program's own authority.
    pub unreadable: u64,
    /// Readable dead letters whose place in the block is not known: they were kept by an early version, and no event of
    /// their transaction tells it.
    pub unplaced: u64,
    /// Events read again, and those of them that now say something else.
    pub read: u64,
    pub corrected: u64,
    pub holes_healed: u64,
    pub holes_found: u64,
    /// Events that the derived tables were made from.
    pub applied: u64,
    pub tables: Vec<TableChange>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error(
        "event {id} in slot {slot} was readable and is not any more: {reason} \
         (hint: this decoder refuses what an earlier one took; nothing was changed)"
    )]
    Unreadable { id: i64, slot: i64, reason: String },
}

/// Replays dead letters, reads the events of a range again and derives everything anew, in one SQL transaction: cut short at
/// any instant it has changed nothing, and run again it finds the rest. Raw bytes stay as they are. Readers see the old
/// rows until the end.
///
/// # Errors
/// [`ReindexError`]; then nothing was changed.
pub async fn reindex(store: &mut Store, request: &Request) -> Result<Reindexed, ReindexError> {
    let mut tx = store.connection.begin().await?;
    let mut done = Reindexed::default();
    let replayed = replay_dead_letters(&mut tx, &mut done).await?;
    let ids = replayed.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    correct(&mut tx, Range::Ids(&ids), &mut done).await?;
    // They are new rather than corrected.
    (done.read, done.corrected) = (0, 0);
    if let Some(slots) = &request.slots {
        correct(&mut tx, Range::Slots(db_slot(*slots.start()), db_slot(*slots.end())), &mut done).await?;
    }
    settle_sequences(&mut tx, &mut done).await?;
    let shadow = Shadow::derive(&mut tx).await?;
    (done.applied, done.tables) = (shadow.applied, shadow.changes(&mut tx).await?);
    if request.dry_run {
        tx.rollback().await?;
        return Ok(done);
    }
    shadow.adopt(&mut tx, &done.tables).await?;
    if let Some(newest) = ids.last() {
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(crate::NOTIFY_CHANNEL).bind(newest.to_string());
        notify.execute(&mut *tx).await?;
    }
    tx.commit().await?;
    for (id, slot) in replayed {
        tracing::info!(event = id, slot, "a dead letter became an event");
    }
    Ok(done)
}

fn read(program: &str, data: &[u8]) -> Result<Event, String> {
    let program = Program::ALL.into_iter().find(|p| p.name() == program).ok_or("no such program")?;
    let event = decode(program, &[program.event_authority()], data).ok_or("not an event")?;
    event.map_err(|fault| fault.to_string())
}

/// Makes rows of the readable ones, still without what the decoder says; returns their ids and slots.
async fn replay_dead_letters(tx: &mut PgConnection, done: &mut Reindexed) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    // Read by another path meanwhile: the healing of a hole.
    sqlx::query(
        "UPDATE dead_letters d SET replayed_at = now() FROM events e
         WHERE d.replayed_at IS NULL AND e.signature = d.signature
           AND e.instruction_index = d.instruction_index AND e.inner_index = d.inner_index",
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query(
        "SELECT id, program, data, reason,
                coalesce(tx_index, (SELECT min(tx_index) FROM events e WHERE e.signature = d.signature)) IS NOT NULL
         FROM dead_letters d WHERE replayed_at IS NULL",
    )
    .fetch_all(&mut *tx)
    .await?;
    // Its bytes may be those of an event, but the program did not say them.
    let foreign = DecodeFault::Authority.to_string();
    let mut readable: Vec<i64> = Vec::new();
    for row in rows {
        let (program, data, reason): (&str, &[u8], &str) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        match (reason != foreign && read(program, data).is_ok(), row.try_get(4)?) {
            (false, _) => done.unreadable += 1,
            (true, false) => done.unplaced += 1,
            (true, true) => readable.push(row.try_get(0)?),
        }
    }
    let mut added: Vec<(i64, i64)> = sqlx::query_as(
        "INSERT INTO events (slot, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time,
                             body, data, decoder_version)
         SELECT slot, coalesce(tx_index, (SELECT min(tx_index) FROM events e WHERE e.signature = d.signature)),
                signature, instruction_index, inner_index, program, '', 0, 0, 0, '{}', data, 0
         FROM dead_letters d WHERE id = ANY($1) ORDER BY 1, 2, instruction_index, inner_index
         RETURNING id, slot",
    )
    .bind(&readable)
    .fetch_all(&mut *tx)
    .await?;
    let marked = sqlx::query("UPDATE dead_letters SET replayed_at = now() WHERE id = ANY($1)").bind(&readable);
    marked.execute(tx).await?;
    added.sort_unstable();
    done.replayed = added.len() as u64;
    Ok(added)
}

enum Range<'a> {
    Ids(&'a [i64]),
    /// Both ends inclusive.
    Slots(i64, i64),
}

/// Gives rows what this decoder reads in their raw bytes.
async fn correct(tx: &mut PgConnection, range: Range<'_>, done: &mut Reindexed) -> Result<(), ReindexError> {
    let (ids, (first, last)) = match range {
        Range::Ids(ids) => (Some(ids), (0, i64::MAX)),
        Range::Slots(first, last) => (None, (first, last)),
    };
    let mut after = 0_i64;
    loop {
        let rows = sqlx::query(
            "SELECT id, slot, program, data, kind, shard, seq, time, job, body::text FROM events
             WHERE id > $1 AND ($2::bigint[] IS NULL OR id = ANY($2)) AND slot BETWEEN $3 AND $4 ORDER BY id LIMIT $5",
        )
        .bind(after)
        .bind(ids)
        .bind(first)
        .bind(last)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let Some(end) = rows.last() else { return Ok(()) };
        after = end.try_get(0)?;
        for row in &rows {
            let (id, slot): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let event = read(row.try_get(2)?, row.try_get(3)?);
            let event = event.map_err(|reason| ReindexError::Unreadable { id, slot, reason })?;
            done.read += 1;
            if says_the_same(row, &event)? {
                continue;
            }
            done.corrected += 1;
            let stamp = event.stamp();
            sqlx::query(
                "UPDATE events SET kind = $2, shard = $3, seq = $4, time = $5, job = $6, body = $7::jsonb,
                                   decoder_version = $8
                 WHERE id = $1",
            )
            .bind(id)
            .bind(event.kind())
            .bind(i16::from(stamp.shard))
            .bind(i64::try_from(stamp.seq).unwrap_or(i64::MAX))
            .bind(stamp.time)
            .bind(event.job().map(|job| job.to_vec()))
            .bind(event.body().to_string())
            .bind(DECODER_VERSION)
            .execute(&mut *tx)
            .await?;
        }
    }
}

fn says_the_same(row: &PgRow, event: &Event) -> Result<bool, sqlx::Error> {
    let stamp = event.stamp();
    let body: serde_json::Value = serde_json::from_str(row.try_get(9)?).unwrap_or_default();
    Ok(row.try_get::<&str, _>(4)? == event.kind()
        && row.try_get::<i16, _>(5)? == i16::from(stamp.shard)
        && row.try_get::<i64, _>(6)?.unsigned_abs() == stamp.seq
        && row.try_get::<i64, _>(7)? == stamp.time
        && row.try_get::<Option<&[u8]>, _>(8)? == event.job().as_ref().map(<[u8; 32]>::as_slice)
        && body == event.body())
}

/// Counts again how far each shard is, closes holes that are filled, and opens those that only show now.
async fn settle_sequences(tx: &mut PgConnection, done: &mut Reindexed) -> Result<(), sqlx::Error> {
    Sequences::rebuild(tx).await?;
    let healed = sqlx::query(
        "UPDATE sequence_faults f SET healed_at = now()
         WHERE kind = 'hole' AND healed_at IS NULL AND found - expected = (
             SELECT count(DISTINCT e.seq) FROM events e
             WHERE e.program = f.program AND e.shard = f.shard AND e.seq >= f.expected AND e.seq < f.found)",
    )
    .execute(&mut *tx)
    .await?;
    let found = sqlx::query(
        "INSERT INTO sequence_faults (program, shard, kind, expected, found, slot, signature)
         SELECT program, shard, 'hole', before + 1, seq, slot, signature
         FROM (SELECT program, shard, seq, slot, signature,
                      lag(seq, 1, 0) OVER (PARTITION BY program, shard ORDER BY seq) AS before FROM events) e
         WHERE seq > before + 1 AND NOT EXISTS (
             SELECT FROM sequence_faults f
             WHERE f.kind = 'hole' AND f.healed_at IS NULL AND f.program = e.program AND f.shard = e.shard
               AND f.expected <= e.before + 1 AND f.found >= e.seq)",
    )
    .execute(&mut *tx)
    .await?;
    (done.holes_healed, done.holes_found) = (healed.rows_affected(), found.rows_affected());
    Ok(())
}
