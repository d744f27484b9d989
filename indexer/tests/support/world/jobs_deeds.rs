//! Devices and jobs, with the stake behind them.
use super::{PRICE, World, pda};
use crate::support::story::key;
use anchor_lang::prelude::{Clock, Pubkey};
use credits::events::Stamp;
use economy::claim::ClaimTerms;
use indexer::Program::Jobs;
use jobs::constants::{CONFIG_SEED, JOB_SEED};
use jobs::events::*;
use jobs::state::{Demand, Demands, Device, Ending, Item, Job, Operator, Status};
use staking::SlashReason;
use staking::constants::POOL_SEED;

/// Seconds from claim to commitment.
const EXECUTE_S: u32 = 8;

/// The clock at an event.
pub(super) fn clock_of(stamp: &Stamp) -> Clock {
    Clock { slot: stamp.slot, unix_timestamp: stamp.time, ..Clock::default() }
}

pub(super) fn pool_of(operator: &Pubkey) -> Pubkey {
    pda(indexer::Program::Staking, &[POOL_SEED, operator.as_ref(), &[0]])
}

impl World {
    pub fn open_operator(&mut self, owner: Pubkey) {
        self.open_earnings(owner);
        let operator = Operator {
            owner,
            devices: 0,
            required_stake: 0,
            jobs_paid: 0,
            jobs_expired: 0,
            jobs_faulted: 0,
            idle_owed: 0,
            bump: 255,
        };
        self.ledger.operators.insert(owner, operator);
        let stamp = self.stamp(Jobs, &owner);
        self.say(Jobs, &OperatorRegistered { stamp, operator: owner });
        self.done();
    }

    pub fn register_device(&mut self, device: Pubkey, owner: Pubkey, name: &str, class: u8) {
        let stake = self.ledger.jobs.class_stake[usize::from(class)];
        let operator = self.ledger.operators.get_mut(&owner).unwrap();
        operator.add_device(stake).unwrap();
        let required_stake = operator.required_stake;
        let account = Device {
            key: device,
            operator: owner,
            class,
            required_stake: stake,
            live_job: Pubkey::default(),
            jobs_paid: 0,
            jobs_expired: 0,
            jobs_faulted: 0,
            name: name.into(),
            offer: 0,
            measured: 0,
            since_round: 0,
            good_round: 0,
            failed_round: 0,
            challenges_passed: 0,
            challenges_failed: 0,
            marks: 0,
            challenge: Default::default(),
            pay_round: 0,
            pay_weight: 0,
            bump: 255,
        };
        self.ledger.devices.insert(device, account);
        let stamp = self.stamp(Jobs, &device);
        let name = name.to_owned();
        let since_round = self.ledger.jobs.round;
        self.say(Jobs, &DeviceRegistered { stamp, device, operator: owner, name, class, required_stake, since_round });
        self.done();
    }

    pub fn retire_device(&mut self, device: Pubkey) {
        let account = self.ledger.devices.remove(&device).unwrap();
        let operator = self.ledger.operators.get_mut(&account.operator).unwrap();
        operator.remove_device(account.required_stake).unwrap();
        let required_stake = operator.required_stake;
        let stamp = self.stamp(Jobs, &device);
        self.say(Jobs, &DeviceRetired { stamp, device, operator: account.operator, required_stake });
        self.done();
    }

