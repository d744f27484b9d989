use super::{Inserted, amount, audits, bytes, demands, ensure_operator, ensure_user, expect_row, orders, rounds};
use crate::decode::{JobsEvent, storable_text, verification_word, words};
use crate::store::db_slot;
use ::jobs::events::*;
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub async fn apply(tx: &mut PgConnection, row: &Inserted<'_>, event: &JobsEvent) -> Result<(), sqlx::Error> {
    match event {
        JobsEvent::ShardOpened(_) => Ok(()),
        JobsEvent::OperatorRegistered(e) => operator_registered(tx, row, e).await,
        JobsEvent::DeviceRegistered(e) => device_registered(tx, row, e).await,
        JobsEvent::ModelRegistered(e) => model_registered(tx, row, e).await,
        JobsEvent::UserOpened(e) => ensure_user(tx, row, &e.user).await,
        JobsEvent::JobPosted(e) => posted(tx, row, e).await,
        JobsEvent::JobClaimed(e) => claimed(tx, row, e).await,
        JobsEvent::ResultCommitted(e) => committed(tx, row, e).await,
        JobsEvent::AuditDrawn(e) => audits::drawn(tx, row, e).await,
        JobsEvent::AuditMissed(e) => audits::missed(tx, row, e).await,
        JobsEvent::CellOpened(e) => audits::opened(tx, row, e).await,
        JobsEvent::AuditExpired(e) => audits::expired(tx, row, e).await,
        JobsEvent::JobPaid(e) => paid(tx, row, e).await,
        JobsEvent::JobCancelled(e) => end(tx, row, &e.job, "cancelled", None).await,
        JobsEvent::JobExpired(e) => expired(tx, row, e).await,
        JobsEvent::FaultProven(e) => fault_proven(tx, row, e).await,
        JobsEvent::DemandMade(e) => demands::made(tx, row, e).await,
        JobsEvent::DemandAnswered(e) => demands::answered(tx, row, e).await,
        JobsEvent::DemandExpired(e) => demand_expired(tx, row, e).await,
        JobsEvent::DemandClosed(e) => demands::closed(tx, row, e).await,
        JobsEvent::DeviceRetired(e) => device_retired(tx, row, e).await,
        JobsEvent::OfferSet(e) => rounds::offer_set(tx, row, e).await,
        JobsEvent::ClassSet(e) => rounds::class_set(tx, row, e).await,
        JobsEvent::RoundOpened(e) => rounds::opened(tx, row, e).await,
        JobsEvent::WindowClosed(e) => rounds::window_closed(tx, row, e).await,
        JobsEvent::CellsDrawn(e) => rounds::drawn(tx, row, e).await,
        JobsEvent::RoundEnded(e) => rounds::ended(tx, row, e).await,
        JobsEvent::RoundVoided(e) => rounds::voided(tx, row, e).await,
        JobsEvent::ChallengeCommitted(e) => rounds::committed(tx, row, e).await,
        JobsEvent::CellAnswered(e) => rounds::answered(tx, row, e).await,
        JobsEvent::ChallengePassed(e) => rounds::passed(tx, row, e).await,
        JobsEvent::WrongCellProven(e) => rounds::proven(tx, row, e).await,
        JobsEvent::ChallengeFailed(e) => rounds::failed(tx, row, e).await,
        JobsEvent::IdlePayShared(e) => rounds::shared(tx, row, e).await,
        JobsEvent::IdlePaid(e) => rounds::paid(tx, row, e).await,
        // Its account is gone; its history stays.
        JobsEvent::RoundClosed(_) => Ok(()),
        JobsEvent::ParameterSet(e) => orders::parameter(tx, row, &words::name(e.parameter), e.old, e.new).await,
        JobsEvent::Paused(e) => orders::paused(tx, row, e.flags).await,
        JobsEvent::AuthorityOffered(e) => orders::offered(tx, row, &e.to).await,
        JobsEvent::AuthorityAccepted(e) => orders::accepted(tx, row, &e.authority).await,
    }
}

