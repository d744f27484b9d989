use super::columns::Amount;
use super::rows::{Device, Job, Model};
use super::{Inserted, Key, Work, audits, demands, orders, rounds};
use crate::decode::{JobsEvent, storable_text, verification_word, words};
use crate::store::db_slot;
use ::jobs::events::*;
use anchor_lang::prelude::Pubkey;

pub fn apply(work: &mut Work, row: &Inserted<'_>, event: &JobsEvent) {
    match event {
        JobsEvent::ShardOpened(_) => {}
        JobsEvent::OperatorRegistered(e) => operator_registered(work, row, e),
        JobsEvent::DeviceRegistered(e) => device_registered(work, row, e),
        JobsEvent::ModelRegistered(e) => model_registered(work, row, e),
        JobsEvent::UserOpened(e) => {
            work.user(row, &e.user);
        }
        JobsEvent::JobPosted(e) => posted(work, row, e),
        JobsEvent::JobClaimed(e) => claimed(work, row, e),
        JobsEvent::ResultCommitted(e) => committed(work, row, e),
        JobsEvent::AuditDrawn(e) => audits::drawn(work, row, e),
        JobsEvent::AuditMissed(e) => audits::missed(work, row, e),
        JobsEvent::CellOpened(e) => audits::opened(work, row, e),
        JobsEvent::AuditExpired(e) => audits::expired(work, row, e),
        JobsEvent::JobPaid(e) => paid(work, row, e),
        JobsEvent::JobCancelled(e) => {
            end(work, row, &e.job, "cancelled", None);
        }
        JobsEvent::JobExpired(e) => expired(work, row, e),
        JobsEvent::FaultProven(e) => fault_proven(work, row, e),
        JobsEvent::DemandMade(e) => demands::made(work, row, e),
        JobsEvent::DemandAnswered(e) => demands::answered(work, row, e),
        JobsEvent::DemandExpired(e) => demand_expired(work, row, e),
        JobsEvent::DemandClosed(e) => {
            demands::end(work, row, &e.job, e.n, "closed");
        }
        JobsEvent::DeviceRetired(e) => device_retired(work, row, e),
        JobsEvent::OfferSet(e) => rounds::offer_set(work, row, e),
        JobsEvent::ClassSet(e) => rounds::class_set(work, row, e),
        JobsEvent::RoundOpened(e) => rounds::opened(work, row, e),
        JobsEvent::WindowClosed(e) => rounds::window_closed(work, row, e),
        JobsEvent::CellsDrawn(e) => rounds::drawn(work, row, e),
        JobsEvent::RoundEnded(e) => rounds::ended(work, row, e),
        JobsEvent::RoundVoided(e) => rounds::voided(work, row, e),
        JobsEvent::ChallengeCommitted(e) => rounds::committed(work, row, e),
        JobsEvent::CellAnswered(e) => rounds::answered(work, row, e),
        JobsEvent::ChallengePassed(e) => rounds::passed(work, row, e),
        JobsEvent::WrongCellProven(e) => rounds::proven(work, row, e),
        JobsEvent::ChallengeFailed(e) => rounds::failed(work, row, e),
        JobsEvent::IdlePayShared(e) => rounds::shared(work, row, e),
        JobsEvent::IdlePaid(e) => rounds::paid(work, row, e),
        // Its account is gone; its history stays.
        JobsEvent::RoundClosed(_) => {}
        JobsEvent::ParameterSet(e) => orders::parameter(work, row, words::name(e.parameter), e.old, e.new),
        JobsEvent::Paused(e) => orders::paused(work, row, e.flags),
        JobsEvent::AuthorityOffered(e) => orders::offered(work, row, &e.to),
        JobsEvent::AuthorityAccepted(e) => orders::accepted(work, row, &e.authority),
    }
}

fn operator_registered(work: &mut Work, row: &Inserted<'_>, e: &OperatorRegistered) {
    let Some(operator) = work.operator(row, &e.operator).filter(|operator| operator.registered_time.is_none()) else {
        return;
    };
    operator.registered_time = Some(e.stamp.time);
    operator.registered_signature = Some(row.signature());
    operator.slot = row.slot;
    work.totals.one().operators += 1;
}

