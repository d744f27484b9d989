//! How the index is, in numbers.
use sqlx::PgPool;

/// Read at once, from the database itself.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Condition {
    pub indexed_slot: Option<i64>,
    pub finalized_slot: Option<i64>,
    pub tip_slot: Option<i64>,
    /// Age of the newest indexed block by this database's clock, seconds.
    pub lag_s: Option<i64>,
    /// Seconds since the chain was last seen.
    pub silent_s: Option<i64>,
    pub stall_reason: Option<String>,
    pub holes: i64,
    pub repeats: i64,
    pub dead_letters: i64,
    pub orphaned_blocks: i64,
    pub reverted_events: i64,
}

impl Condition {
    pub async fn read(pool: &PgPool) -> Result<Self, sqlx::Error> {
        sqlx::query_as(
            "SELECT c.slot AS indexed_slot, c.finalized_slot, s.tip_slot,
                    extract(epoch FROM now())::bigint - c.slot_time AS lag_s,
                    extract(epoch FROM now() - s.seen_at)::bigint AS silent_s, s.stall_reason,
                    (SELECT count(*) FROM sequence_faults WHERE kind = 'hole' AND healed_at IS NULL) AS holes,
                    (SELECT count(*) FROM sequence_faults WHERE kind = 'repeat') AS repeats,
                    (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL) AS dead_letters,
                    (SELECT count(*) FROM orphaned_blocks) AS orphaned_blocks,
                    (SELECT count(*) FROM reverted_events) AS reverted_events
             FROM (SELECT 1) AS always LEFT JOIN checkpoint c ON TRUE LEFT JOIN indexer_status s ON TRUE",
        )
        .fetch_one(pool)
        .await
    }

    pub fn lag_slots(&self) -> Option<i64> {
        Some((self.tip_slot? - self.indexed_slot?).max(0))
    }
}
