//! What events add up to. Called with every event that is new, inside the transaction that adds it.
mod audits;
mod credits;
mod demands;
mod emission;
mod governance;
mod jobs;
mod loyalty;
mod orders;
mod pools;
mod rebuild;
mod rounds;
mod stake;

pub use rebuild::{TABLES, rebuild, rebuild_by};

use crate::decode::Event;
use ::credits::events::Stamp;
use anchor_lang::prelude::Pubkey;
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
}

/// Applies new events, which are in the order of the chain and may be of many slots.
pub async fn apply_batch(tx: &mut PgConnection, rows: &[Inserted<'_>]) -> Result<(), sqlx::Error> {
    for row in rows {
        apply(tx, row).await?;
    }
    Ok(())
}

async fn apply(tx: &mut PgConnection, row: &Inserted<'_>) -> Result<(), sqlx::Error> {
    match row.event {
        Event::Credits(event) => credits::apply(tx, row, event).await,
        Event::Jobs(event) => jobs::apply(tx, row, event).await,
        Event::Staking(event) => stake::apply(tx, row, event).await,
        Event::Governance(event) => governance::apply(tx, row, event).await,
    }
}

/// Amounts travel as text and are cast to NUMERIC: no signed type of the database holds all of them.
fn amount(value: impl Into<u128>) -> String {
    let value: u128 = value.into();
    value.to_string()
}

fn bytes(key: &Pubkey) -> Vec<u8> {
    key.to_bytes().to_vec()
}

/// Says so if the row that an event changes is missing: its own creation was missed.
fn expect_row(affected: u64, row: &Inserted<'_>) {
    if affected == 0 {
        tracing::error!(
            event = row.id,
            kind = row.event.kind(),
            slot = row.slot,
            "event changes a row that is missing"
        );
    }
}

/// Makes the user's row if this is the first that is heard of them.
async fn ensure_user(tx: &mut PgConnection, row: &Inserted<'_>, user: &Pubkey) -> Result<(), sqlx::Error> {
    let added = sqlx::query("INSERT INTO users (key, event_id, slot) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
        .bind(bytes(user))
        .bind(row.id)
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    if added.rows_affected() == 1 {
        sqlx::query("UPDATE totals SET users = users + 1").execute(tx).await?;
    }
    Ok(())
}

async fn ensure_operator(tx: &mut PgConnection, row: &Inserted<'_>, owner: &Pubkey) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO operators (key, event_id, slot) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
        .bind(bytes(owner))
        .bind(row.id)
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}