/// A key whose device was retired may come back, as another device.
fn device_registered(work: &mut Work, row: &Inserted<'_>, e: &DeviceRegistered) {
    let before = work.operator(row, &e.operator).map_or(Amount(0), |operator| operator.required_stake);
    let key = e.device.to_bytes();
    if work.devices.get(&(key,)).is_some_and(|device| !device.retired) {
        return;
    }
    work.devices.put(Device {
        key,
        event_id: row.id,
        operator: e.operator.to_bytes(),
        name: storable_text(&e.name),
        registered_time: e.stamp.time,
        registered_signature: row.signature(),
        class: e.class.into(),
        required_stake: Amount(i128::from(e.required_stake) - before.0),
        since_round: e.since_round.into(),
        good_round: 0u64.into(),
        slot: row.slot,
        ..Device::default()
    });
    count_device(work, row, &e.operator, 1, e.required_stake);
}

fn device_retired(work: &mut Work, row: &Inserted<'_>, e: &DeviceRetired) {
    let device = work.devices.change(&(e.device.to_bytes(),)).filter(|device| !device.retired);
    let found = device.is_some();
    if let Some(device) = device {
        (device.retired, device.live_job, device.slot) = (true, None, row.slot);
    }
    work.expect(found, row);
    count_device(work, row, &e.operator, -1, e.required_stake);
}

fn count_device(work: &mut Work, row: &Inserted<'_>, operator: &Pubkey, change: i64, required_stake: u64) {
    if let Some(operator) = work.operators.change(&(operator.to_bytes(),)) {
        operator.devices += change;
        operator.required_stake = required_stake.into();
        operator.slot = row.slot;
    }
    work.totals.one().devices += change;
}

fn model_registered(work: &mut Work, row: &Inserted<'_>, e: &ModelRegistered) {
    let added = work.models.add(Model {
        root: e.root,
        event_id: row.id,
        publisher: e.publisher.to_bytes(),
        name: storable_text(&e.name),
        blob: e.blob,
        layers: e.layers.into(),
        input_width: e.input_width.into(),
        output_width: e.output_width.into(),
        macs_per_row: e.macs_per_row.into(),
        jobs_posted: 0,
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
    });
    if added {
        work.totals.one().models += 1;
    }
}

fn posted(work: &mut Work, row: &Inserted<'_>, e: &JobPosted) {
    work.user(row, &e.user);
    let added = work.jobs.add(Job {
        address: e.job.to_bytes(),
        event_id: row.id,
        user_key: e.user.to_bytes(),
        user_seq: e.seq.into(),
        model_root: e.model_root,
        rows: e.rows.into(),
        input_root: e.input_root,
        input_blob: e.input_blob,
        price: e.price.into(),
        status: "posted".into(),
        execute_s: e.execute_s.into(),
        claim_deadline: e.claim_deadline,
        posted_time: e.stamp.time,
        posted_signature: row.signature(),
        slot: row.slot,
        ..Job::default()
    });
    if !added {
        return;
    }
    if let Some(user) = work.user(row, &e.user) {
        user.jobs_posted += 1;
        user.slot = row.slot;
    }
    if let Some(model) = work.models.change(&(e.model_root,)) {
        model.jobs_posted += 1;
        model.slot = row.slot;
    }
    count_job(work, "posted", 1);
}

fn claimed(work: &mut Work, row: &Inserted<'_>, e: &JobClaimed) {
    // It may change afterwards.
    let class = work.devices.get(&(e.device.to_bytes(),)).map(|device| device.class);
    if let Some(job) = move_job(work, row, &e.job, "claimed", None) {
        job.device = Some(e.device.to_bytes());
        job.operator = Some(e.operator.to_bytes());
        job.class = class;
        job.commit_deadline = Some(e.commit_deadline);
        job.claimed_time = Some(e.stamp.time);
        job.claimed_signature = Some(row.signature());
        job.reserved = Some(e.reserved.into());
        job.audit_bps = Some(e.audit_bps.into());
        job.audit_cells = Some(e.audit_cells.into());
    }
    let device = work.devices.change(&(e.device.to_bytes(),));
    let found = device.is_some();
    if let Some(device) = device {
        device.live_job = Some(e.job.to_bytes());
        device.slot = row.slot;
    }
    work.expect(found, row);
}

fn committed(work: &mut Work, row: &Inserted<'_>, e: &ResultCommitted) {
    let Some(job) = move_job(work, row, &e.job, "committed", None) else { return };
    job.commitment = Some(e.commitment);
    job.result_blob = Some(e.result_blob);
    job.window_end = Some(e.window_end);
    job.committed_time = Some(e.stamp.time);
    job.committed_signature = Some(row.signature());
    job.audit = Some("pending".into());
    job.draw_slot = Some(db_slot(e.draw_slot));
}

