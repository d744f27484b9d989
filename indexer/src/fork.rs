//! Taking back what the chain took back.
use crate::frontier::{Head, Stall};
use crate::sequence::Sequences;
use crate::source::{BlockSource, Finality, SourceError};
use crate::store::{Store, db_slot};
use sqlx::{PgConnection, Row};

/// What [`revert`] took out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reverted {
    pub events: u64,
    /// The last place in the live stream that it used.
    pub newest: Option<i64>,
}

/// The newest indexed block before `slot` that the chain still has. Nothing is changed.
///
/// # Errors
/// The node cannot tell, or its chain shares no block with the index: then it is another chain, or it lost its history, and
/// no event is taken out for that.
pub(crate) async fn ancestor(source: &impl BlockSource, store: &mut Store, slot: u64) -> Result<Head, Stall> {
    let mut below = db_slot(slot);
    while let Some((head, finalized)) = store.block_before(below).await? {
        // What is final is never asked about again, or a node that lies could undo it.
        if finalized {
            let served = source.blockhash(head.slot, Finality::Finalized).await?;
            if served.as_ref() == Some(&head.blockhash) {
                return Ok(head);
            }
            break;
        }
        if source.blockhash(head.slot, source.commitment()).await?.as_ref() == Some(&head.blockhash) {
            return Ok(head);
        }
        below = db_slot(head.slot);
    }
    let what = format!(
        "is where the node's chain leaves the index, and no finalized or earlier block is in both \
         (hint: use the node of this chain, or an empty database; indexed up to slot {below})"
    );
    Err(SourceError::Incomplete { slot, what }.into())
}

/// Takes out every block after `ancestor`, and keeps a record of each event that goes. What is derived must be derived anew
/// if there were any.
pub(crate) async fn revert(tx: &mut PgConnection, ancestor: i64) -> Result<Reverted, sqlx::Error> {
    let moved = sqlx::query(
        "WITH gone AS (SELECT * FROM events WHERE slot > $1),
              told AS (
                  INSERT INTO reverted_events
                      (id, event_id, slot, blockhash, tx_index, signature, instruction_index, inner_index, program, kind,
                       shard, seq, time, job, body, data, decoder_version)
                  SELECT nextval(pg_get_serial_sequence('events', 'id')), g.*
                  FROM (SELECT e.id, e.slot, b.blockhash, e.tx_index, e.signature, e.instruction_index, e.inner_index,
                               e.program, e.kind, e.shard, e.seq, e.time, e.job, e.body, e.data, e.decoder_version
                        FROM gone e JOIN blocks b USING (slot)
                        -- The last one first: the way back.
                        ORDER BY e.slot DESC, e.tx_index DESC, e.instruction_index DESC, e.inner_index DESC) g
                  RETURNING id
              )
         SELECT count(*), max(id) FROM told",
    )
    .bind(ancestor)
    .fetch_one(&mut *tx)
    .await?;
    let (events, newest): (i64, Option<i64>) = (moved.try_get(0)?, moved.try_get(1)?);
    let orphans = sqlx::query(
        "INSERT INTO orphaned_blocks (slot, blockhash, parent_slot, previous_blockhash, time, events)
         SELECT slot, blockhash, parent_slot, previous_blockhash, time,
                (SELECT count(*) FROM events e WHERE e.slot = b.slot)
         FROM blocks b WHERE slot > $1 ORDER BY slot",
    );
    let orphans = orphans.bind(ancestor).execute(&mut *tx).await?.rows_affected();
    tracing::error!(ancestor, orphans, events, "the chain left blocks that were indexed: their events are taken out");
    for delete in [
        "DELETE FROM events WHERE slot > $1",
        "DELETE FROM dead_letters WHERE slot > $1",
        "DELETE FROM sequence_faults WHERE slot > $1",
        "DELETE FROM blocks WHERE slot > $1",
    ] {
        sqlx::query(delete).bind(ancestor).execute(&mut *tx).await?;
    }
    Sequences::rebuild(tx).await?;
    Ok(Reverted { events: events.unsigned_abs(), newest })
}
