//! The last stage of the pipeline: blocks, events, what follows from them and the checkpoint in one SQL transaction.
use crate::decode::DECODER_VERSION;
use crate::derive::{self, Inserted};
use crate::extract::{Candidate, Decoded, DecodedBlock};
use crate::fork;
use crate::sequence::{self, Sequences};
use crate::store::{Store, db_slot};
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use std::time::Instant;

/// A block that goes in.
#[derive(Debug)]
pub(crate) struct Linked {
    pub block: DecodedBlock,
    /// Its parent hashes lead to the block before it in the batch, or to the checkpoint.
    pub linked: bool,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Committed {
    pub new_events: usize,
    /// Breaks in the event sequences.
    pub faults: usize,
}

impl Store {
    /// Adds blocks and moves the checkpoint to the last of them. Events that are there already stay as they are.
    ///
    /// With `ancestor`, every block after it is first taken out: the batch replaces them.
    ///
    /// # Errors
    /// The database failed; then nothing was added or taken out.
    pub(crate) async fn commit(&mut self, batch: &[Linked], ancestor: Option<u64>) -> Result<Committed, sqlx::Error> {
        let Some(last) = batch.last() else { return Ok(Committed::default()) };
        // In memory only while it equals the database: a failure below leaves none.
        let known = self.sequences.take();
        let began = Instant::now();
        let mut tx = self.connection.begin().await?;
        let reverted = match ancestor {
            Some(slot) => fork::revert(&mut tx, db_slot(slot)).await?,
            None => fork::Reverted::default(),
        };
        let mut sequences = match known {
            Some(known) if ancestor.is_none() => known,
            _ => Sequences::load(&mut tx).await?,
        };
        insert_blocks(&mut tx, batch).await?;
        let events = placed(batch.iter().map(|row| &row.block));
        let inserted = insert_events(&mut tx, &events).await?;
        let mut faults = Vec::new();
        for row in &inserted {
            faults.extend(sequences.take(row.event).map(|at| (*row, at)));
        }
        sequence::record(&mut tx, &faults).await?;
        sequences.save(&mut tx).await?;
        if reverted.events > 0 {
            derive::rebuild(&mut tx).await?;
        } else if let Some(newest) = inserted.last() {
            derive::apply_batch(&mut tx, &inserted).await?;
            derive::advance(&mut tx, newest.id).await?;
        }
        insert_dead_letters(&mut tx, batch.iter().map(|row| &row.block)).await?;
        move_checkpoint(&mut tx, &batch[0].block, &last.block).await?;
        if let Some(newest) = inserted.last().map(|row| row.id).or(reverted.newest) {
            notify(&mut tx, newest).await?;
        }
        tx.commit().await?;
        metrics::histogram!("indexer_commit_seconds").record(began.elapsed());
        metrics::counter!("indexer_blocks_total").increment(batch.len() as u64);
        metrics::counter!("indexer_events_total").increment(inserted.len() as u64);
        self.sequences = Some(sequences);
        Ok(Committed { new_events: inserted.len(), faults: faults.len() })
    }
}

pub(crate) async fn notify(tx: &mut PgConnection, newest: i64) -> Result<(), sqlx::Error> {
    let tell = sqlx::query("SELECT pg_notify($1, $2)").bind(crate::NOTIFY_CHANNEL).bind(newest.to_string());
    tell.execute(tx).await?;
    Ok(())
}

/// Blocks with events, those from which no hashes lead to the row before, and the last one: enough to compare everything
/// with the chain later.
async fn insert_blocks(tx: &mut PgConnection, batch: &[Linked]) -> Result<(), sqlx::Error> {
    let mut rows = Vec::new();
    let mut linked = true;
    for (at, row) in batch.iter().enumerate() {
        linked &= row.linked;
        if !row.block.found.is_empty() || at + 1 == batch.len() {
            rows.push((&row.block, linked));
            linked = true;
        }
    }
    add_blocks(tx, &rows).await
}

pub(crate) async fn add_blocks(tx: &mut PgConnection, rows: &[(&DecodedBlock, bool)]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO blocks (slot, blockhash, parent_slot, previous_blockhash, time, linked)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::boolean[])
         ON CONFLICT (slot) DO NOTHING",
    )
    .bind(rows.iter().map(|(block, _)| db_slot(block.slot)).collect::<Vec<_>>())
    .bind(rows.iter().map(|(block, _)| block.blockhash.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(block, _)| db_slot(block.parent_slot)).collect::<Vec<_>>())
    .bind(rows.iter().map(|(block, _)| block.previous_blockhash.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(block, _)| block.time).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, linked)| *linked).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn move_checkpoint(tx: &mut PgConnection, first: &DecodedBlock, last: &DecodedBlock) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO checkpoint (start_slot, slot, blockhash, slot_time) VALUES ($1, $2, $3, $4)
         ON CONFLICT (one) DO UPDATE SET slot = $2, blockhash = $3, slot_time = $4, updated_at = now()",
    )
    .bind(db_slot(first.slot))
    .bind(db_slot(last.slot))
    .bind(&last.blockhash)
    .bind(last.time)
    .execute(tx)
    .await?;
    Ok(())
}

/// Identifies an event for ever: signature, outer and inner index.
type Path = (Vec<u8>, i16, i16);

/// A transaction has at most 64 instructions, and its trace as many.
fn index(n: impl Into<u16>) -> i16 {
    i16::try_from(n.into()).unwrap_or(i16::MAX)
}