fn paid(work: &mut Work, row: &Inserted<'_>, e: &JobPaid) {
    let job = end(work, row, &e.job, "paid", Some(verification_word(e.verification)));
    let share = job.and_then(|job| job.supplier_share).unwrap_or_default();
    let device = work.devices.change(&(e.device.to_bytes(),));
    let found = device.is_some();
    if let Some(device) = device {
        device.jobs_paid = e.device_jobs_paid.into();
        device.live_job = None;
        device.earned.0 += share.0;
        device.slot = row.slot;
    }
    work.expect(found, row);
    if let Some(operator) = work.operators.change(&(e.operator.to_bytes(),)) {
        operator.jobs_paid += 1;
        operator.slot = row.slot;
    }
}

fn expired(work: &mut Work, row: &Inserted<'_>, e: &JobExpired) {
    let job = end(work, row, &e.job, "expired", None);
    let Some(device) = e.device else { return };
    let operator = job.and_then(|job| {
        job.forfeited = Some(e.forfeited.into());
        job.operator
    });
    if let Some(device) = work.devices.change(&(device.to_bytes(),)) {
        device.jobs_expired += 1;
        device.live_job = None;
        device.slot = row.slot;
    }
    if let Some(operator) = operator.and_then(|operator| work.operators.change(&(operator,))) {
        operator.jobs_expired += 1;
        operator.slot = row.slot;
    }
}

fn fault_proven(work: &mut Work, row: &Inserted<'_>, e: &FaultProven) {
    if let Some(job) = end(work, row, &e.job, "refunded", None) {
        job.fault_prover = Some(e.prover.to_bytes());
        job.fault_layer = Some(e.layer.into());
        job.fault_row = Some(e.row.into());
        job.fault_column = Some(e.column.into());
        job.fault_expected = Some(e.expected);
        job.fault_committed = Some(e.committed);
        job.slashed = Some(e.slashed.into());
    }
    faulted(work, row, &e.device, &e.operator);
}

/// Its device did not answer a demand in time.
fn demand_expired(work: &mut Work, row: &Inserted<'_>, e: &DemandExpired) {
    demands::end(work, row, &e.job, e.n, "expired");
    if let Some(job) = end(work, row, &e.job, "refunded", None) {
        job.unanswered = Some(e.n.into());
        job.slashed = Some(e.slashed.into());
    }
    faulted(work, row, &e.device, &e.operator);
}

/// Counts a fault of a device, which is free again.
pub(super) fn faulted(work: &mut Work, row: &Inserted<'_>, device: &Pubkey, operator: &Pubkey) {
    if let Some(device) = work.devices.change(&(device.to_bytes(),)) {
        device.jobs_faulted += 1;
        device.live_job = None;
        device.slot = row.slot;
    }
    if let Some(operator) = work.operators.change(&(operator.to_bytes(),)) {
        operator.jobs_faulted += 1;
        operator.slot = row.slot;
    }
}

/// The job's row, to be changed.
pub(super) fn job<'w>(work: &'w mut Work, row: &Inserted<'_>, job: &Pubkey) -> Option<&'w mut Job> {
    let key: (Key,) = (job.to_bytes(),);
    let found = work.jobs.get(&key).is_some();
    work.expect(found, row);
    work.jobs.change(&key)
}

/// Moves a job to its last state.
pub(super) fn end<'w>(
    work: &'w mut Work,
    row: &Inserted<'_>,
    job: &Pubkey,
    status: &'static str,
    verification: Option<&'static str>,
) -> Option<&'w mut Job> {
    let job = move_job(work, row, job, status, verification)?;
    job.ended_time = Some(row.stamp().time);
    job.ended_signature = Some(row.signature());
    Some(job)
}

/// Moves a job from whatever state it is in, and the counts with it.
fn move_job<'w>(
    work: &'w mut Work,
    row: &Inserted<'_>,
    address: &Pubkey,
    status: &'static str,
    verification: Option<&'static str>,
) -> Option<&'w mut Job> {
    let moved = job(work, row, address)?;
    let from = std::mem::replace(&mut moved.status, status.into());
    moved.verification = verification.map(Into::into);
    moved.slot = row.slot;
    count_job(work, &from, -1);
    count_job(work, status, 1);
    work.jobs.change(&(address.to_bytes(),))
}

fn count_job(work: &mut Work, status: &str, change: i64) {
    if let Some(count) = work.job_counts.change(&(status.to_owned(),)) {
        count.jobs += change;
    }
}
