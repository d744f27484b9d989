//! Challenge rounds, answers and idle pay.
use super::{Inserted, amount, bytes, expect_row};
use crate::decode::words;
use ::jobs::events::*;
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

type Done = Result<(), sqlx::Error>;

pub async fn offer_set(tx: &mut PgConnection, row: &Inserted<'_>, e: &OfferSet) -> Done {
    let done = sqlx::query("UPDATE devices SET offer = $2::numeric, slot = $3 WHERE key = $1 AND NOT retired")
        .bind(bytes(&e.device))
        .bind(amount(e.price))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn class_set(tx: &mut PgConnection, row: &Inserted<'_>, e: &ClassSet) -> Done {
    place(tx, row, &e.device, e.class, e.device_stake).await?;
    requires(tx, row, &e.operator, e.required_stake).await
}

/// A device is in a class that needs this stake.
async fn place(tx: &mut PgConnection, row: &Inserted<'_>, device: &Pubkey, class: u8, stake: u64) -> Done {
    let query = "UPDATE devices SET class = $2, required_stake = $3::numeric, slot = $4 WHERE key = $1 AND NOT retired";
    let done = sqlx::query(query)
        .bind(bytes(device))
        .bind(i16::from(class))
        .bind(amount(stake))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

/// An operator's devices need this stake together.
async fn requires(tx: &mut PgConnection, row: &Inserted<'_>, operator: &Pubkey, stake: u64) -> Done {
    sqlx::query("UPDATE operators SET required_stake = $2::numeric, slot = $3 WHERE key = $1")
        .bind(bytes(operator))
        .bind(amount(stake))
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn opened(tx: &mut PgConnection, row: &Inserted<'_>, e: &RoundOpened) -> Done {
    sqlx::query(
        "INSERT INTO rounds (number, event_id, opener, slot_hash, phase, opened_time, window_end, next_round_at, signature,
                             slot)
         VALUES ($1::numeric, $2, $3, $4, 'open', $5, $6, $7, $8, $9)",
    )
    .bind(amount(e.number))
    .bind(row.id)
    .bind(bytes(&e.opener))
    .bind(e.slot_hash.as_slice())
    .bind(e.stamp.time)
    .bind(e.window_end)
    .bind(e.next_round_at)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn window_closed(tx: &mut PgConnection, row: &Inserted<'_>, e: &WindowClosed) -> Done {
    let query = "UPDATE rounds SET phase = 'closed', committed = $2, draw_slot = $3::numeric, slot = $4
                 WHERE number = $1::numeric";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(i64::from(e.committed))
        .bind(amount(e.draw_slot))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn drawn(tx: &mut PgConnection, row: &Inserted<'_>, e: &CellsDrawn) -> Done {
    let query = "UPDATE rounds SET phase = 'drawn', draw_hash = $2, answers_until = $3, proofs_until = $4, slot = $5
                 WHERE number = $1::numeric";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(e.slot_hash.as_slice())
        .bind(e.answers_until)
        .bind(e.proofs_until)
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn ended(tx: &mut PgConnection, row: &Inserted<'_>, e: &RoundEnded) -> Done {
    let query =
        "UPDATE rounds SET phase = 'ended', passed = $2, weight = $3::numeric, budget = $4::numeric, ended_time = $5,
                                   slot = $6
                 WHERE number = $1::numeric";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(i64::from(e.passed))
        .bind(amount(e.weight))
        .bind(amount(e.budget))
        .bind(e.stamp.time)
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn voided(tx: &mut PgConnection, row: &Inserted<'_>, e: &RoundVoided) -> Done {
    let query =
        "UPDATE rounds SET phase = 'void', committed = $2, ended_time = $3, slot = $4 WHERE number = $1::numeric";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(i64::from(e.committed))
        .bind(e.stamp.time)
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn committed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ChallengeCommitted) -> Done {
    sqlx::query(
        "INSERT INTO challenges (round, device, event_id, status, class, rows, root, seconds, throughput, time, signature,
                                 slot)
         VALUES ($1::numeric, $2, $3, 'committed', $4, $5, $6, $7, $8::numeric, $9, $10, $11)",
    )
    .bind(amount(e.number))
    .bind(bytes(&e.device))
    .bind(row.id)
    .bind(i16::from(e.class))
    .bind(i64::from(e.rows))
    .bind(e.root.as_slice())
    .bind(i64::from(e.seconds))
    .bind(amount(e.throughput))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    let query = "UPDATE rounds SET committed = committed + 1, slot = $2 WHERE number = $1::numeric";
    sqlx::query(query).bind(amount(e.number)).bind(row.slot).execute(tx).await?;
    Ok(())
}

pub async fn answered(tx: &mut PgConnection, row: &Inserted<'_>, e: &CellAnswered) -> Done {
    let query = "UPDATE challenges SET answered = $3, slot = $4 WHERE round = $1::numeric AND device = $2 AND status = 'committed'";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(bytes(&e.device))
        .bind(i32::try_from(e.answered.count_ones()).unwrap_or_default())
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn passed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ChallengePassed) -> Done {
    let query = "UPDATE challenges SET status = 'passed', answered = $3, weight = $4::numeric, slot = $5
                 WHERE round = $1::numeric AND device = $2";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(bytes(&e.device))
        .bind(i32::try_from(judge::challenge::CELLS).unwrap_or_default())
        .bind(amount(e.weight))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    expect_row(done.rows_affected(), row);
    sqlx::query("UPDATE rounds SET passed = passed + 1, slot = $2 WHERE number = $1::numeric")
        .bind(amount(e.number))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE devices SET measured = $2::numeric, good_round = $3::numeric, challenges_passed = challenges_passed + 1,
                            slot = $4
         WHERE key = $1",
    )
    .bind(bytes(&e.device))
    .bind(amount(e.throughput))
    .bind(amount(e.number))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

/// What it had passed is not passed.
pub async fn proven(tx: &mut PgConnection, row: &Inserted<'_>, e: &WrongCellProven) -> Done {
    sqlx::query(
        "UPDATE devices d SET caught = TRUE, slot = $3,
             challenges_passed = d.challenges_passed - CASE WHEN d.good_round = $2::numeric THEN 1 ELSE 0 END,
             good_round = CASE WHEN d.good_round = $2::numeric THEN d.good_round - 1 ELSE d.good_round END
         WHERE key = $1",
    )
    .bind(bytes(&e.device))
    .bind(amount(e.number))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE rounds SET slot = $3, passed = passed - (
             SELECT count(*) FROM challenges WHERE round = $1::numeric AND device = $2 AND status = 'passed')
         WHERE number = $1::numeric",
    )
    .bind(amount(e.number))
    .bind(bytes(&e.device))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    let query = "UPDATE challenges SET status = 'caught', weight = 0, prover = $3, slot = $4
                 WHERE round = $1::numeric AND device = $2";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(bytes(&e.device))
        .bind(bytes(&e.prover))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}

pub async fn failed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ChallengeFailed) -> Done {
    place(tx, row, &e.device, e.class, e.device_stake).await?;
    requires(tx, row, &e.operator, e.required_stake).await?;
    sqlx::query(
        "UPDATE devices SET measured = 0, failed_round = $2::numeric, challenges_failed = challenges_failed + 1,
                            caught = FALSE, slot = $3
         WHERE key = $1",
    )
    .bind(bytes(&e.device))
    .bind(amount(e.number))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO challenges (round, device, event_id, status, reason, slashed, time, signature, slot)
         VALUES ($1::numeric, $2, $3, 'failed', $4, $5::numeric, $6, $7, $8)
         ON CONFLICT (round, device) DO UPDATE SET
             status = 'failed', reason = excluded.reason, slashed = excluded.slashed, slot = excluded.slot",
    )
    .bind(amount(e.number))
    .bind(bytes(&e.device))
    .bind(row.id)
    .bind(words::failure(e.reason))
    .bind(amount(e.slashed))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn shared(tx: &mut PgConnection, row: &Inserted<'_>, e: &IdlePayShared) -> Done {
    let query = "UPDATE challenges SET pay = $3::numeric, slot = $4 WHERE round = $1::numeric AND device = $2";
    let done = sqlx::query(query)
        .bind(amount(e.number))
        .bind(bytes(&e.device))
        .bind(amount(e.amount))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    expect_row(done.rows_affected(), row);
    sqlx::query("UPDATE rounds SET shared = shared + $2::numeric, slot = $3 WHERE number = $1::numeric")
        .bind(amount(e.number))
        .bind(amount(e.amount))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    owed(tx, row, &e.operator, e.owed, 0).await
}

pub async fn paid(tx: &mut PgConnection, row: &Inserted<'_>, e: &IdlePaid) -> Done {
    owed(tx, row, &e.operator, e.owed, e.amount).await
}

async fn owed(tx: &mut PgConnection, row: &Inserted<'_>, operator: &Pubkey, owed: u64, paid: u64) -> Done {
    let query =
        "UPDATE operators SET idle_owed = $2::numeric, idle_paid = idle_paid + $3::numeric, slot = $4 WHERE key = $1";
    let done = sqlx::query(query)
        .bind(bytes(operator))
        .bind(amount(owed))
        .bind(amount(paid))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(done.rows_affected(), row);
    Ok(())
}
