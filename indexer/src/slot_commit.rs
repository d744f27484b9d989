//! One slot is one SQL transaction.
use crate::decode::{DECODER_VERSION, Event};
use crate::derive::{self, Inserted};
use crate::extract::Candidate;
use crate::sequence::{self, Sequences};
use crate::source::Block;
use crate::store::{Store, db_slot};
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;

impl Store {
    /// Adds a block. What is already there stays as it is, so a slot may be added any number of times; the checkpoint
    /// moves forward only. Returns how many events were new.
    ///
    /// # Errors
    /// The database failed; then nothing of the slot was added.
    pub(crate) async fn commit(&mut self, block: &Block, found: &[Candidate<'_>]) -> Result<usize, sqlx::Error> {
        let mut tx = self.connection.begin().await?;
        let slot = db_slot(block.slot);
        insert_block(&mut tx, block, slot).await?;
        let inserted = insert_events(&mut tx, slot, found).await?;
        if !inserted.is_empty() {
            let mut sequences = Sequences::load(&mut tx).await?;
            for row in &inserted {
                if let Some(at) = sequences.take(row.event) {
                    sequence::record(&mut tx, row.event, at, slot, row.signature).await?;
                }
            }
            derive::apply_batch(&mut tx, &inserted).await?;
            sequences.save(&mut tx).await?;
        }
        insert_dead_letters(&mut tx, slot, found).await?;
        move_checkpoint(&mut tx, block, slot).await?;
        if let Some(newest) = inserted.last() {
            sqlx::query("SELECT pg_notify($1, $2)")
                .bind(crate::NOTIFY_CHANNEL)
                .bind(newest.id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(inserted.len())
    }
}

async fn insert_block(tx: &mut PgConnection, block: &Block, slot: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO blocks (slot, blockhash, parent_slot, previous_blockhash, time) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (slot) DO UPDATE SET
             blockhash = excluded.blockhash, parent_slot = excluded.parent_slot,
             previous_blockhash = excluded.previous_blockhash, time = excluded.time",
    )
    .bind(slot)
    .bind(&block.blockhash)
    .bind(db_slot(block.parent_slot))
    .bind(&block.previous_blockhash)
    .bind(block.time)
    .execute(tx)
    .await?;
    Ok(())
}

async fn move_checkpoint(tx: &mut PgConnection, block: &Block, slot: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO checkpoint AS c (start_slot, slot, blockhash, slot_time) VALUES ($1, $1, $2, $3)
         ON CONFLICT (one) DO UPDATE SET slot = $1, blockhash = $2, slot_time = $3, updated_at = now()
         WHERE c.slot < $1",
    )
    .bind(slot)
    .bind(&block.blockhash)
    .bind(block.time)
    .execute(tx)
    .await?;
    Ok(())
}

/// Identifies an event for ever: signature, outer and inner index.
type Path = (Vec<u8>, i16, i16);

fn path(candidate: &Candidate<'_>) -> Path {
    // A transaction has at most 64 instructions, and its trace as many.
    let index = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
    let at = candidate.instruction;
    (candidate.signature.to_vec(), index(at.instruction_index.into()), index(at.inner_index))
}

async fn insert_events<'a>(
    tx: &mut PgConnection,
    slot: i64,
    found: &'a [Candidate<'_>],
) -> Result<Vec<Inserted<'a>>, sqlx::Error> {
    let events: Vec<(&Candidate<'_>, &Event)> =
        found.iter().filter_map(|c| Some((c, c.event.as_ref().ok()?))).collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    fn column<T>(events: &[(&Candidate<'_>, &Event)], value: impl Fn(&Candidate<'_>, &Event) -> T) -> Vec<T> {
        events.iter().map(|(candidate, event)| value(candidate, event)).collect()
    }
    let rows = sqlx::query(
        "INSERT INTO events (slot, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time,
                             job, body, data, decoder_version)
         SELECT $1, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time,
                job, body::jsonb, data, $2
         FROM unnest($3::int[], $4::bytea[], $5::smallint[], $6::smallint[], $7::text[], $8::text[], $9::smallint[],
                     $10::bigint[], $11::bigint[], $12::bytea[], $13::text[], $14::bytea[]) WITH ORDINALITY
              AS row (tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time, job, body,
                      data, ordinality)
         ORDER BY ordinality
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING
         RETURNING id, signature, instruction_index, inner_index",
    )
    .bind(slot)
    .bind(DECODER_VERSION)
    .bind(column(&events, |c, _| i32::try_from(c.tx_index).unwrap_or(i32::MAX)))
    .bind(column(&events, |c, _| path(c).0))
    .bind(column(&events, |c, _| path(c).1))
    .bind(column(&events, |c, _| path(c).2))
    .bind(column(&events, |c, _| c.program.name()))
    .bind(column(&events, |_, e| e.kind()))
    .bind(column(&events, |_, e| i16::from(e.stamp().shard)))
    .bind(column(&events, |_, e| i64::try_from(e.stamp().seq).unwrap_or(i64::MAX)))
    .bind(column(&events, |_, e| e.stamp().time))
    .bind(column(&events, |_, e| e.job().map(|job| job.to_vec())))
    .bind(column(&events, |_, e| e.body().to_string()))
    .bind(column(&events, |c, _| c.instruction.data.clone()))
    .fetch_all(tx)
    .await?;

    let by_path: HashMap<Path, (&'a Candidate<'_>, &'a Event)> =
        events.into_iter().map(|(candidate, event)| (path(candidate), (candidate, event))).collect();
    let mut inserted = Vec::with_capacity(rows.len());
    for row in rows {
        let key: Path = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let Some((candidate, event)) = by_path.get(&key) else { continue };
        inserted.push(Inserted { id: row.try_get(0)?, slot, signature: &candidate.signature, event });
    }
    inserted.sort_unstable_by_key(|row| row.id);
    Ok(inserted)
}

async fn insert_dead_letters(tx: &mut PgConnection, slot: i64, found: &[Candidate<'_>]) -> Result<(), sqlx::Error> {
    for candidate in found {
        let Err(fault) = &candidate.event else { continue };
        let (signature, instruction_index, inner_index) = path(candidate);
        let program = candidate.program.name();
        let added = sqlx::query(
            "INSERT INTO dead_letters
                 (slot, signature, instruction_index, inner_index, program, reason, data, decoder_version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
        )
        .bind(slot)
        .bind(&signature)
        .bind(instruction_index)
        .bind(inner_index)
        .bind(program)
        .bind(fault.to_string())
        .bind(&candidate.instruction.data)
        .bind(DECODER_VERSION)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 1 {
            let signature = bs58::encode(&signature).into_string();
            tracing::error!(program, slot, signature, %fault, "unreadable event, kept as a dead letter");
        }
    }
    Ok(())
}
