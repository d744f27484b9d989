//! Demands for data, and how they ended.
use super::{Inserted, amount, bytes, expect_row};
use crate::decode::item;
use ::jobs::events::{DemandAnswered, DemandClosed, DemandMade};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub async fn made(tx: &mut PgConnection, row: &Inserted<'_>, e: &DemandMade) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO demands (job, n, event_id, demander, item, bond, deadline, status, made_time, made_signature, slot)
         VALUES ($1, $2, $3, $4, $5::jsonb, $6::numeric, $7, 'open', $8, $9, $10) ON CONFLICT (job, n) DO NOTHING",
    )
    .bind(bytes(&e.job))
    .bind(i32::from(e.n))
    .bind(row.id)
    .bind(bytes(&e.demander))
    .bind(item(&e.item).to_string())
    .bind(amount(e.bond))
    .bind(e.deadline)
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn answered(tx: &mut PgConnection, row: &Inserted<'_>, e: &DemandAnswered) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE demands SET answered_by = $3, data = $4, status = 'answered', ended_time = $5 WHERE job = $1 AND n = $2")
        .bind(bytes(&e.job))
        .bind(i32::from(e.n))
        .bind(bytes(&e.prover))
        .bind(&e.data)
        .bind(e.stamp.time)
        .execute(&mut *tx)
        .await?;
    end(tx, row, &e.job, e.n, "answered").await?;
    let job = sqlx::query("UPDATE jobs SET window_end = $2, slot = $3 WHERE address = $1")
        .bind(bytes(&e.job))
        .bind(e.window_end)
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(job.rows_affected(), row);
    Ok(())
}

pub async fn closed(tx: &mut PgConnection, row: &Inserted<'_>, e: &DemandClosed) -> Result<(), sqlx::Error> {
    end(tx, row, &e.job, e.n, "closed").await
}

/// Its last state.
pub async fn end(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    job: &Pubkey,
    n: u16,
    status: &'static str,
) -> Result<(), sqlx::Error> {
    let demand = sqlx::query(
        "UPDATE demands SET status = $3, ended_time = $4, ended_signature = $5, slot = $6 WHERE job = $1 AND n = $2",
    )
    .bind(bytes(job))
    .bind(i32::from(n))
    .bind(status)
    .bind(row.stamp().time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    expect_row(demand.rows_affected(), row);
    Ok(())
}
