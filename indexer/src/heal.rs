//! Holes in the event sequences: where the missing events must be, and how they come in late.
use crate::commit;
use crate::derive;
use crate::extract::DecodedBlock;
use crate::fetch;
use crate::frontier::Stall;
use crate::sequence::{self, Sequences};
use crate::source::{BlockSource, SourceError};
use crate::store::{Store, db_slot};
use sqlx::{Connection, PgConnection, Row};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(600);
/// Slots read again before the frontier has its turn.
const CHUNK: u64 = 2_000;

/// Reads again the slots in which missing events must be, a chunk between two rounds of the frontier.
pub(crate) struct Healer {
    /// Ranges still to read, both ends inclusive.
    todo: Vec<(u64, u64)>,
    found: Vec<DecodedBlock>,
    reading: bool,
    due: Option<Instant>,
    retry: Duration,
}

impl Healer {
    /// Looks for open holes at once: an earlier run may have left some.
    pub fn new() -> Self {
        Self { todo: Vec::new(), found: Vec::new(), reading: false, due: Some(Instant::now()), retry: FIRST_RETRY }
    }

    /// A hole was just found. What is being read is read to its end first, or holes that follow each other would end nothing.
    pub fn wake(&mut self) {
        self.retry = FIRST_RETRY;
        self.due = Some(Instant::now());
    }

    /// One step. A source that fails delays the healing, not the frontier.
    ///
    /// # Errors
    /// The database failed.
    pub async fn step<S: BlockSource>(&mut self, source: &Arc<S>, store: &mut Store) -> Result<(), Stall> {
        if self.due.is_none_or(|due| due > Instant::now()) {
            return Ok(());
        }
        if !self.reading {
            self.found.clear();
            self.todo = merge(store.open_holes().await?);
            if self.todo.is_empty() {
                self.due = None;
                return Ok(());
            }
            self.reading = true;
        }
        let Some((first, last)) = self.todo.pop() else { return self.finish(source, store).await };
        let end = last.min(first.saturating_add(CHUNK - 1));
        if end < last {
            self.todo.push((end + 1, last));
        }
        match read(source, first, end).await {
            Ok(blocks) => self.found.extend(blocks),
            Err(error) => {
                tracing::warn!(%error, first, end, "a hole cannot be read again yet");
                self.put_off();
                return Ok(());
            }
        }
        match self.todo.is_empty() {
            true => self.finish(source, store).await,
            false => Ok(()),
        }
    }

    async fn finish(&mut self, source: &Arc<impl BlockSource>, store: &mut Store) -> Result<(), Stall> {
        if !on_this_chain(source, store).await? {
            tracing::warn!("a hole is filled once the fork before it is settled");
            self.put_off();
            return Ok(());
        }
        match store.heal(&self.found).await? {
            Healing { open: 0, events } => {
                tracing::info!(events, "every hole is healed");
                self.due = None;
                self.reading = false;
            }
            Healing { open, events } => {
                tracing::error!(open, events, "holes stay open: the node does not have what is missing");
                self.put_off();
            }
        }
        Ok(())
    }

    fn put_off(&mut self) {
        self.reading = false;
        self.due = Some(Instant::now() + self.retry);
        self.retry = (self.retry * 2).min(LONGEST_RETRY);
    }
}

/// Whether the chain still has the newest block of the index: else what was read may be of another fork.
async fn on_this_chain(source: &Arc<impl BlockSource>, store: &mut Store) -> Result<bool, Stall> {
    let Some((head, _)) = store.block_before(i64::MAX).await? else { return Ok(true) };
    match source.blockhash(head.slot, source.commitment()).await {
        Ok(hash) => Ok(hash.as_ref() == Some(&head.blockhash)),
        Err(error) => {
            tracing::warn!(%error, slot = head.slot, "the newest block cannot be compared yet");
            Ok(false)
        }
    }
}

/// Overlapping ranges become one; the last range comes first, so that `pop` gives them in order.
fn merge(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged.reverse();
    merged
}

