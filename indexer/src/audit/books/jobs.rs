//! Operators, devices and live jobs, with the stake behind them.
use super::credits::add;
use super::demands::Demand;
use super::orders::Orders;
use super::rounds::{Rounds, Standing};
use super::{Books, Reservation};
use crate::audit::finding::{Subject, compare};
use crate::audit::launch::Parameters;
use crate::decode::words::name;
use crate::decode::{JobsEvent, Program};
use ::jobs::events::*;
use ::jobs::state::Audit;
use ::jobs::state::Demands;
use ::staking::SlashReason;
use anchor_lang::prelude::Pubkey;
use std::collections::BTreeMap;

pub struct Jobs {
    pub orders: Orders,
    pub operators: BTreeMap<Pubkey, Operator>,
    pub devices: BTreeMap<Pubkey, Device>,
    /// Those that have not ended.
    pub live: BTreeMap<Pubkey, Job>,
    /// Open demands by job and number.
    pub demands: BTreeMap<(Pubkey, u16), Demand>,
    /// The next job's number, by user.
    pub users: BTreeMap<Pubkey, u64>,
    pub rounds: Rounds,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Operator {
    pub devices: u32,
    pub required_stake: u64,
    /// Idle pay that is not minted yet, IO base units.
    pub idle_owed: u64,
    pub record: Record,
}

#[derive(Clone, Copy, Debug)]
pub struct Device {
    pub operator: Pubkey,
    pub class: u8,
    pub required_stake: u64,
    pub live_job: Pubkey,
    pub record: Record,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    pub paid: u64,
    pub expired: u64,
    pub faulted: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub user: Pubkey,
    pub seq: u64,
    pub price: u64,
    pub execute_s: u32,
    pub claim_deadline: i64,
    /// Device, operator, reserved stake and commit deadline.
    pub claim: Option<Claim>,
    pub committed: bool,
    /// What it committed to.
    pub commitment: [u8; 32],
    pub audit: Audit,
    pub window_end: i64,
    pub demands: Demands,
}

/// What an event says of a job whose reserved stake was slashed.
pub struct Loss {
    pub refund: u64,
    pub slashed: u64,
    pub device: Pubkey,
    pub operator: Pubkey,
}

#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub device: Pubkey,
    pub operator: Pubkey,
    pub reserved: u64,
    pub commit_deadline: i64,
    pub audit_bps: u16,
    pub audit_cells: u8,
}

/// How a claimed job ended.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    Paid,
    Expired,
    Faulted,
}

impl Record {
    fn count(&mut self, ending: Ending) {
        match ending {
            Ending::Paid => add(&mut self.paid, 1),
            Ending::Expired => add(&mut self.expired, 1),
            Ending::Faulted => add(&mut self.faulted, 1),
        }
    }
}

impl Jobs {
    pub fn open(parameters: Parameters) -> Self {
        Self {
            orders: Orders::open(Program::Jobs, parameters),
            operators: BTreeMap::new(),
            devices: BTreeMap::new(),
            live: BTreeMap::new(),
            demands: BTreeMap::new(),
            users: BTreeMap::new(),
            rounds: Rounds::default(),
        }
    }
}

