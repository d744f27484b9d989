//! Random audits of committed results.
use super::jobs::{end, faulted, job};
use super::rows::AuditedCell;
use super::{Inserted, Work};
use crate::store::db_slot;
use ::jobs::events::*;

pub fn drawn(work: &mut Work, row: &Inserted<'_>, e: &AuditDrawn) {
    let Some(job) = job(work, row, &e.job) else { return };
    job.audit = Some(if e.audited { "open" } else { "not_drawn" }.into());
    job.drawn_slot = Some(e.slot.into());
    job.drawn_hash = Some(e.slot_hash);
    job.audit_seed = Some(e.seed);
    job.audit_deadline = e.audited.then_some(e.deadline);
    job.drawn_time = Some(e.stamp.time);
    job.drawn_signature = Some(row.signature());
    job.slot = row.slot;
}

pub fn missed(work: &mut Work, row: &Inserted<'_>, e: &AuditMissed) {
    let Some(job) = job(work, row, &e.job) else { return };
    job.audit = Some("certain".into());
    job.draw_slot = Some(db_slot(e.draw_slot));
    job.audit_cells = Some(e.cells.into());
    job.draws_missed += 1;
    job.slot = row.slot;
}

pub fn opened(work: &mut Work, row: &Inserted<'_>, e: &CellOpened) {
    let added = work.audited_cells.add(AuditedCell {
        job: e.job.to_bytes(),
        index: e.index.into(),
        event_id: row.id,
        layer: e.layer.into(),
        row: e.row.into(),
        column: e.column.into(),
        prover: e.prover.to_bytes(),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
    });
    if !added {
        return;
    }
    let Some(job) = job(work, row, &e.job) else { return };
    job.audit_answered += 1;
    if e.left == 0 {
        job.audit = Some("passed".into());
    }
    job.slot = row.slot;
}

pub fn expired(work: &mut Work, row: &Inserted<'_>, e: &AuditExpired) {
    if let Some(job) = end(work, row, &e.job, "unanswered", None) {
        job.audit = Some("unanswered".into());
        job.slashed = Some(e.slashed.into());
    }
    faulted(work, row, &e.device, &e.operator);
}