async fn operator_registered(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    e: &OperatorRegistered,
) -> Result<(), sqlx::Error> {
    ensure_operator(tx, row, &e.operator).await?;
    let first = sqlx::query(
        "UPDATE operators SET registered_time = $2, registered_signature = $3, slot = $4
         WHERE key = $1 AND registered_time IS NULL",
    )
    .bind(bytes(&e.operator))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    if first.rows_affected() == 1 {
        sqlx::query("UPDATE totals SET operators = operators + 1").execute(tx).await?;
    }
    Ok(())
}

/// A key whose device was retired may come back, as another device.
async fn device_registered(tx: &mut PgConnection, row: &Inserted<'_>, e: &DeviceRegistered) -> Result<(), sqlx::Error> {
    ensure_operator(tx, row, &e.operator).await?;
    let changed = sqlx::query(
        "INSERT INTO devices AS d (key, event_id, operator, name, registered_time, registered_signature, slot, class,
                                   required_stake, since_round, good_round)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::numeric - o.required_stake, $10::numeric, 0
         FROM operators o WHERE o.key = $3
         ON CONFLICT (key) DO UPDATE SET
             event_id = excluded.event_id, operator = excluded.operator, name = excluded.name,
             registered_time = excluded.registered_time, registered_signature = excluded.registered_signature,
             slot = excluded.slot, class = excluded.class, required_stake = excluded.required_stake, retired = FALSE,
             jobs_paid = 0, jobs_expired = 0, jobs_faulted = 0, earned = 0, live_job = NULL,
             since_round = excluded.since_round, good_round = excluded.good_round, failed_round = 0, offer = 0,
             measured = 0, challenges_passed = 0, challenges_failed = 0, caught = FALSE
         WHERE d.retired",
    )
    .bind(bytes(&e.device))
    .bind(row.id)
    .bind(bytes(&e.operator))
    .bind(storable_text(&e.name))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .bind(i16::from(e.class))
    .bind(amount(e.required_stake))
    .bind(amount(e.since_round))
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    count_device(tx, row, &e.operator, 1, e.required_stake).await
}

async fn device_retired(tx: &mut PgConnection, row: &Inserted<'_>, e: &DeviceRetired) -> Result<(), sqlx::Error> {
    let device =
        sqlx::query("UPDATE devices SET retired = TRUE, live_job = NULL, slot = $2 WHERE key = $1 AND NOT retired")
            .bind(bytes(&e.device))
            .bind(row.slot)
            .execute(&mut *tx)
            .await?;
    expect_row(device.rows_affected(), row);
    count_device(tx, row, &e.operator, -1, e.required_stake).await
}

async fn count_device(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    operator: &Pubkey,
    change: i64,
    required_stake: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE operators SET devices = devices + $2, required_stake = $3::numeric, slot = $4 WHERE key = $1")
        .bind(bytes(operator))
        .bind(change)
        .bind(amount(required_stake))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE totals SET devices = devices + $1").bind(change).execute(tx).await?;
    Ok(())
}

async fn model_registered(tx: &mut PgConnection, row: &Inserted<'_>, e: &ModelRegistered) -> Result<(), sqlx::Error> {
    let added = sqlx::query(
        "INSERT INTO models (root, event_id, publisher, name, blob, layers, input_width, output_width, macs_per_row, time,
                             signature, slot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::numeric, $10, $11, $12) ON CONFLICT (root) DO NOTHING",
    )
    .bind(e.root.as_slice())
    .bind(row.id)
    .bind(bytes(&e.publisher))
    .bind(storable_text(&e.name))
    .bind(e.blob.as_slice())
    .bind(i16::from(e.layers))
    .bind(i64::from(e.input_width))
    .bind(i64::from(e.output_width))
    .bind(amount(e.macs_per_row))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 1 {
        sqlx::query("UPDATE totals SET models = models + 1").execute(tx).await?;
    }
    Ok(())
}

