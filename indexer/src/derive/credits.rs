use super::{Inserted, amount, bytes, emission, ensure_operator, ensure_user, expect_row, loyalty, orders};
use crate::decode::CreditsEvent;
use crate::decode::words;
use ::credits::events::{CreditsBought, EscrowSettled, PriceSubmitted};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub async fn apply(tx: &mut PgConnection, row: &Inserted<'_>, event: &CreditsEvent) -> Result<(), sqlx::Error> {
    match event {
        CreditsEvent::ShardOpened(_) => Ok(()),
        CreditsEvent::PriceSubmitted(e) => price(tx, row, e).await,
        CreditsEvent::CreditsBought(e) => bought(tx, row, e).await,
        CreditsEvent::EscrowLocked(e) => {
            balance(tx, row, &e.user, e.iosd_balance).await?;
            sqlx::query("UPDATE totals SET iosd_locked = iosd_locked + $1::numeric")
                .bind(amount(e.amount))
                .execute(tx)
                .await
                .map(drop)
        }
        CreditsEvent::EscrowRefunded(e) => {
            balance(tx, row, &e.user, e.iosd_balance).await?;
            let job = sqlx::query("UPDATE jobs SET refund = $2::numeric, slot = $3 WHERE address = $1")
                .bind(bytes(&e.job))
                .bind(amount(e.amount))
                .bind(row.slot)
                .execute(&mut *tx)
                .await?;
            expect_row(job.rows_affected(), row);
            sqlx::query("UPDATE totals SET iosd_refunded = iosd_refunded + $1::numeric")
                .bind(amount(e.amount))
                .execute(tx)
                .await
                .map(drop)
        }
        CreditsEvent::EscrowSettled(e) => settled(tx, row, e).await,
        CreditsEvent::EarningsOpened(e) => ensure_operator(tx, row, &e.owner).await,
        CreditsEvent::RedemptionRequested(e) => emission::requested(tx, row, e).await,
        CreditsEvent::EpochClosed(e) => emission::closed(tx, row, e).await,
        CreditsEvent::RedemptionSettled(e) => emission::settled(tx, row, e).await,
        CreditsEvent::ScheduleMinted(e) => emission::minted(tx, row, e).await,
        CreditsEvent::MinterSet(e) => emission::minter(tx, row, e).await,
        CreditsEvent::LoyaltyOpened(e) => loyalty::ensure(tx, row, &e.user).await,
        CreditsEvent::LoyaltyShared(e) => loyalty::shared(tx, row, &e.user).await,
        CreditsEvent::LoyaltyRedeemed(e) => {
            balance(tx, row, &e.user, e.iosd_balance).await?;
            loyalty::redeemed(tx, row, e).await
        }
        CreditsEvent::RebateMinted(e) => loyalty::minted(tx, row, e).await,
        CreditsEvent::ParameterSet(e) => orders::parameter(tx, row, &words::name(e.parameter), e.old, e.new).await,
        CreditsEvent::Paused(e) => orders::paused(tx, row, e.flags).await,
        CreditsEvent::AuthorityOffered(e) => orders::offered(tx, row, &e.to).await,
        CreditsEvent::AuthorityAccepted(e) => orders::accepted(tx, row, &e.authority).await,
        // The price's makers are in the events themselves; prices are in `price_points`.
        CreditsEvent::SubmitterReplaced(_) | CreditsEvent::PriceSourceSet(_) => Ok(()),
    }
}

async fn balance(tx: &mut PgConnection, row: &Inserted<'_>, user: &Pubkey, iosd: u64) -> Result<(), sqlx::Error> {
    ensure_user(tx, row, user).await?;
    sqlx::query("UPDATE users SET iosd_balance = $2::numeric, slot = $3 WHERE key = $1")
        .bind(bytes(user))
        .bind(amount(iosd))
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

async fn price(tx: &mut PgConnection, row: &Inserted<'_>, e: &PriceSubmitted) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO price_points (event_id, submitter, price, spot, average, time, slot)
         VALUES ($1, $2, $3::numeric, $4::numeric, $5::numeric, $6, $7)",
    )
    .bind(row.id)
    .bind(bytes(&e.submitter))
    .bind(amount(e.price))
    .bind(amount(e.spot))
    .bind(amount(e.average))
    .bind(e.stamp.time)
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    if e.spot > 0 {
        sqlx::query("UPDATE totals SET price_spot = $1::numeric, price_average = $2::numeric, price_time = $3")
            .bind(amount(e.spot))
            .bind(amount(e.average))
            .bind(e.stamp.time)
            .execute(tx)
            .await?;
    }
    Ok(())
}

async fn bought(tx: &mut PgConnection, row: &Inserted<'_>, e: &CreditsBought) -> Result<(), sqlx::Error> {
    balance(tx, row, &e.user, e.iosd_balance).await?;
    sqlx::query("UPDATE users SET io_burned = io_burned + $2::numeric WHERE key = $1")
        .bind(bytes(&e.user))
        .bind(amount(e.io_burned))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO epochs AS x (index, io_burned, iosd_bought, slot)
         VALUES ($1::numeric, $2::numeric, $3::numeric, $4)
         ON CONFLICT (index) DO UPDATE SET
             io_burned = $2::numeric, iosd_bought = x.iosd_bought + $3::numeric, slot = $4",
    )
    .bind(amount(e.epoch))
    .bind(amount(e.epoch_io_burned))
    .bind(amount(e.iosd_minted))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE totals SET io_burned = io_burned + $1::numeric, iosd_bought = iosd_bought + $2::numeric,
             io_supply = io_supply - $1::numeric",
    )
    .bind(amount(e.io_burned))
    .bind(amount(e.iosd_minted))
    .execute(tx)
    .await?;
    Ok(())
}

/// Comes before the jobs program's `JobPaid` of the same instruction.
async fn settled(tx: &mut PgConnection, row: &Inserted<'_>, e: &EscrowSettled) -> Result<(), sqlx::Error> {
    let job = sqlx::query(
        "UPDATE jobs SET supplier_share = $2::numeric, fee_retired = $3::numeric, fee_incentives = $4::numeric, slot = $5
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(amount(e.supplier_share))
    .bind(amount(e.retired))
    .bind(amount(e.incentives))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    expect_row(job.rows_affected(), row);
    ensure_operator(tx, row, &e.supplier).await?;
    sqlx::query(
        "UPDATE operators SET earned = earned + $2::numeric, earnings_owed = $3::numeric, slot = $4 WHERE key = $1",
    )
    .bind(bytes(&e.supplier))
    .bind(amount(e.supplier_share))
    .bind(amount(e.earnings_owed))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE totals SET iosd_spent = iosd_spent + $1::numeric, iosd_earned = iosd_earned + $2::numeric,
             iosd_retired = iosd_retired + $3::numeric, iosd_incentives = iosd_incentives + $4::numeric",
    )
    .bind(amount(e.price))
    .bind(amount(e.supplier_share))
    .bind(amount(e.retired))
    .bind(amount(e.incentives))
    .execute(&mut *tx)
    .await?;
    loyalty::spent(tx, row, e).await
}
