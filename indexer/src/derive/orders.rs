//! What authorities ordered, of whichever program the event is.
use super::{Inserted, amount, bytes};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub async fn parameter(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    name: &str,
    old: u64,
    new: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO parameter_changes (event_id, program, parameter, old, new, time, signature, slot)
         VALUES ($1, $2, $3, $4::numeric, $5::numeric, $6, $7, $8)",
    )
    .bind(row.id)
    .bind(row.event.program().name())
    .bind(name)
    .bind(amount(old))
    .bind(amount(new))
    .bind(row.stamp().time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn paused(tx: &mut PgConnection, row: &Inserted<'_>, flags: u8) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO pauses (event_id, program, flags, time, signature, slot) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(row.id)
        .bind(row.event.program().name())
        .bind(i16::from(flags))
        .bind(row.stamp().time)
        .bind(row.signature.as_slice())
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn offered(tx: &mut PgConnection, row: &Inserted<'_>, to: &Pubkey) -> Result<(), sqlx::Error> {
    let to = (*to != Pubkey::default()).then(|| bytes(to));
    sqlx::query("UPDATE authorities SET pending = $2, slot = $3 WHERE program = $1")
        .bind(row.event.program().name())
        .bind(to)
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

/// The default key is nobody.
pub async fn accepted(tx: &mut PgConnection, row: &Inserted<'_>, authority: &Pubkey) -> Result<(), sqlx::Error> {
    let authority = (*authority != Pubkey::default()).then(|| bytes(authority));
    sqlx::query("UPDATE authorities SET authority = $2, pending = NULL, slot = $3 WHERE program = $1")
        .bind(row.event.program().name())
        .bind(authority)
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}