async fn posted(tx: &mut PgConnection, row: &Inserted<'_>, e: &JobPosted) -> Result<(), sqlx::Error> {
    ensure_user(tx, row, &e.user).await?;
    let added = sqlx::query(
        "INSERT INTO jobs (address, event_id, user_key, user_seq, model_root, rows, input_root, input_blob, price, status,
                           execute_s, claim_deadline, posted_time, posted_signature, slot)
         VALUES ($1, $2, $3, $4::numeric, $5, $6, $7, $8, $9::numeric, 'posted', $10, $11, $12, $13, $14)
         ON CONFLICT (address) DO NOTHING",
    )
    .bind(bytes(&e.job))
    .bind(row.id)
    .bind(bytes(&e.user))
    .bind(amount(e.seq))
    .bind(e.model_root.as_slice())
    .bind(i64::from(e.rows))
    .bind(e.input_root.as_slice())
    .bind(e.input_blob.as_slice())
    .bind(amount(e.price))
    .bind(i64::from(e.execute_s))
    .bind(e.claim_deadline)
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query("UPDATE users SET jobs_posted = jobs_posted + 1, slot = $2 WHERE key = $1")
        .bind(bytes(&e.user))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE models SET jobs_posted = jobs_posted + 1, slot = $2 WHERE root = $1")
        .bind(e.model_root.as_slice())
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE job_counts SET jobs = jobs + 1 WHERE status = 'posted'").execute(tx).await?;
    Ok(())
}

