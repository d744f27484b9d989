//! What events add up to. Called with every event that is new, inside the transaction that adds it.
//!
//! A batch is applied in memory to rows that are read at once and written at once, a statement for each table. Which rows it
//! needs shows when it is applied: it is applied to what is known, then what it asked for is read and it is applied again from
//! the start, until it asks for nothing more. A row may lead to another one, so that this takes three or four rounds; each costs
//! far less than the reading.
mod audits;
mod columns;
mod credits;
mod demands;
mod emission;
mod governance;
mod jobs;
mod loyalty;
mod more_rows;
mod orders;
mod pools;
mod rebuild;
mod rounds;
mod rows;
mod shadow;
mod stake;
mod table;
mod version;
mod work;

pub use columns::{Amount, Key};
pub use rebuild::{TABLES, rebuild, rebuild_by};
pub use shadow::{RowDifference, Shadow, TableChange};
pub use version::{advance, bring_up_to_date};
pub use work::Work;

use crate::decode::Event;
use crate::rollup;
use ::credits::events::Stamp;
use sqlx::PgConnection;

/// An event that was not there before.
#[derive(Clone, Copy, Debug)]
pub struct Inserted<'a> {
    pub id: i64,
    pub slot: i64,
    pub signature: &'a [u8; 64],
    pub event: &'a Event,
}

impl Inserted<'_> {
    fn stamp(&self) -> Stamp {
        self.event.stamp()
    }

    fn signature(&self) -> Vec<u8> {
        self.signature.to_vec()
    }
}

/// Applies new events, which are in the order of the chain and may be of many slots. The size of the batches decides nothing but
/// the speed.
///
/// # Errors
/// The database failed; then the transaction must be rolled back.
pub async fn apply_batch(tx: &mut PgConnection, rows: &[Inserted<'_>]) -> Result<(), sqlx::Error> {
    plan_once(tx).await?;
    let mut work = Work::default();
    loop {
        for row in rows {
            apply(&mut work, row);
        }
        if !work.read(tx).await? {
            work.write(tx).await?;
            return rollup::add(tx, &work.counted, rows).await;
        }
        work.reset();
    }
}

/// Until the end of the transaction plans are made once, and to look rows up by their keys: making them costs more than a small
/// batch, and one that was made while a table was small would read all of it when it is large.
async fn plan_once(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    plan(tx, "force_generic_plan", "off").await
}

/// Takes [`plan_once`] back: what follows in the transaction reads whole tables.
async fn plan_each(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    plan(tx, "auto", "on").await
}

async fn plan(tx: &mut PgConnection, mode: &str, scans: &str) -> Result<(), sqlx::Error> {
    // Compiling pays for no statement of ours, and a plan that does what is off counts as expensive enough for it.
    sqlx::query(
        "SELECT set_config('plan_cache_mode', $1, TRUE), set_config('enable_seqscan', $2, TRUE),
                set_config('enable_hashjoin', $2, TRUE), set_config('enable_mergejoin', $2, TRUE),
                set_config('jit', 'off', TRUE)",
    )
    .bind(mode)
    .bind(scans)
    .execute(tx)
    .await?;
    Ok(())
}

fn apply(work: &mut Work, row: &Inserted<'_>) {
    match row.event {
        Event::Credits(event) => credits::apply(work, row, event),
        Event::Jobs(event) => jobs::apply(work, row, event),
        Event::Staking(event) => stake::apply(work, row, event),
        Event::Governance(event) => governance::apply(work, row, event),
    }
    rollup::count(work, row);
}