impl Books {
    pub(super) fn jobs_event(&mut self, event: &JobsEvent) {
        let Self { jobs, findings, .. } = self;
        match event {
            JobsEvent::ShardOpened(_) | JobsEvent::ModelRegistered(_) => {}
            JobsEvent::UserOpened(e) => {
                jobs.users.insert(e.user, 0);
            }
            JobsEvent::OperatorRegistered(e) => {
                if jobs.operators.insert(e.operator, Operator::default()).is_some() {
                    findings.refused(Subject::Operator(e.operator), "registered twice");
                }
            }
            JobsEvent::DeviceRegistered(e) => self.device_registered(e),
            JobsEvent::DeviceRetired(e) => self.device_retired(e),
            JobsEvent::JobPosted(e) => self.job_posted(e),
            JobsEvent::JobClaimed(e) => self.job_claimed(e),
            JobsEvent::ResultCommitted(e) => self.result_committed(e),
            JobsEvent::AuditDrawn(e) => self.audit_drawn(e),
            JobsEvent::AuditMissed(e) => self.audit_missed(e),
            JobsEvent::CellOpened(e) => self.cell_opened(e),
            JobsEvent::AuditExpired(e) => self.audit_expired(e),
            JobsEvent::JobPaid(e) => self.job_paid(e),
            JobsEvent::JobCancelled(e) => self.job_returned(e.job, e.refund),
            JobsEvent::JobExpired(e) => self.job_expired(e),
            JobsEvent::FaultProven(e) => self.fault_proven(e),
            JobsEvent::DemandMade(e) => jobs.demand_made(findings, e),
            JobsEvent::DemandAnswered(e) => jobs.demand_answered(findings, e),
            JobsEvent::DemandExpired(e) => self.demand_expired(e),
            JobsEvent::DemandClosed(e) => jobs.demand_closed(findings, e),
            JobsEvent::OfferSet(_)
            | JobsEvent::ClassSet(_)
            | JobsEvent::RoundOpened(_)
            | JobsEvent::WindowClosed(_)
            | JobsEvent::CellsDrawn(_)
            | JobsEvent::RoundEnded(_)
            | JobsEvent::RoundVoided(_)
            | JobsEvent::ChallengeCommitted(_)
            | JobsEvent::CellAnswered(_)
            | JobsEvent::ChallengePassed(_)
            | JobsEvent::WrongCellProven(_)
            | JobsEvent::ChallengeFailed(_)
            | JobsEvent::IdlePayShared(_)
            | JobsEvent::IdlePaid(_)
            | JobsEvent::RoundClosed(_) => self.rounds_event(event),
            JobsEvent::ParameterSet(e) => {
                jobs.orders.set(findings, name(e.parameter), e.parameter.bounds(), e.old, e.new);
            }
            JobsEvent::Paused(e) => jobs.orders.paused = e.flags,
            JobsEvent::AuthorityOffered(e) => jobs.orders.pending = e.to,
            JobsEvent::AuthorityAccepted(e) => jobs.orders.accept(findings, e.authority),
        }
    }

    fn device_registered(&mut self, e: &DeviceRegistered) {
        let required_stake = self.jobs.orders.get(&format!("ClassStake{}", e.class));
        let (operator, class) = (e.operator, e.class);
        let round = self.jobs.rounds.last;
        self.findings.check(Subject::Device(e.device), "since_round", round, e.since_round);
        let standing = Standing { since_round: round, ..Standing::default() };
        let (live_job, record) = (Pubkey::default(), Record::default());
        let device = Device { operator, class, required_stake, live_job, record, standing };
        if self.jobs.devices.insert(e.device, device).is_some() {
            self.findings.refused(Subject::Device(e.device), "registered twice");
        }
        let Some(operator) = self.jobs.operators.get_mut(&e.operator) else {
            return self.findings.refused(Subject::Operator(e.operator), "never registered");
        };
        operator.devices = operator.devices.saturating_add(1);
        add(&mut operator.required_stake, required_stake);
        let books = operator.required_stake;
        self.findings.check(Subject::Operator(e.operator), "required_stake", books, e.required_stake);
        self.has_stake(e.operator, books);
    }

    /// The operator's pool must carry what its devices need.
    pub(super) fn has_stake(&mut self, operator: Pubkey, required: u64) {
        let pool = self.staking.operator_pool(&operator).and_then(|pool| self.staking.pools.get(&pool));
        let stake = pool.map_or(0, |pool| pool.rules.active.saturating_add(pool.rules.reserved));
        self.findings.checks += 1;
        if stake < required {
            self.findings.refused(Subject::Operator(operator), format_args!("{stake} is staked, {required} needed"));
        }
    }

    fn device_retired(&mut self, e: &DeviceRetired) {
        let Some(device) = self.jobs.devices.remove(&e.device) else {
            return self.findings.refused(Subject::Device(e.device), "never registered");
        };
        if device.standing.pay_weight > 0 || device.standing.challenge.caught_by != Pubkey::default() {
            self.findings.refused(Subject::Device(e.device), "its challenges are not settled");
        }
        if device.live_job != Pubkey::default() {
            self.findings.refused(Subject::Device(e.device), "it has a live job");
        }
        let Some(operator) = self.jobs.operators.get_mut(&device.operator) else { return };
        operator.devices = operator.devices.saturating_sub(1);
        operator.required_stake = operator.required_stake.saturating_sub(device.required_stake);
        compare!(self.findings, Subject::Operator(e.operator), {
            owner: device.operator, e.operator;
            required_stake: operator.required_stake, e.required_stake;
        });
    }