    pub fn post(&mut self, user: Pubkey, price: u64) -> Pubkey {
        let next = self.ledger.posted.entry(user).or_insert(0);
        let seq = *next;
        *next += 1;
        let job = pda(Jobs, &[JOB_SEED, user.as_ref(), &seq.to_le_bytes()]);
        self.lock(job, user, price);
        let claim_deadline = self.now() + 600;
        let account = Job {
            status: Status::Posted,
            user,
            seq,
            model_root: [1; 32],
            rows: 64,
            input_root: [4; 32],
            input_blob: [5; 32],
            model_blob: [7; 32],
            price,
            claim_deadline,
            execute_s: EXECUTE_S,
            device: Pubkey::default(),
            operator: Pubkey::default(),
            reserved: 0,
            commit_deadline: 0,
            commitment: [0; 32],
            result_blob: [0; 32],
            window_end: 0,
            audit_bps: 0,
            audit_cells: 0,
            audit: jobs::state::Audit::None,
            demands: Demands::default(),
            bump: 255,
        };
        self.ledger.live.insert(job, account);
        let event = JobPosted {
            stamp: self.stamp(Jobs, &job),
            job,
            user,
            seq,
            model_root: [1; 32],
            rows: 64,
            input_root: [4; 32],
            input_blob: [5; 32],
            model_blob: [7; 32],
            price,
            claim_deadline,
            execute_s: EXECUTE_S,
        };
        self.say(Jobs, &event);
        self.done();
        job
    }

    pub fn claim(&mut self, job: Pubkey, device: Pubkey) {
        let now = self.now();
        let operator = self.ledger.devices[&device].operator;
        let account = self.ledger.live.get_mut(&job).unwrap();
        let jobs::state::Config { reserve_bps, audit_bps, audit_cells, .. } = self.ledger.jobs;
        let terms = ClaimTerms { reserve_bps, audit_bps, prover_bps: self.ledger.staking.prover_bps };
        let reserved = economy::claim::reservation(account.price, terms, PRICE).unwrap();
        account.claim(device, operator, reserved, &self.ledger.jobs, now).unwrap();
        let commit_deadline = account.commit_deadline;
        self.ledger.devices.get_mut(&device).unwrap().take(job).unwrap();
        self.reserve(pool_of(&operator), reserved);
        let stamp = self.stamp(Jobs, &job);
        let event = JobClaimed { stamp, job, device, operator, commit_deadline, reserved, audit_bps, audit_cells };
        self.say(Jobs, &event);
        self.done();
    }

    pub fn commit(&mut self, job: Pubkey) {
        let stamp = self.stamp(Jobs, &job);
        let account = self.ledger.live.get_mut(&job).unwrap();
        let clock = clock_of(&stamp);
        account.commit([6; 32], [8; 32], self.ledger.jobs.challenge_window_s, &clock).unwrap();
        let (device, window_end) = (account.device, account.window_end);
        let draw_slot = account.audit.draw_slot().unwrap();
        let (commitment, result_blob) = ([6; 32], [8; 32]);
        self.say(Jobs, &ResultCommitted { stamp, job, device, commitment, result_blob, window_end, draw_slot });
        self.done();
    }

    pub(super) fn end(&mut self, job: &Pubkey, ending: Ending) -> (Job, u64) {
        let account = self.ledger.live.remove(job).unwrap();
        let device = self.ledger.devices.get_mut(&account.device).unwrap();
        let operator = self.ledger.operators.get_mut(&account.operator).unwrap();
        device.end(operator, job, ending).unwrap();
        (account, device.jobs_paid)
    }

