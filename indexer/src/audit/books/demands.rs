//! Demands for the data of live jobs, and those that ended jobs have left behind.
use super::Books;
use super::jobs::{Ending, Jobs, Loss};
use crate::audit::finding::{Findings, Subject, compare};
use ::jobs::events::{DemandAnswered, DemandClosed, DemandExpired, DemandMade};
use ::jobs::state::{Demands, Item};
use ::staking::SlashReason;
use anchor_lang::prelude::Pubkey;

/// An open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    pub demander: Pubkey,
    pub item: Item,
    pub bond: u64,
    pub deadline: i64,
}

impl Jobs {
    pub(super) fn demand_made(&mut self, findings: &mut Findings, e: &DemandMade) {
        let subject = Subject::Demand(e.job, e.n);
        let deadline = e.stamp.time.saturating_add(self.orders.seconds("DemandAnswerS").into());
        compare!(findings, subject, {
            bond: self.orders.get("DemandBond"), e.bond;
            deadline: deadline, e.deadline;
        });
        let Some(job) = self.live.get_mut(&e.job).filter(|job| job.committed) else {
            return findings.refused(subject, "its job has no result that waits");
        };
        if e.stamp.time > job.window_end {
            findings.refused(subject, "the job's window has ended");
        }
        match job.demands.add(job.user == e.demander) {
            Ok(n) => findings.check(subject, "n", n, e.n),
            Err(_) => findings.refused(subject, "the job has too many"),
        }
        let demand = Demand { demander: e.demander, item: e.item, bond: e.bond, deadline: e.deadline };
        if self.demands.insert((e.job, e.n), demand).is_some() {
            findings.refused(subject, "made twice");
        }
    }

    pub(super) fn demand_answered(&mut self, findings: &mut Findings, e: &DemandAnswered) {
        let subject = Subject::Demand(e.job, e.n);
        let answer_s = i64::from(self.orders.seconds("DemandAnswerS"));
        let Some(demand) = self.ended(findings, subject, (e.job, e.n), e.demander, e.bond) else { return };
        if e.stamp.time > demand.deadline {
            findings.refused(subject, "answered after its deadline");
        }
        let Some(job) = self.live.get_mut(&e.job) else {
            return findings.refused(subject, "its job has ended");
        };
        if job.demands.answer(job.user == demand.demander).is_err() {
            findings.refused(subject, "none is open");
        }
        job.window_end = job.window_end.max(e.stamp.time.saturating_add(answer_s));
        findings.check(Subject::Job(e.job), "window_end", job.window_end, e.window_end);
    }

    pub(super) fn demand_closed(&mut self, findings: &mut Findings, e: &DemandClosed) {
        let subject = Subject::Demand(e.job, e.n);
        self.ended(findings, subject, (e.job, e.n), e.demander, e.bond);
        if self.live.contains_key(&e.job) {
            findings.refused(subject, "its job is live");
        }
    }

    fn ended(
        &mut self,
        findings: &mut Findings,
        subject: Subject,
        key: (Pubkey, u16),
        demander: Pubkey,
        bond: u64,
    ) -> Option<Demand> {
        let Some(demand) = self.demands.remove(&key) else {
            findings.refused(subject, "it is not open");
            return None;
        };
        compare!(findings, subject, { demander: demand.demander, demander; bond: demand.bond, bond; });
        Some(demand)
    }

    /// None may be open when a job is settled.
    pub(super) fn nothing_is_demanded(&self, findings: &mut Findings, job: Pubkey, demands: Demands) {
        findings.checks += 1;
        if demands.any_open() {
            findings.refused(Subject::Job(job), "settled while a demand for its data is open");
        }
    }
}

impl Books {
    pub(super) fn demand_expired(&mut self, e: &DemandExpired) {
        let subject = Subject::Demand(e.job, e.n);
        let Self { jobs, findings, .. } = self;
        if let Some(demand) = jobs.ended(findings, subject, (e.job, e.n), e.demander, e.bond)
            && e.stamp.time <= demand.deadline
        {
            findings.refused(subject, "its deadline has not passed");
        }
        let Some(ended) = self.end(e.job, Ending::Faulted) else { return };
        let said = Loss { refund: e.refund, slashed: e.slashed, device: e.device, operator: e.operator };
        self.is_slashed(e.job, ended, said, SlashReason::Silence);
    }
}