    fn job_posted(&mut self, e: &JobPosted) {
        let subject = Subject::Job(e.job);
        match self.credits.escrows.get(&e.job) {
            Some((user, amount)) => compare!(self.findings, subject, { user: *user, e.user; price: *amount, e.price; }),
            None => self.findings.refused(subject, "nothing is locked for it"),
        }
        let next = self.jobs.users.entry(e.user).or_insert(0);
        self.findings.check(Subject::User(e.user), "next_seq", *next, e.seq);
        *next = e.seq.saturating_add(1);
        let job = Job {
            user: e.user,
            seq: e.seq,
            price: e.price,
            execute_s: e.execute_s,
            claim_deadline: e.claim_deadline,
            claim: None,
            committed: false,
            commitment: [0; 32],
            audit: Audit::None,
            window_end: 0,
            demands: Demands::default(),
        };
        if self.jobs.live.insert(e.job, job).is_some() {
            self.findings.refused(subject, "posted twice");
        }
    }

    fn job_claimed(&mut self, e: &JobClaimed) {
        let subject = Subject::Job(e.job);
        let reservation = self.handed.reservation.take();
        let pool = self.staking.operator_pool(&e.operator);
        let expected = pool.map(|pool| Reservation::Reserved { pool, amount: e.reserved });
        // Nothing is reserved for a job that costs nothing.
        if e.reserved > 0 && (reservation != expected || expected.is_none()) {
            self.findings.found(subject, "reserved", format_args!("{reservation:?}"), e.reserved);
        }
        let settled = self.jobs.rounds.settled;
        match self.jobs.devices.get_mut(&e.device) {
            Some(device) if device.live_job == Pubkey::default() => {
                let standing = &device.standing;
                let good = standing.good_round >= settled && standing.good_round >= standing.failed_round;
                if !good || standing.challenge.caught_by != Pubkey::default() {
                    self.findings.refused(Subject::Device(e.device), "it has not passed the last challenge round");
                }
                self.findings.check(Subject::Device(e.device), "operator", device.operator, e.operator);
                device.live_job = e.job;
            }
            Some(_) => self.findings.refused(Subject::Device(e.device), "it has a live job"),
            None => self.findings.refused(Subject::Device(e.device), "never registered"),
        }
        let Some(job) = self.jobs.live.get_mut(&e.job).filter(|job| job.claim.is_none()) else {
            return self.findings.refused(subject, "it does not wait for a claim");
        };
        if e.stamp.time > job.claim_deadline {
            self.findings.refused(subject, "its claim deadline has passed");
        }
        let commit_deadline = e.stamp.time.saturating_add(i64::from(job.execute_s));
        self.findings.check(subject, "commit_deadline", commit_deadline, e.commit_deadline);
        let (device, operator, reserved) = (e.device, e.operator, e.reserved);
        let JobClaimed { audit_bps, audit_cells, .. } = *e;
        compare!(self.findings, subject, {
            audit_bps: self.jobs.orders.get("AuditBps"), u64::from(audit_bps);
            audit_cells: self.jobs.orders.get("AuditCells"), u64::from(audit_cells);
        });
        job.claim = Some(Claim { device, operator, reserved, commit_deadline, audit_bps, audit_cells });
    }

    fn result_committed(&mut self, e: &ResultCommitted) {
        match self.jobs.live.get_mut(&e.job) {
            Some(job) if job.claim.is_some_and(|claim| claim.device == e.device) && !job.committed => {
                (job.committed, job.commitment) = (true, e.commitment);
                job.audit = Audit::after(e.stamp.slot);
                let draw_slot = job.audit.draw_slot().unwrap_or_default();
                self.findings.check(Subject::Job(e.job), "draw_slot", draw_slot, e.draw_slot);
                job.window_end = e.stamp.time.saturating_add(self.jobs.orders.seconds("ChallengeWindowS").into());
                self.findings.check(Subject::Job(e.job), "window_end", job.window_end, e.window_end);
            }
            _ => self.findings.refused(Subject::Job(e.job), "the device has not claimed it"),
        }
    }

