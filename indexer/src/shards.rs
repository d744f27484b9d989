//! The end of each event sequence. No later event shows that a shard's last one is missing; the shard's account does.
use crate::decode::Program;
use crate::sequence::Sequences;
use crate::source::{BlockSource, Shards, SourceError};
use crate::store::{Store, db_slot};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Between two readings of the accounts.
const EVERY: Duration = Duration::from_secs(5);
/// In the place of the transaction that shows a hole: an account shows this one.
const NO_SIGNATURE: [u8; 64] = [0; 64];

/// Compares the shards' accounts with what is indexed. One reading may be ahead of its slot, or of a branch that is left: only
/// what two of them say in a row, with the index past both, is missing.
pub(crate) struct ShardCheck {
    every: Duration,
    due: Instant,
    reading: Option<JoinHandle<Result<Option<Shards>, SourceError>>>,
    /// The index is not there yet.
    read: Option<Shards>,
    /// Numbers of the last reading that were not indexed.
    suspected: BTreeMap<(Program, u8), u64>,
    agreed_at: Option<u64>,
}

impl ShardCheck {
    pub fn new() -> Self {
        Self::every(EVERY)
    }

    pub fn every(every: Duration) -> Self {
        let (due, suspected) = (Instant::now(), BTreeMap::new());
        Self { every, due, reading: None, read: None, suspected, agreed_at: None }
    }

    /// The newest slot at which nothing was missing.
    pub fn agreed_at(&self) -> Option<u64> {
        self.agreed_at
    }

    /// One step, with everything up to slot `indexed` in; whether a hole was found. A source that fails delays the check only.
    ///
    /// # Errors
    /// The database failed.
    pub async fn step<S: BlockSource>(
        &mut self,
        source: &Arc<S>,
        store: &mut Store,
        indexed: u64,
    ) -> Result<bool, sqlx::Error> {
        if let Some(shards) = self.next(source).await {
            self.read = Some(shards);
        }
        let Some(shards) = self.read.take_if(|shards| shards.slot <= indexed) else { return Ok(false) };
        let sequences = Sequences::load(&mut store.connection).await?;
        let mut missing = shards.last.clone();
        missing.retain(|(program, shard), seq| sequences.last(*program, *shard) < *seq);
        store.take_back(&shards).await?;
        let mut found = false;
        for ((program, shard), seq) in &missing {
            let last = sequences.last(*program, *shard);
            // The lower one: the other may still be on its way.
            let seq = self.suspected.get(&(*program, *shard)).map_or(0, |before| (*seq).min(*before));
            if last < seq {
                found |= store.open_end(*program, *shard, last, seq, indexed).await?;
            }
        }
        metrics::counter!("indexer_shard_checks_total").increment(1);
        if missing.is_empty() {
            self.agreed_at = Some(shards.slot);
        }
        self.suspected = missing;
        Ok(found)
    }

    /// A reading that has come in. It is waited for aside: the frontier goes on.
    async fn next<S: BlockSource>(&mut self, source: &Arc<S>) -> Option<Shards> {
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished()) {
            return match reading.await {
                Ok(Ok(shards)) => shards,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the shards' accounts cannot be compared yet");
                    None
                }
                Err(error) => {
                    tracing::warn!(%error, "the shards' accounts cannot be compared yet");
                    None
                }
            };
        }
        if self.reading.is_none() && self.due <= Instant::now() {
            self.due = Instant::now() + self.every;
            let source = Arc::clone(source);
            self.reading = Some(tokio::spawn(async move { source.shards().await }));
        }
        None
    }
}

impl Store {
    /// Records that the events after `last`, up to `seq`, are missing; `false` if that is known. A hole that grows stays one.
    async fn open_end(
        &mut self,
        program: Program,
        shard: u8,
        last: u64,
        seq: u64,
        indexed: u64,
    ) -> Result<bool, sqlx::Error> {
        let added = sqlx::query(
            "WITH grown AS (
                 UPDATE sequence_faults SET found = greatest(found, $4), slot = $5
                 WHERE kind = 'hole' AND healed_at IS NULL AND program = $1 AND shard = $2 AND expected = $3
                   AND signature = $6
                 RETURNING id)
             INSERT INTO sequence_faults (program, shard, kind, expected, found, slot, signature)
             SELECT $1::text, $2::smallint, 'hole', $3::bigint, $4::bigint, $5::bigint, $6::bytea
             WHERE NOT EXISTS (SELECT FROM grown) AND NOT EXISTS (
                 SELECT FROM sequence_faults f
                 WHERE f.kind = 'hole' AND f.healed_at IS NULL AND f.program = $1 AND f.shard = $2
                   AND f.expected <= $3 AND f.found >= $4)",
        )
        .bind(program.name())
        .bind(i16::from(shard))
        .bind(db_slot(last.saturating_add(1)))
        .bind(db_slot(seq.saturating_add(1)))
        .bind(db_slot(indexed))
        .bind(NO_SIGNATURE.as_slice())
        .execute(&mut self.connection)
        .await?
        .rows_affected();
        if added > 0 {
            let program = program.name();
            tracing::error!(program, shard, last, seq, "a shard has told more events than are indexed");
        }
        Ok(added > 0)
    }

    /// Takes back what was found missing and is not in the chain any more: it was on a branch.
    async fn take_back(&mut self, shards: &Shards) -> Result<(), sqlx::Error> {
        let taken = sqlx::query(
            "DELETE FROM sequence_faults f
             USING unnest($1::text[], $2::smallint[], $3::bigint[]) AS told (program, shard, seq)
             WHERE f.program = told.program AND f.shard = told.shard AND f.found > told.seq + 1
               AND f.signature = $4 AND f.slot <= $5 AND f.healed_at IS NULL",
        )
        .bind(shards.last.keys().map(|(program, _)| program.name()).collect::<Vec<_>>())
        .bind(shards.last.keys().map(|(_, shard)| i16::from(*shard)).collect::<Vec<_>>())
        // One less than the largest, so that it can be counted up.
        .bind(shards.last.values().map(|seq| db_slot(*seq).min(i64::MAX - 1)).collect::<Vec<_>>())
        .bind(NO_SIGNATURE.as_slice())
        .bind(db_slot(shards.slot))
        .execute(&mut self.connection)
        .await?
        .rows_affected();
        if taken > 0 {
            tracing::warn!(holes = taken, "the shards' accounts do not say any more that events are missing");
        }
        Ok(())
    }
}
