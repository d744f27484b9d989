//! Random audits of committed results.
use super::jobs::{end, faulted};
use super::{Inserted, amount, bytes, expect_row};
use crate::store::db_slot;
use ::jobs::events::*;
use sqlx::PgConnection;

pub async fn drawn(tx: &mut PgConnection, row: &Inserted<'_>, e: &AuditDrawn) -> Result<(), sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE jobs SET audit = $2, drawn_slot = $3::numeric, drawn_hash = $4, audit_seed = $5, audit_deadline = $6,
             drawn_time = $7, drawn_signature = $8, slot = $9
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(if e.audited { "open" } else { "not_drawn" })
    .bind(amount(e.slot))
    .bind(e.slot_hash.as_slice())
    .bind(e.seed.as_slice())
    .bind(e.audited.then_some(e.deadline))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    expect_row(changed.rows_affected(), row);
    Ok(())
}

pub async fn missed(tx: &mut PgConnection, row: &Inserted<'_>, e: &AuditMissed) -> Result<(), sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE jobs SET audit = 'certain', draw_slot = $2, audit_cells = $3, draws_missed = draws_missed + 1, slot = $4
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(db_slot(e.draw_slot))
    .bind(i16::from(e.cells))
    .bind(row.slot)
    .execute(tx)
    .await?;
    expect_row(changed.rows_affected(), row);
    Ok(())
}

pub async fn opened(tx: &mut PgConnection, row: &Inserted<'_>, e: &CellOpened) -> Result<(), sqlx::Error> {
    let added = sqlx::query(
        "INSERT INTO audited_cells (job, index, event_id, layer, row, \"column\", prover, time, signature, slot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (job, index) DO NOTHING",
    )
    .bind(bytes(&e.job))
    .bind(i16::from(e.index))
    .bind(row.id)
    .bind(i64::from(e.layer))
    .bind(i64::from(e.row))
    .bind(i64::from(e.column))
    .bind(bytes(&e.prover))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    let changed = sqlx::query(
        "UPDATE jobs SET audit_answered = audit_answered + 1, audit = CASE WHEN $2 THEN 'passed' ELSE audit END, slot = $3
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(e.left == 0)
    .bind(row.slot)
    .execute(tx)
    .await?;
    expect_row(changed.rows_affected(), row);
    Ok(())
}

pub async fn expired(tx: &mut PgConnection, row: &Inserted<'_>, e: &AuditExpired) -> Result<(), sqlx::Error> {
    end(tx, row, &e.job, "unanswered", None).await?;
    sqlx::query("UPDATE jobs SET audit = 'unanswered', slashed = $2::numeric WHERE address = $1")
        .bind(bytes(&e.job))
        .bind(amount(e.slashed))
        .execute(&mut *tx)
        .await?;
    faulted(tx, row, &e.device, &e.operator).await
}
