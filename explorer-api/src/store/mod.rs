//! All SQL.
use explorer_client::Finality;
use sqlx::{PgPool, Postgres, Transaction};

pub mod audits;
pub mod challenges;
pub mod demands;
pub mod devices;
pub mod epochs;
pub mod events;
pub mod jobs;
pub mod market;
pub mod models;
pub mod network;
pub mod operators;
pub mod proposals;
pub mod search;
pub mod series;
pub mod stake;
pub mod token;

/// One moment of the database, for answers of several statements.
struct Snapshot {
    tx: Transaction<'static, Postgres>,
    /// Everything up to here is in it; none before anything was indexed.
    slot: Option<i64>,
    finalized_slot: Option<i64>,
}

impl Snapshot {
    async fn open(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let checkpoint: Option<(i64, Option<i64>)> =
            sqlx::query_as("SELECT slot, finalized_slot FROM checkpoint").fetch_optional(&mut *tx).await?;
        let (slot, finalized_slot) = checkpoint.map_or((None, None), |(slot, finalized)| (Some(slot), finalized));
        Ok(Self { tx, slot, finalized_slot })
    }

    /// Of sums over everything that is in it.
    fn finality(&self) -> Finality {
        Finality::of(self.slot.unwrap_or(0), self.finalized_slot)
    }

    async fn close(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}