async fn claimed(tx: &mut PgConnection, row: &Inserted<'_>, e: &JobClaimed) -> Result<(), sqlx::Error> {
    move_job(tx, row, &e.job, "claimed", None).await?;
    sqlx::query(
        "UPDATE jobs SET device = $2, operator = $3, commit_deadline = $4, claimed_time = $5, claimed_signature = $6,
             reserved = $7::numeric, audit_bps = $8, audit_cells = $9
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(bytes(&e.device))
    .bind(bytes(&e.operator))
    .bind(e.commit_deadline)
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(amount(e.reserved))
    .bind(i32::from(e.audit_bps))
    .bind(i16::from(e.audit_cells))
    .execute(&mut *tx)
    .await?;
    let device = sqlx::query("UPDATE devices SET live_job = $2, slot = $3 WHERE key = $1")
        .bind(bytes(&e.device))
        .bind(bytes(&e.job))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(device.rows_affected(), row);
    Ok(())
}

async fn committed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ResultCommitted) -> Result<(), sqlx::Error> {
    move_job(tx, row, &e.job, "committed", None).await?;
    sqlx::query(
        "UPDATE jobs SET commitment = $2, result_blob = $3, window_end = $4, committed_time = $5, committed_signature = $6,
             audit = 'pending', draw_slot = $7
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(e.commitment.as_slice())
    .bind(e.result_blob.as_slice())
    .bind(e.window_end)
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(db_slot(e.draw_slot))
    .execute(tx)
    .await?;
    Ok(())
}

async fn paid(tx: &mut PgConnection, row: &Inserted<'_>, e: &JobPaid) -> Result<(), sqlx::Error> {
    end(tx, row, &e.job, "paid", Some(verification_word(e.verification))).await?;
    let device = sqlx::query(
        "UPDATE devices SET jobs_paid = $2::numeric, live_job = NULL, slot = $3,
             earned = earned + coalesce((SELECT supplier_share FROM jobs WHERE address = $4), 0)
         WHERE key = $1",
    )
    .bind(bytes(&e.device))
    .bind(amount(e.device_jobs_paid))
    .bind(row.slot)
    .bind(bytes(&e.job))
    .execute(&mut *tx)
    .await?;
    expect_row(device.rows_affected(), row);
    sqlx::query("UPDATE operators SET jobs_paid = jobs_paid + 1, slot = $2 WHERE key = $1")
        .bind(bytes(&e.operator))
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

async fn expired(tx: &mut PgConnection, row: &Inserted<'_>, e: &JobExpired) -> Result<(), sqlx::Error> {
    end(tx, row, &e.job, "expired", None).await?;
    let Some(device) = e.device else { return Ok(()) };
    sqlx::query("UPDATE jobs SET forfeited = $2::numeric WHERE address = $1")
        .bind(bytes(&e.job))
        .bind(amount(e.forfeited))
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE devices SET jobs_expired = jobs_expired + 1, live_job = NULL, slot = $2 WHERE key = $1")
        .bind(bytes(&device))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE operators SET jobs_expired = jobs_expired + 1, slot = $2
         WHERE key = (SELECT operator FROM jobs WHERE address = $1)",
    )
    .bind(bytes(&e.job))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

async fn fault_proven(tx: &mut PgConnection, row: &Inserted<'_>, e: &FaultProven) -> Result<(), sqlx::Error> {
    end(tx, row, &e.job, "refunded", None).await?;
    sqlx::query(
        "UPDATE jobs SET fault_prover = $2, fault_layer = $3, fault_row = $4, fault_column = $5, fault_expected = $6,
             fault_committed = $7, slashed = $8::numeric
         WHERE address = $1",
    )
    .bind(bytes(&e.job))
    .bind(bytes(&e.prover))
    .bind(i64::from(e.layer))
    .bind(i64::from(e.row))
    .bind(i64::from(e.column))
    .bind(e.expected)
    .bind(e.committed)
    .bind(amount(e.slashed))
    .execute(&mut *tx)
    .await?;
    faulted(tx, row, &e.device, &e.operator).await
}

/// Its device did not answer a demand in time.
async fn demand_expired(tx: &mut PgConnection, row: &Inserted<'_>, e: &DemandExpired) -> Result<(), sqlx::Error> {
    demands::end(tx, row, &e.job, e.n, "expired").await?;
    end(tx, row, &e.job, "refunded", None).await?;
    sqlx::query("UPDATE jobs SET unanswered = $2, slashed = $3::numeric WHERE address = $1")
        .bind(bytes(&e.job))
        .bind(i32::from(e.n))
        .bind(amount(e.slashed))
        .execute(&mut *tx)
        .await?;
    faulted(tx, row, &e.device, &e.operator).await
}

/// Counts a fault of a device, which is free again.
pub(super) async fn faulted(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    device: &Pubkey,
    operator: &Pubkey,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE devices SET jobs_faulted = jobs_faulted + 1, live_job = NULL, slot = $2 WHERE key = $1")
        .bind(bytes(device))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE operators SET jobs_faulted = jobs_faulted + 1, slot = $2 WHERE key = $1")
        .bind(bytes(operator))
        .bind(row.slot)
        .execute(tx)
        .await?;
    Ok(())
}

/// Moves a job to its last state.
pub(super) async fn end(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    job: &Pubkey,
    status: &'static str,
    verification: Option<&'static str>,
) -> Result<(), sqlx::Error> {
    move_job(tx, row, job, status, verification).await?;
    sqlx::query("UPDATE jobs SET ended_time = $2, ended_signature = $3 WHERE address = $1")
        .bind(bytes(job))
        .bind(row.stamp().time)
        .bind(row.signature.as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// Moves a job from whatever state it is in, and the counts with it.
async fn move_job(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    job: &Pubkey,
    status: &'static str,
    verification: Option<&'static str>,
) -> Result<(), sqlx::Error> {
    let from: Option<String> = sqlx::query_scalar("SELECT status FROM jobs WHERE address = $1")
        .bind(bytes(job))
        .fetch_optional(&mut *tx)
        .await?;
    expect_row(u64::from(from.is_some()), row);
    let Some(from) = from else { return Ok(()) };
    sqlx::query("UPDATE jobs SET status = $2, verification = $3, slot = $4 WHERE address = $1")
        .bind(bytes(job))
        .bind(status)
        .bind(verification)
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE job_counts SET jobs = jobs + CASE WHEN status = $2 THEN 1 ELSE -1 END
         WHERE status IN ($1, $2) AND $1 <> $2",
    )
    .bind(from)
    .bind(status)
    .execute(tx)
    .await?;
    Ok(())
}