    /// Ends a claimed job for its device and operator.
    pub(super) fn end(&mut self, job: Pubkey, ending: Ending) -> Option<(Job, Claim)> {
        let ended = self.jobs.live.remove(&job);
        let Some((ended, claim)) = ended.and_then(|ended| Some((ended, ended.claim?))) else {
            self.findings.refused(Subject::Job(job), "nobody has claimed it");
            return None;
        };
        if let Some(device) = self.jobs.devices.get_mut(&claim.device) {
            self.findings.check(Subject::Device(claim.device), "live_job", device.live_job, job);
            device.live_job = Pubkey::default();
            device.record.count(ending);
        }
        if let Some(operator) = self.jobs.operators.get_mut(&claim.operator) {
            operator.record.count(ending);
        }
        Some((ended, claim))
    }

    /// What happened to the reservation in the same instruction must be what the job's ending demands.
    pub(super) fn reservation_is(&mut self, job: Pubkey, claim: Claim, expected: impl FnOnce(Pubkey) -> Reservation) {
        let found = self.handed.reservation.take();
        let expected = self.staking.operator_pool(&claim.operator).map(expected);
        self.findings.checks += 1;
        if claim.reserved > 0 && (found != expected || expected.is_none()) {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            self.findings.found(Subject::Job(job), "reservation", expected, found);
        }
    }

    fn job_paid(&mut self, e: &JobPaid) {
        let Some((job, claim)) = self.end(e.job, Ending::Paid) else { return };
        if e.verification == Verification::Unchallenged {
            self.jobs.nothing_is_demanded(&mut self.findings, e.job, job.demands);
        }
        let paid = self.jobs.devices.get(&claim.device).map_or(0, |device| device.record.paid);
        compare!(self.findings, Subject::Job(e.job), {
            price: job.price, e.price;
            device: claim.device, e.device;
            operator: claim.operator, e.operator;
        });
        self.is_known_as(e, job);
        self.findings.check(Subject::Device(claim.device), "jobs_paid", paid, e.device_jobs_paid);
        self.reservation_is(e.job, claim, |pool| Reservation::Released { pool, amount: claim.reserved });
    }

    /// Cancelled, or expired unclaimed.
    fn job_returned(&mut self, job: Pubkey, refund: u64) {
        match self.jobs.live.remove(&job) {
            Some(ended) if ended.claim.is_none() => {
                self.findings.check(Subject::Job(job), "refund", ended.price, refund);
            }
            _ => self.findings.refused(Subject::Job(job), "it does not wait for a claim"),
        }
    }

    fn job_expired(&mut self, e: &JobExpired) {
        if e.device.is_none() {
            return self.job_returned(e.job, e.refund);
        }
        let Some((job, claim)) = self.end(e.job, Ending::Expired) else { return };
        let subject = Subject::Job(e.job);
        let forfeited = economy::claim::forfeit(claim.reserved, self.jobs.orders.bps("ForfeitBps")).unwrap_or(0);
        compare!(self.findings, subject, { refund: job.price, e.refund; forfeited: forfeited, e.forfeited; });
        if e.stamp.time <= claim.commit_deadline {
            self.findings.refused(subject, "its commit deadline has not passed");
        }
        self.reservation_is(e.job, claim, |pool| Reservation::Forfeited {
            pool,
            user: job.user,
            to_user: forfeited,
            released: claim.reserved.saturating_sub(forfeited),
        });
    }

    fn fault_proven(&mut self, e: &FaultProven) {
        let Some(ended) = self.end(e.job, Ending::Faulted) else { return };
        let said = Loss { refund: e.refund, slashed: e.slashed, device: e.device, operator: e.operator };
        self.is_slashed(e.job, ended, said, SlashReason::WrongCell);
    }

    /// What is said of a job that ended with a slash must follow from its price and its claim.
    pub(super) fn is_slashed(&mut self, at: Pubkey, (job, claim): (Job, Claim), said: Loss, reason: SlashReason) {
        compare!(self.findings, Subject::Job(at), {
            refund: job.price, said.refund;
            slashed: claim.reserved, said.slashed;
            device: claim.device, said.device;
            operator: claim.operator, said.operator;
        });
        self.reservation_is(at, claim, |pool| Reservation::Slashed { pool, reserved: claim.reserved, reason });
    }
}