/// An event and where it is.
pub(crate) type Placed<'a> = (i64, &'a Candidate, &'a Decoded);

pub(crate) fn placed<'a>(blocks: impl Iterator<Item = &'a DecodedBlock>) -> Vec<Placed<'a>> {
    let of = |block: &'a DecodedBlock| {
        let slot = db_slot(block.slot);
        block.found.iter().filter_map(move |c| Some((slot, c, c.event.as_ref().ok()?)))
    };
    blocks.flat_map(of).collect()
}

/// Adds those that are not there yet, and says which those were, in the same order.
pub(crate) async fn insert_events<'a>(
    tx: &mut PgConnection,
    events: &[Placed<'a>],
) -> Result<Vec<Inserted<'a>>, sqlx::Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    fn column<'a, T>(events: &[Placed<'a>], value: impl Fn(&Placed<'a>) -> T) -> Vec<T> {
        events.iter().map(value).collect()
    }
    let rows = sqlx::query(
        "INSERT INTO events (slot, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time,
                             job, body, data, decoder_version)
         SELECT slot, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time,
                job, body::jsonb, data, $1
         FROM unnest($2::bigint[], $3::int[], $4::bytea[], $5::smallint[], $6::smallint[], $7::text[], $8::text[],
                     $9::smallint[], $10::bigint[], $11::bigint[], $12::bytea[], $13::text[], $14::bytea[])
              WITH ORDINALITY
              AS row (slot, tx_index, signature, instruction_index, inner_index, program, kind, shard, seq, time, job,
                      body, data, ordinality)
         ORDER BY ordinality
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING
         RETURNING id, signature, instruction_index, inner_index",
    )
    .bind(DECODER_VERSION)
    .bind(column(events, |(slot, ..)| *slot))
    .bind(column(events, |(_, c, _)| i32::try_from(c.tx_index).unwrap_or(i32::MAX)))
    .bind(column(events, |(_, c, _)| c.signature.as_slice()))
    .bind(column(events, |(_, c, _)| index(c.instruction_index)))
    .bind(column(events, |(_, c, _)| index(c.inner_index)))
    .bind(column(events, |(_, c, _)| c.program.name()))
    .bind(column(events, |(.., e)| e.event.kind()))
    .bind(column(events, |(.., e)| i16::from(e.event.stamp().shard)))
    .bind(column(events, |(.., e)| i64::try_from(e.event.stamp().seq).unwrap_or(i64::MAX)))
    .bind(column(events, |(.., e)| e.event.stamp().time))
    .bind(column(events, |(.., e)| e.event.job().map(|job| job.to_vec())))
    .bind(column(events, |(.., e)| e.body.as_str()))
    .bind(column(events, |(_, c, _)| c.data.as_slice()))
    .fetch_all(tx)
    .await?;

    let mut by_path: HashMap<Path, &Placed<'a>> = HashMap::with_capacity(events.len());
    for event in events {
        let (_, at, _) = event;
        // Blocks of two forks in one batch may hold the same event: the first is the one that went in.
        by_path.entry((at.signature.to_vec(), index(at.instruction_index), index(at.inner_index))).or_insert(event);
    }
    let mut inserted = Vec::with_capacity(rows.len());
    for row in rows {
        let key: Path = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let Some((slot, candidate, decoded)) = by_path.get(&key) else { continue };
        let id = row.try_get(0)?;
        inserted.push(Inserted { id, slot: *slot, signature: &candidate.signature, event: &decoded.event });
    }
    inserted.sort_unstable_by_key(|row| row.id);
    Ok(inserted)
}

/// Keeps what claims to be an event and is not readable.
pub(crate) async fn insert_dead_letters<'a>(
    tx: &mut PgConnection,
    blocks: impl Iterator<Item = &'a DecodedBlock>,
) -> Result<(), sqlx::Error> {
    let mut letters = Vec::new();
    for block in blocks {
        for candidate in &block.found {
            let Err(fault) = &candidate.event else { continue };
            let (program, slot) = (candidate.program.name(), block.slot);
            let signature = bs58::encode(&candidate.signature).into_string();
            tracing::error!(program, slot, signature, %fault, "unreadable event, kept as a dead letter");
            letters.push((db_slot(slot), candidate, fault.to_string()));
        }
    }
    if letters.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO dead_letters
             (slot, signature, instruction_index, inner_index, program, reason, data, tx_index, decoder_version)
         SELECT *, $9 FROM unnest($1::bigint[], $2::bytea[], $3::smallint[], $4::smallint[], $5::text[], $6::text[],
                                  $7::bytea[], $8::int[])
         ON CONFLICT (signature, instruction_index, inner_index) DO NOTHING",
    )
    .bind(letters.iter().map(|(slot, ..)| *slot).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| c.signature.as_slice()).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| index(c.instruction_index)).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| index(c.inner_index)).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| c.program.name()).collect::<Vec<_>>())
    .bind(letters.iter().map(|(.., fault)| fault.as_str()).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| c.data.as_slice()).collect::<Vec<_>>())
    .bind(letters.iter().map(|(_, c, _)| i32::try_from(c.tx_index).unwrap_or(i32::MAX)).collect::<Vec<_>>())
    .bind(DECODER_VERSION)
    .execute(tx)
    .await?;
    Ok(())
}