/// Every block of the range that holds anything of ours.
async fn read<S: BlockSource>(source: &Arc<S>, first: u64, last: u64) -> Result<Vec<DecodedBlock>, SourceError> {
    let slots = source.slots(first, last).await?;
    let mut blocks = fetch::blocks(source, slots);
    let mut found = Vec::new();
    while let Some(block) = blocks.recv().await {
        let block = block?;
        if !block.found.is_empty() {
            found.push(block);
        }
    }
    Ok(found)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Healing {
    open: i64,
    events: usize,
}

impl Store {
    /// Where the events must be that are missing: between the last one before the hole and the first one after it, or up to the
    /// slot at which the shard's account showed it.
    async fn open_holes(&mut self) -> Result<Vec<(u64, u64)>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT coalesce((SELECT max(e.slot) FROM events e
                              WHERE e.program = f.program AND e.shard = f.shard AND e.seq < f.expected),
                             (SELECT start_slot FROM checkpoint), 0),
                    f.slot
             FROM sequence_faults f WHERE f.kind = 'hole' AND f.healed_at IS NULL",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let slot = |row: &sqlx::postgres::PgRow, at: usize| row.try_get(at).map(i64::unsigned_abs);
        rows.iter().map(|row| Ok((slot(row, 0)?, slot(row, 1)?))).collect()
    }

    /// Adds what was missing and derives everything anew: later events were applied without it.
    async fn heal(&mut self, blocks: &[DecodedBlock]) -> Result<Healing, sqlx::Error> {
        self.sequences = None;
        let mut tx = self.connection.begin().await?;
        let blocks = of_this_chain(&mut tx, blocks).await?;
        let rows: Vec<_> = blocks.iter().map(|block| (*block, false)).collect();
        commit::add_blocks(&mut tx, &rows).await?;
        // A row that came between two others is not behind the link from the later to the earlier one.
        let unlink = "UPDATE blocks SET linked = FALSE WHERE slot IN (
                          SELECT (SELECT min(n.slot) FROM blocks n WHERE n.slot > b.slot)
                          FROM blocks b WHERE b.slot = ANY($1) AND NOT b.finalized)";
        let slots: Vec<i64> = blocks.iter().map(|block| db_slot(block.slot)).collect();
        sqlx::query(unlink).bind(slots).execute(&mut *tx).await?;
        let inserted = commit::insert_events(&mut tx, &commit::placed(blocks.iter().copied())).await?;
        commit::insert_dead_letters(&mut tx, blocks.iter().copied()).await?;
        let mut sequences = Sequences::load(&mut tx).await?;
        // A shard's last events may be among them.
        let later = inserted.iter().filter_map(|row| Some((*row, sequences.take_later(row.event)?)));
        let faults: Vec<_> = later.collect();
        sequence::record(&mut tx, &faults).await?;
        sequences.save(&mut tx).await?;
        let (events, newest) = (inserted.len(), inserted.last().map(|row| row.id));
        sqlx::query(
            "UPDATE sequence_faults f SET
                 heal_attempts = heal_attempts + 1,
                 healed_at = CASE WHEN found - expected = (
                     SELECT count(DISTINCT e.seq) FROM events e
                     WHERE e.program = f.program AND e.shard = f.shard AND e.seq >= f.expected AND e.seq < f.found
                 ) THEN now() END
             WHERE kind = 'hole' AND healed_at IS NULL",
        )
        .execute(&mut *tx)
        .await?;
        let open = sqlx::query_scalar("SELECT count(*) FROM sequence_faults WHERE kind = 'hole' AND healed_at IS NULL")
            .fetch_one(&mut *tx)
            .await?;
        if let Some(newest) = newest {
            derive::rebuild(&mut tx).await?;
            commit::notify(&mut tx, newest).await?;
        }
        tx.commit().await?;
        Ok(Healing { open, events })
    }
}

/// Without blocks at slots where the index has another one, or with events that it has at another slot: a fork is to be
/// settled there first.
async fn of_this_chain<'a>(
    tx: &mut PgConnection,
    blocks: &'a [DecodedBlock],
) -> Result<Vec<&'a DecodedBlock>, sqlx::Error> {
    let slots: Vec<i64> = blocks.iter().map(|block| db_slot(block.slot)).collect();
    let rows = sqlx::query("SELECT slot, blockhash FROM blocks WHERE slot = ANY($1)");
    let rows = rows.bind(slots).fetch_all(&mut *tx).await?;
    let mut indexed = std::collections::HashMap::new();
    for row in rows {
        indexed.insert(row.try_get::<i64, _>(0)?, row.try_get::<String, _>(1)?);
    }
    let same = |block: &&DecodedBlock| indexed.get(&db_slot(block.slot)).is_none_or(|hash| *hash == block.blockhash);
    let blocks: Vec<&DecodedBlock> = blocks.iter().filter(same).collect();
    let found = || blocks.iter().flat_map(|block| block.found.iter().map(|at| (db_slot(block.slot), at)));
    let moved: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT n.slot FROM unnest($1::bigint[], $2::bytea[]) AS n (slot, signature)
         JOIN events e USING (signature) WHERE e.slot <> n.slot",
    )
    .bind(found().map(|(slot, _)| slot).collect::<Vec<_>>())
    .bind(found().map(|(_, at)| at.signature.as_slice()).collect::<Vec<_>>())
    .fetch_all(&mut *tx)
    .await?;
    Ok(blocks.into_iter().filter(|block| !moved.contains(&db_slot(block.slot))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_ranges_are_read_once_and_in_order() {
        let mut merged = merge(vec![(50, 60), (1, 4), (5, 9), (55, 70), (100, 100)]);
        let in_order: Vec<_> = std::iter::from_fn(|| merged.pop()).collect();
        assert_eq!(in_order, [(1, 9), (50, 70), (100, 100)]);
    }
}
