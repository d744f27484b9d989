//! What users have spent and get back for it.
use super::{Inserted, amount, bytes, ensure_user};
use ::credits::events::{EscrowSettled, LoyaltyRedeemed, RebateMinted};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

/// Makes the user's row if this is the first that is heard of it.
pub async fn ensure(tx: &mut PgConnection, row: &Inserted<'_>, user: &Pubkey) -> Result<(), sqlx::Error> {
    ensure_user(tx, row, user).await?;
    sqlx::query("INSERT INTO loyalty (user_key, event_id, slot) VALUES ($1, $2, $3) ON CONFLICT (user_key) DO NOTHING")
        .bind(bytes(user))
        .bind(row.id)
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn spent(tx: &mut PgConnection, row: &Inserted<'_>, e: &EscrowSettled) -> Result<(), sqlx::Error> {
    ensure(tx, row, &e.user).await?;
    sqlx::query(
        "UPDATE loyalty SET since = coalesce(since, $2), points = $3::numeric, spent = spent + $4::numeric,
             incentives = incentives + $5::numeric, slot = $6
         WHERE user_key = $1",
    )
    .bind(bytes(&e.user))
    .bind(e.stamp.time)
    .bind(amount(e.points))
    .bind(amount(e.price))
    .bind(amount(e.incentives))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn shared(tx: &mut PgConnection, row: &Inserted<'_>, user: &Pubkey) -> Result<(), sqlx::Error> {
    ensure(tx, row, user).await?;
    sqlx::query("UPDATE loyalty SET shared = TRUE, slot = $2 WHERE user_key = $1")
        .bind(bytes(user))
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn redeemed(tx: &mut PgConnection, row: &Inserted<'_>, e: &LoyaltyRedeemed) -> Result<(), sqlx::Error> {
    ensure(tx, row, &e.user).await?;
    sqlx::query(
        "UPDATE loyalty SET points = $2::numeric, rebated = $3::numeric, pooled = $4::numeric, slot = $5
         WHERE user_key = $1",
    )
    .bind(bytes(&e.user))
    .bind(amount(e.points_left))
    .bind(amount(e.rebated))
    .bind(amount(e.pooled))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE totals SET iosd_rebated = iosd_rebated + $1::numeric,
             iosd_rebates_minted = iosd_rebates_minted + $1::numeric - $2::numeric",
    )
    .bind(amount(e.rebate))
    .bind(amount(e.to_stakers))
    .execute(tx)
    .await?;
    Ok(())
}

/// The staker's own balance is in no table: the event names their account, not them.
pub async fn minted(tx: &mut PgConnection, row: &Inserted<'_>, e: &RebateMinted) -> Result<(), sqlx::Error> {
    ensure(tx, row, &e.user).await?;
    sqlx::query("UPDATE loyalty SET pooled = $2::numeric, slot = $3 WHERE user_key = $1")
        .bind(bytes(&e.user))
        .bind(amount(e.pooled))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE totals SET iosd_rebates_minted = iosd_rebates_minted + $1::numeric")
        .bind(amount(e.amount))
        .execute(tx)
        .await?;
    Ok(())
}
