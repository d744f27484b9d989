//! The database side: one connection that holds the right to write.
use crate::IndexerError;
use crate::finality::Pending;
use crate::frontier::Head;
use crate::sequence::Sequences;
use sqlx::{Connection, PgConnection, Row};
use std::time::Duration;

/// Advisory lock of the one indexer that may write; the number is arbitrary and means nothing to others.
const WRITER_LOCK: i64 = 0x494f_494e_4445_5845;
/// Characters of a reason that are kept.
const LONGEST_REASON: usize = 300;
const LOCK_POLL: Duration = Duration::from_millis(100);

/// The only writer of the database. A second one waits in [`open`](Self::open) until the first is gone.
pub struct Store {
    pub(crate) connection: PgConnection,
    /// As the database has them; `None` after a transaction that failed.
    pub(crate) sequences: Option<Sequences>,
}

/// How far the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub slot: u64,
}

impl Store {
    /// Connects, brings the schema up to date and takes the writer's lock.
    ///
    /// # Errors
    /// The database does not answer, or its schema was not made by this program's migrations.
    pub async fn open(database_url: &str) -> Result<Self, IndexerError> {
        let mut connection = PgConnection::connect(database_url).await?;
        let mut told = false;
        while !sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)")
            .bind(WRITER_LOCK)
            .fetch_one(&mut connection)
            .await?
        {
            if !told {
                tracing::warn!("another indexer writes to this database; waiting for it to go");
                told = true;
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
        crate::migrations::migrate_connection(&mut connection).await?;
        Ok(Self { connection, sequences: None })
    }

    /// `None` before the first slot: not the same as slot 0.
    pub async fn checkpoint(&mut self) -> Result<Option<Checkpoint>, sqlx::Error> {
        let slot: Option<i64> =
            sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(&mut self.connection).await?;
        Ok(slot.map(|slot| Checkpoint { slot: slot.unsigned_abs() }))
    }

    /// The newest block that was found in the finalized chain.
    pub async fn finalized_slot(&mut self) -> Result<Option<u64>, sqlx::Error> {
        let row = sqlx::query_scalar("SELECT finalized_slot FROM checkpoint").fetch_optional(&mut self.connection);
        let slot: Option<Option<i64>> = row.await?;
        Ok(slot.flatten().map(i64::unsigned_abs))
    }

    /// Ties the database to its chain on first use.
    ///
    /// # Errors
    /// [`IndexerError::OtherChain`] if it describes another.
    pub async fn bind_chain(&mut self, genesis_hash: &str) -> Result<(), IndexerError> {
        sqlx::query("INSERT INTO chain (genesis_hash) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(genesis_hash)
            .execute(&mut self.connection)
            .await?;
        let indexed: String =
            sqlx::query_scalar("SELECT genesis_hash FROM chain").fetch_one(&mut self.connection).await?;
        if indexed != genesis_hash {
            return Err(IndexerError::OtherChain { indexed, served: genesis_hash.to_owned() });
        }
        Ok(())
    }

    /// The block at the checkpoint.
    pub(crate) async fn head(&mut self) -> Result<Option<Head>, sqlx::Error> {
        let row = sqlx::query("SELECT slot, blockhash FROM checkpoint").fetch_optional(&mut self.connection).await?;
        row.map(|row| head(&row)).transpose()
    }

    /// The last stored block before `slot`, and whether it is final.
    pub(crate) async fn block_before(&mut self, slot: i64) -> Result<Option<(Head, bool)>, sqlx::Error> {
        let row =
            sqlx::query("SELECT slot, blockhash, finalized FROM blocks WHERE slot < $1 ORDER BY slot DESC LIMIT 1");
        let row = row.bind(slot).fetch_optional(&mut self.connection).await?;
        row.map(|row| Ok((head(&row)?, row.try_get(2)?))).transpose()
    }

    /// The first stored blocks up to `slot` that are not known to be final.
    pub(crate) async fn pending(&mut self, slot: u64, limit: i64) -> Result<Vec<Pending>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT slot, blockhash, follows FROM (
                 SELECT slot, blockhash, finalized, coalesce(lead(linked) OVER (ORDER BY slot), FALSE) AS follows
                 FROM blocks WHERE slot >= (SELECT min(slot) FROM blocks WHERE NOT finalized) AND slot <= $1
             ) b WHERE NOT finalized ORDER BY slot LIMIT $2",
        );
        let rows = rows.bind(db_slot(slot)).bind(limit).fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| Ok(Pending { head: head(row)?, next_is_linked: row.try_get(2)? })).collect()
    }

    /// Everything up to `slot` is final. Never taken back.
    pub(crate) async fn finalize(&mut self, slot: u64) -> Result<(), sqlx::Error> {
        let mut tx = self.connection.begin().await?;
        for update in [
            "UPDATE blocks SET finalized = TRUE WHERE slot <= $1 AND NOT finalized",
            "UPDATE checkpoint SET finalized_slot = $1 WHERE finalized_slot IS NULL OR finalized_slot < $1",
        ] {
            sqlx::query(update).bind(db_slot(slot)).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// Notes where the chain is.
    pub(crate) async fn observe(&mut self, tip: u64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO indexer_status (tip_slot) VALUES ($1)
             ON CONFLICT (one) DO UPDATE SET tip_slot = $1, seen_at = now()",
        )
        .bind(db_slot(tip))
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Notes why the frontier waits; `None` when it moves again.
    pub(crate) async fn note_stall(&mut self, reason: Option<&str>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO indexer_status AS s (stalled_since, stall_reason)
             VALUES (CASE WHEN $1::text IS NULL THEN NULL ELSE now() END, $1)
             ON CONFLICT (one) DO UPDATE SET
                 stalled_since = CASE WHEN $1::text IS NULL THEN NULL ELSE coalesce(s.stalled_since, now()) END,
                 stall_reason = $1
             WHERE s.stall_reason IS DISTINCT FROM $1",
        )
        .bind(reason.map(showable))
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// How many open sequence faults and dead letters there are.
    pub async fn alarms(&mut self) -> Result<(i64, i64), sqlx::Error> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM sequence_faults WHERE healed_at IS NULL),
                    (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL)",
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

/// Whatever a reason is made of, it can be stored, and shown on a line.
fn showable(reason: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    reason.chars().take(LONGEST_REASON).map(plain).collect()
}

/// From a row whose first columns are slot and hash.
fn head(row: &sqlx::postgres::PgRow) -> Result<Head, sqlx::Error> {
    Ok(Head { slot: row.try_get::<i64, _>(0)?.unsigned_abs(), blockhash: row.try_get(1)? })
}

/// Slots as the database holds them. Saturates: no chain reaches 2^63 slots, but a broken node may say anything.
pub(crate) fn db_slot(slot: u64) -> i64 {
    i64::try_from(slot).unwrap_or(i64::MAX)
}