    pub fn pay(&mut self, job: Pubkey, verification: Verification) {
        let (Job { device, operator, price, reserved, .. }, device_jobs_paid) = self.end(&job, Ending::Paid);
        self.settle(job, operator);
        self.release(pool_of(&operator), reserved);
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &JobPaid { stamp, job, device, operator, price, verification, device_jobs_paid });
        self.done();
    }

    pub fn cancel(&mut self, job: Pubkey) {
        self.ledger.live.remove(&job).unwrap();
        let refund = self.refund(job);
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &JobCancelled { stamp, job, refund });
        self.done();
    }

    /// The device did not commit in time, which passes here.
    pub fn expire_claim(&mut self, job: Pubkey) {
        self.wait(u64::from(EXECUTE_S) + 2);
        let (Job { user, device, operator, reserved, .. }, _) = self.end(&job, Ending::Expired);
        let refund = self.refund(job);
        let forfeited = economy::claim::forfeit(reserved, self.ledger.jobs.forfeit_bps).unwrap();
        self.forfeit(pool_of(&operator), user, reserved, forfeited);
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &JobExpired { stamp, job, device: Some(device), refund, forfeited });
        self.done();
    }

    pub fn dispute(&mut self, job: Pubkey) {
        let (Job { device, operator, reserved, .. }, _) = self.end(&job, Ending::Faulted);
        let refund = self.refund(job);
        self.take(pool_of(&operator), reserved, 0, SlashReason::WrongCell);
        let event = FaultProven {
            stamp: self.stamp(Jobs, &job),
            job,
            device,
            operator,
            prover: key(9_002),
            layer: 2,
            row: 5,
            column: 7,
            expected: -3,
            committed: 12,
            refund,
            slashed: reserved,
        };
        self.say(Jobs, &event);
        self.done();
    }

    pub fn demand(&mut self, job: Pubkey, demander: Pubkey, item: Item) -> u16 {
        let now = self.now();
        let n = self.ledger.live.get_mut(&job).unwrap().demand(&demander, now).unwrap();
        let (bond, deadline) = (self.ledger.jobs.demand_bond, now + i64::from(self.ledger.jobs.demand_answer_s));
        self.ledger.demands.insert((job, n), Demand { job, n, demander, item, bond, deadline, bump: 255 });
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &DemandMade { stamp, job, n, demander, item, bond, deadline });
        self.done();
        n
    }

    pub fn answer(&mut self, job: Pubkey, n: u16, data: Vec<u8>) {
        let (now, answer_s) = (self.now(), self.ledger.jobs.demand_answer_s);
        let Demand { demander, bond, .. } = self.ledger.demands.remove(&(job, n)).unwrap();
        let account = self.ledger.live.get_mut(&job).unwrap();
        account.demand_answered(&demander, answer_s, now).unwrap();
        let (prover, window_end) = (account.device, account.window_end);
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &DemandAnswered { stamp, job, n, demander, prover, bond, window_end, data });
        self.done();
    }

    /// Nobody answers in time, which passes here.
    pub fn stay_silent(&mut self, job: Pubkey, n: u16) {
        self.wait(u64::from(self.ledger.jobs.demand_answer_s) + 2);
        let Demand { demander, bond, .. } = self.ledger.demands.remove(&(job, n)).unwrap();
        let (Job { device, operator, reserved, .. }, _) = self.end(&job, Ending::Faulted);
        let refund = self.refund(job);
        self.take(pool_of(&operator), reserved, 0, SlashReason::Silence);
        let (stamp, caller, slashed) = (self.stamp(Jobs, &job), key(9_002), reserved);
        self.say(Jobs, &DemandExpired { stamp, job, n, demander, bond, device, operator, caller, refund, slashed });
        self.done();
    }

    pub fn close_demand(&mut self, job: Pubkey, n: u16) {
        let Demand { demander, bond, .. } = self.ledger.demands.remove(&(job, n)).unwrap();
        let stamp = self.stamp(Jobs, &job);
        self.say(Jobs, &DemandClosed { stamp, job, n, demander, bond });
        self.done();
    }

    pub(super) fn order_jobs(&mut self, order: jobs::Order) {
        let stamp = self.stamp(Jobs, &pda(Jobs, &[CONFIG_SEED]));
        match order {
            jobs::Order::Set { parameter, value } => {
                let old = self.ledger.jobs.set(parameter, value).unwrap();
                self.say(Jobs, &ParameterSet { stamp, parameter, old, new: value });
            }
            jobs::Order::Pause { flags } => {
                self.ledger.jobs.paused = flags;
                self.say(Jobs, &Paused { stamp, flags });
            }
            jobs::Order::OfferAuthority { to } => {
                self.ledger.jobs.pending_authority = to;
                self.say(Jobs, &AuthorityOffered { stamp, to });
            }
        }
    }
}
