//! Epochs, redemptions and the schedule.
use super::{Inserted, amount, bytes, ensure_operator, expect_row};
use crate::decode::words;
use ::credits::Purpose;
use ::credits::events::{EpochClosed, MinterSet, RedemptionRequested, RedemptionSettled, ScheduleMinted};
use sqlx::PgConnection;

/// Makes the epoch's row if this is the first that is heard of it.
async fn ensure_epoch(tx: &mut PgConnection, row: &Inserted<'_>, index: u64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO epochs (index, slot) VALUES ($1::numeric, $2) ON CONFLICT (index) DO UPDATE SET slot = $2",
    )
    .bind(amount(index))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

async fn request(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    owner: &[u8],
    requested: u64,
    epoch: u64,
    epoch_requested: u64,
) -> Result<(), sqlx::Error> {
    ensure_epoch(tx, row, epoch).await?;
    sqlx::query("UPDATE epochs SET requested = $2::numeric WHERE index = $1::numeric")
        .bind(amount(epoch))
        .bind(amount(epoch_requested))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE operators SET requested = $2::numeric, request_epoch = CASE WHEN $2::numeric > 0 THEN $3::numeric END,
             slot = $4
         WHERE key = $1",
    )
    .bind(owner)
    .bind(amount(requested))
    .bind(amount(epoch))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn requested(tx: &mut PgConnection, row: &Inserted<'_>, e: &RedemptionRequested) -> Result<(), sqlx::Error> {
    ensure_operator(tx, row, &e.owner).await?;
    request(tx, row, &bytes(&e.owner), e.requested, e.epoch, e.epoch_requested).await?;
    sqlx::query("UPDATE operators SET earnings_owed = $2::numeric WHERE key = $1")
        .bind(bytes(&e.owner))
        .bind(amount(e.earnings_owed))
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE totals SET iosd_requested = iosd_requested + $1::numeric")
        .bind(amount(e.amount))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO redemptions (event_id, owner, kind, epoch, amount, time, signature, slot)
         VALUES ($1, $2, 'requested', $3::numeric, $4::numeric, $5, $6, $7)",
    )
    .bind(row.id)
    .bind(bytes(&e.owner))
    .bind(amount(e.epoch))
    .bind(amount(e.amount))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn settled(tx: &mut PgConnection, row: &Inserted<'_>, e: &RedemptionSettled) -> Result<(), sqlx::Error> {
    ensure_operator(tx, row, &e.owner).await?;
    request(tx, row, &bytes(&e.owner), e.rest, e.joined, e.joined_requested).await?;
    sqlx::query(
        "UPDATE operators SET iosd_redeemed = iosd_redeemed + $2::numeric, io_received = io_received + $3::numeric
         WHERE key = $1",
    )
    .bind(bytes(&e.owner))
    .bind(amount(e.charged))
    .bind(amount(e.io_minted))
    .execute(&mut *tx)
    .await?;
    let epoch = sqlx::query(
        "UPDATE epochs SET settled = settled + $2::numeric, settled_io = settled_io + $3::numeric,
             dust = dust + $4::numeric, slot = $5
         WHERE index = $1::numeric",
    )
    .bind(amount(e.epoch))
    .bind(amount(e.requested))
    .bind(amount(e.io_minted))
    .bind(amount(e.dust))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    expect_row(epoch.rows_affected(), row);
    // The epoch that the rest joins is the open one, whether there is a rest or not.
    sqlx::query(
        "UPDATE epochs SET io_redeemed = io_redeemed + $2::numeric, iosd_redeemed = iosd_redeemed + $3::numeric
         WHERE index = $1::numeric",
    )
    .bind(amount(e.joined))
    .bind(amount(e.io_minted))
    .bind(amount(e.charged))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE totals SET io_redeemed = io_redeemed + $1::numeric, iosd_redeemed = iosd_redeemed + $2::numeric,
             iosd_requested = iosd_requested - $2::numeric, io_supply = io_supply + $1::numeric,
             reserve = $3::numeric, allocated = $4::numeric",
    )
    .bind(amount(e.io_minted))
    .bind(amount(e.charged))
    .bind(amount(e.reserve))
    .bind(amount(e.allocated_total))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO redemptions (event_id, owner, kind, epoch, amount, charged, io_minted, rest, joined, time, signature,
                                  slot)
         VALUES ($1, $2, 'settled', $3::numeric, $4::numeric, $5::numeric, $6::numeric, $7::numeric, $8::numeric, $9,
                 $10, $11)",
    )
    .bind(row.id)
    .bind(bytes(&e.owner))
    .bind(amount(e.epoch))
    .bind(amount(e.requested))
    .bind(amount(e.charged))
    .bind(amount(e.io_minted))
    .bind(amount(e.rest))
    .bind(amount(e.joined))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn closed(tx: &mut PgConnection, row: &Inserted<'_>, e: &EpochClosed) -> Result<(), sqlx::Error> {
    ensure_epoch(tx, row, e.epoch).await?;
    sqlx::query(
        "UPDATE epochs SET io_burned = $2::numeric, requested = $3::numeric, closed_time = $4, closed_signature = $5,
             smoothed_burn = $6::numeric, paid = $7::numeric, allocated = $8::numeric, price = $9::numeric,
             reserve = $10::numeric, allocated_total = $11::numeric, budget_idle = $12::numeric,
             budget_stakers = $13::numeric, budget_treasury = $14::numeric, supply = $15::numeric,
             staked = (SELECT staked FROM rewards)
         WHERE index = $1::numeric",
    )
    .bind(amount(e.epoch))
    .bind(amount(e.io_burned))
    .bind(amount(e.requested))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(amount(e.smoothed_burn))
    .bind(amount(e.paid))
    .bind(amount(e.allocated))
    .bind(amount(e.price))
    .bind(amount(e.reserve))
    .bind(amount(e.allocated_total))
    .bind(amount(e.idle))
    .bind(amount(e.stakers))
    .bind(amount(e.treasury))
    .bind(amount(e.supply))
    .execute(&mut *tx)
    .await?;
    for (purpose, scheduled) in
        [(Purpose::Idle, e.idle), (Purpose::Stakers, e.stakers), (Purpose::Treasury, e.treasury)]
    {
        sqlx::query(
            "UPDATE budgets SET scheduled = scheduled + $2::numeric, available = available + $2::numeric, slot = $3
             WHERE purpose = $1",
        )
        .bind(words::purpose(purpose))
        .bind(amount(scheduled))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query(
        "UPDATE totals SET io_supply = $1::numeric, reserve = $2::numeric, allocated = $3::numeric,
             smoothed_burn = $4::numeric, next_epoch = $5::numeric + 1",
    )
    .bind(amount(e.supply))
    .bind(amount(e.reserve))
    .bind(amount(e.allocated_total))
    .bind(amount(e.smoothed_burn))
    .bind(amount(e.epoch))
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn minted(tx: &mut PgConnection, row: &Inserted<'_>, e: &ScheduleMinted) -> Result<(), sqlx::Error> {
    ensure_epoch(tx, row, e.epoch).await?;
    let by_purpose = match e.purpose {
        Purpose::Idle => "UPDATE epochs SET minted_idle = minted_idle + $2::numeric WHERE index = $1::numeric",
        Purpose::Stakers => "UPDATE epochs SET minted_stakers = minted_stakers + $2::numeric WHERE index = $1::numeric",
        Purpose::Treasury => {
            "UPDATE epochs SET minted_treasury = minted_treasury + $2::numeric WHERE index = $1::numeric"
        }
    };
    sqlx::query(by_purpose).bind(amount(e.epoch)).bind(amount(e.amount)).execute(&mut *tx).await?;
    sqlx::query(
        "UPDATE budgets SET available = $2::numeric, minted = $3::numeric, epoch = $4::numeric,
             epoch_minted = $5::numeric, slot = $6
         WHERE purpose = $1",
    )
    .bind(words::purpose(e.purpose))
    .bind(amount(e.available))
    .bind(amount(e.minted))
    .bind(amount(e.epoch))
    .bind(amount(e.epoch_minted))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE totals SET io_scheduled = io_scheduled + $1::numeric, io_supply = io_supply + $1::numeric")
        .bind(amount(e.amount))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO schedule_mints (event_id, purpose, recipient, amount, epoch, time, signature, slot)
         VALUES ($1, $2, $3, $4::numeric, $5::numeric, $6, $7, $8)",
    )
    .bind(row.id)
    .bind(words::purpose(e.purpose))
    .bind(bytes(&e.to))
    .bind(amount(e.amount))
    .bind(amount(e.epoch))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn minter(tx: &mut PgConnection, row: &Inserted<'_>, e: &MinterSet) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE budgets SET authority = $2, total_limit = $3::numeric, epoch_limit = $4::numeric, slot = $5
         WHERE purpose = $1",
    )
    .bind(words::purpose(e.purpose))
    .bind(bytes(&e.authority))
    .bind(amount(e.total_limit))
    .bind(amount(e.epoch_limit))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}
