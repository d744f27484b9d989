//! Audits: every draw, answer and silence must be what the slot hash and the parameters demand.
use super::Books;
use super::jobs::{Ending, Job, Loss};
use crate::audit::finding::{Subject, compare};
use ::jobs::constants::{DRAW_DELAY, DRAW_FEE};
use ::jobs::events::*;
use ::jobs::state::Audit;
use ::staking::SlashReason;
use judge::audit::{MAX_CELLS, is_drawn, seed};

/// Cells of an audit that are not answered.
fn left(cells: u8, answered: u32) -> u8 {
    (0..cells).map(|index| u8::from(answered & bit(index) == 0)).sum()
}

fn bit(index: u8) -> u32 {
    1u32.checked_shl(index.into()).unwrap_or(0)
}

impl Books {
    pub(super) fn audit_drawn(&mut self, e: &AuditDrawn) {
        let subject = Subject::Job(e.job);
        let answer_s = self.jobs.orders.seconds("AnswerS");
        let Some(job) = self.jobs.live.get_mut(&e.job) else {
            return self.findings.refused(subject, "it is not live");
        };
        let (Audit::Pending { draw_slot, certain }, Some(claim)) = (job.audit, job.claim) else {
            return self.findings.refused(subject, "its audit is not to be drawn");
        };
        if e.slot < draw_slot || e.slot >= e.stamp.slot {
            self.findings.refused(subject, format_args!("slot {} draws for {draw_slot} in {}", e.slot, e.stamp.slot));
        }
        let expected = seed(&e.slot_hash, &job.commitment, &e.job.to_bytes());
        let audited = certain || is_drawn(&expected, claim.audit_bps);
        let deadline = e.stamp.time.saturating_add(answer_s.into());
        compare!(self.findings, subject, {
            seed: format!("{expected:?}"), format!("{:?}", e.seed);
            certain: certain, e.certain;
            audited: audited, e.audited;
            cells: if audited { claim.audit_cells } else { 0 }, e.cells;
            deadline: if audited { deadline } else { 0 }, e.deadline;
            fee: DRAW_FEE, e.fee;
        });
        job.audit = if audited { Audit::Open { seed: expected, answered: 0, deadline } } else { Audit::NotDrawn };
    }

    pub(super) fn audit_missed(&mut self, e: &AuditMissed) {
        let subject = Subject::Job(e.job);
        let Some(job) = self.jobs.live.get_mut(&e.job) else {
            return self.findings.refused(subject, "it is not live");
        };
        let (Audit::Pending { draw_slot: due, .. }, Some(claim)) = (job.audit, job.claim.as_mut()) else {
            return self.findings.refused(subject, "its audit is not to be drawn");
        };
        claim.audit_cells = claim.audit_cells.saturating_mul(2).min(MAX_CELLS);
        let draw_slot = e.stamp.slot.saturating_add(DRAW_DELAY);
        compare!(self.findings, subject, {
            missed_slot: due, e.missed_slot;
            draw_slot: draw_slot, e.draw_slot;
            audit_cells: claim.audit_cells, e.cells;
        });
        job.audit = Audit::Pending { draw_slot, certain: true };
    }

    pub(super) fn cell_opened(&mut self, e: &CellOpened) {
        let subject = Subject::Job(e.job);
        let Some(job) = self.jobs.live.get_mut(&e.job) else {
            return self.findings.refused(subject, "it is not live");
        };
        let (Audit::Open { answered, deadline, .. }, Some(claim)) = (&mut job.audit, job.claim) else {
            return self.findings.refused(subject, "it has no open audit");
        };
        let known = *answered & bit(e.index) != 0 || e.index >= claim.audit_cells;
        if known || e.stamp.time > *deadline {
            self.findings.refused(subject, format_args!("cell {} of its audit is not to be answered", e.index));
        }
        *answered |= bit(e.index);
        let left = left(claim.audit_cells, *answered);
        self.findings.check(subject, "left", left, e.left);
        if left == 0 {
            job.audit = Audit::Passed;
        }
    }

    pub(super) fn audit_expired(&mut self, e: &AuditExpired) {
        let Some((job, claim)) = self.end(e.job, Ending::Faulted) else { return };
        let subject = Subject::Job(e.job);
        let Audit::Open { answered, deadline, .. } = job.audit else {
            return self.findings.refused(subject, "it has no open audit");
        };
        if e.stamp.time <= deadline {
            self.findings.refused(subject, "its audit's deadline has not passed");
        }
        compare!(self.findings, subject, { left: left(claim.audit_cells, answered), e.left; });
        let said = Loss { refund: e.refund, slashed: e.slashed, device: e.device, operator: e.operator };
        self.is_slashed(e.job, (job, claim), said, SlashReason::Silence);
    }

    /// What is said of a paid result must be what is known of it.
    pub(super) fn is_known_as(&mut self, e: &JobPaid, job: Job) {
        self.findings.checks += 1;
        let known = match e.verification {
            Verification::Accepted => true,
            Verification::Unchallenged => job.audit == Audit::NotDrawn,
            Verification::Audited => job.audit == Audit::Passed,
        };
        if !known {
            let audit = format!("{:?}", job.audit);
            self.findings.found(Subject::Job(e.job), "audit", format_args!("{:?}", e.verification), audit);
        }
    }
}
