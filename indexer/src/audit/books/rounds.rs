//! Challenge rounds: what devices answered, passed and failed, and the idle pay that follows.
use super::credits::add;
use super::jobs::Device;
use super::{Books, Reservation};
use crate::audit::finding::{Subject, compare};
use ::credits::Purpose;
use ::jobs::RoundRules;
use ::jobs::events::*;
use ::jobs::state::{Challenge, Failure};
use anchor_lang::prelude::Pubkey;
use judge::challenge::{CELLS, macs, seed};
use staking::SlashReason;
use std::collections::BTreeMap;

/// The rounds and what they promise.
#[derive(Default)]
pub struct Rounds {
    pub last: u64,
    pub live: bool,
    pub next_at: i64,
    pub settled: u64,
    /// Idle pay that is promised and not claimed, IO base units.
    pub promised: u64,
    /// Those whose accounts exist.
    pub open: BTreeMap<u64, Round>,
}

pub struct Round {
    pub slot_hash: [u8; 32],
    pub opened_at: i64,
    pub window_end: i64,
    pub rules: RoundRules,
    pub phase: &'static str,
    pub proofs_until: i64,
    pub committed: u32,
    pub passed: u32,
    pub weight: u128,
    pub unshared: u32,
    pub budget: u64,
    pub shared: u64,
}

/// How a device stands in challenges.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    pub offer: u64,
    pub measured: u64,
    pub since_round: u64,
    pub good_round: u64,
    pub failed_round: u64,
    pub passed: u64,
    pub failed: u64,
    pub marks: u64,
    pub challenge: Challenge,
    pub pay_round: u64,
    pub pay_weight: u64,
}

impl Books {
    pub(super) fn rounds_event(&mut self, event: &crate::decode::JobsEvent) {
        use crate::decode::JobsEvent as E;
        match event {
            E::OfferSet(e) => {
                if let Some(device) = self.known(e.device) {
                    device.standing.offer = e.price;
                }
            }
            E::ClassSet(e) => self.class_set(e),
            E::RoundOpened(e) => self.round_opened(e),
            E::WindowClosed(e) => self.window_closed(e),
            E::CellsDrawn(e) => self.cells_drawn(e),
            E::RoundEnded(e) => self.round_ended(e),
            E::RoundVoided(e) => self.round_voided(e),
            E::ChallengeCommitted(e) => self.challenge_committed(e),
            E::CellAnswered(e) => self.cell_answered(e),
            E::ChallengePassed(e) => self.challenge_passed(e),
            E::WrongCellProven(e) => self.wrong_cell_proven(e),
            E::ChallengeFailed(e) => self.challenge_failed(e),
            E::IdlePayShared(e) => self.idle_pay_shared(e),
            E::IdlePaid(e) => self.idle_paid(e),
            E::RoundClosed(e) => self.round_closed(e),
            _ => {}
        }
    }

    fn known(&mut self, device: Pubkey) -> Option<&mut Device> {
        let known = self.jobs.devices.get_mut(&device);
        if known.is_none() {
            self.findings.refused(Subject::Device(device), "never registered");
        }
        known
    }

    fn round(&mut self, number: u64) -> Option<&mut Round> {
        let round = self.jobs.rounds.open.get_mut(&number);
        if round.is_none() {
            self.findings.refused(Subject::Round(number), "never opened, or closed");
        }
        round
    }

    fn in_phase(&mut self, number: u64, phases: &[&str]) {
        let Some(round) = self.round(number) else { return };
        let phase = round.phase;
        self.findings.checks += 1;
        if !phases.contains(&phase) {
            self.findings.refused(Subject::Round(number), format_args!("it is {phase}"));
        }
    }

    /// The class and stake of a device and what its operator's devices need.
    fn placed(&mut self, key: Pubkey, (class, stake): (u8, u64), operator: Pubkey, required: u64) {
        let Some(device) = self.known(key) else { return };
        let (old, owner) = (device.required_stake, device.operator);
        (device.class, device.required_stake) = (class, stake);
        self.findings.check(Subject::Device(key), "operator", owner, operator);
        let Some(books) = self.jobs.operators.get_mut(&operator) else { return };
        books.required_stake = books.required_stake.saturating_sub(old).saturating_add(stake);
        let books = books.required_stake;
        self.findings.check(Subject::Operator(operator), "required_stake", books, required);
    }

    fn class_stake(&self, class: u8) -> u64 {
        self.jobs.orders.get(&format!("ClassStake{class}"))
    }

    fn class_set(&mut self, e: &ClassSet) {
        let stake = self.class_stake(e.class);
        let least = self.jobs.orders.get(&format!("ClassThroughput{}", e.class));
        let Some(device) = self.known(e.device) else { return };
        let (raised, measured) = (e.class > device.class, device.standing.measured);
        if raised && measured < least {
            self.findings.refused(Subject::Device(e.device), format_args!("{measured} measured, {least} needed"));
        }
        self.findings.check(Subject::Device(e.device), "required_stake", stake, e.device_stake);
        self.placed(e.device, (e.class, stake), e.operator, e.required_stake);
        if raised {
            self.has_stake(e.operator, e.required_stake);
        }
    }

    fn round_opened(&mut self, e: &RoundOpened) {
        let subject = Subject::Round(e.number);
        let rounds = &mut self.jobs.rounds;
        self.findings.check(subject, "number", rounds.last.saturating_add(1), e.number);
        if rounds.live || e.stamp.time < rounds.next_at {
            self.findings.refused(subject, "the last round is not over, or it is too early");
        }
        (rounds.last, rounds.live, rounds.next_at) = (e.number, true, e.next_round_at);
        for parameter in ::jobs::Parameter::ALL {
            let value = e.rules.get(parameter);
            let name = crate::decode::words::name(parameter);
            if value > 0 && value != self.jobs.orders.get(&name) {
                self.findings.found(subject, "rules", format_args!("{name} {}", self.jobs.orders.get(&name)), value);
            }
        }
        compare!(self.findings, subject, {
            window_end: e.stamp.time.saturating_add(e.rules.window_s.into()), e.window_end;
            next_round_at: e.stamp.time.saturating_add(e.rules.every_s.into()), e.next_round_at;
        });
        let round = Round {
            slot_hash: e.slot_hash,
            opened_at: e.stamp.time,
            window_end: e.window_end,
            rules: e.rules,
            phase: "open",
            proofs_until: 0,
            committed: 0,
            passed: 0,
            weight: 0,
            unshared: 0,
            budget: 0,
            shared: 0,
        };
        self.jobs.rounds.open.insert(e.number, round);
    }

    fn window_closed(&mut self, e: &WindowClosed) {
        self.in_phase(e.number, &["open"]);
        let Some(round) = self.round(e.number) else { return };
        round.phase = "closed";
        let (committed, end) = (round.committed, round.window_end);
        self.findings.check(Subject::Round(e.number), "committed", committed, e.committed);
        if e.stamp.time <= end {
            self.findings.refused(Subject::Round(e.number), "its window has not ended");
        }
    }

    fn cells_drawn(&mut self, e: &CellsDrawn) {
        self.in_phase(e.number, &["closed"]);
        let Some(round) = self.round(e.number) else { return };
        (round.phase, round.proofs_until) = ("drawn", e.proofs_until);
        let answer_s = i64::from(round.rules.answer_s);
        compare!(self.findings, Subject::Round(e.number), {
            answers_until: e.stamp.time.saturating_add(answer_s), e.answers_until;
            proofs_until: e.answers_until.saturating_add(answer_s), e.proofs_until;
        });
    }

    fn round_ended(&mut self, e: &RoundEnded) {
        self.in_phase(e.number, &["drawn"]);
        let idle = self.credits.emission.budgets[Purpose::Idle as usize];
        let free = i128::from(idle.available) - i128::from(self.jobs.rounds.promised);
        let free = idle.limits.map_or(free, |(_, _, in_epoch)| free.min(in_epoch.into()));
        let Some(round) = self.round(e.number) else { return };
        (round.phase, round.budget) = ("ended", e.budget);
        let (passed, weight, until) = (round.passed, round.weight, round.proofs_until);
        if e.stamp.time <= until {
            self.findings.refused(Subject::Round(e.number), "wrong cells can still be proven");
        }
        self.findings.check_most(Subject::Round(e.number), "budget", if weight > 0 { free } else { 0 }, e.budget);
        let rounds = &mut self.jobs.rounds;
        (rounds.live, rounds.settled) = (false, e.number);
        add(&mut rounds.promised, e.budget);
        compare!(self.findings, Subject::Round(e.number), {
            passed: passed, e.passed;
            weight: weight, e.weight;
            promised: rounds.promised, e.promised;
        });
    }

    fn round_voided(&mut self, e: &RoundVoided) {
        self.in_phase(e.number, &["open", "closed", "drawn"]);
        let Some(round) = self.round(e.number) else { return };
        round.phase = "void";
        let (committed, passed) = (round.committed, round.passed);
        compare!(self.findings, Subject::Round(e.number), { committed: committed, e.committed; passed: passed, 0; });
        self.jobs.rounds.live = false;
    }

    fn challenge_committed(&mut self, e: &ChallengeCommitted) {
        self.in_phase(e.number, &["open"]);
        let subject = Subject::Device(e.device);
        let Some(round) = self.round(e.number) else { return };
        round.committed = round.committed.saturating_add(1);
        let (of, rules) = (seed(&round.slot_hash, e.number, &e.device.to_bytes()), round.rules);
        let (seconds, late) = (e.stamp.time.saturating_sub(round.opened_at), e.stamp.time > round.window_end);
        let Some(device) = self.known(e.device) else { return };
        let class = device.class;
        let rows = rules.rows.get(usize::from(class)).copied().unwrap_or_default();
        let throughput = economy::idle::throughput(macs(rows), seconds).unwrap_or_default();
        let standing = &mut device.standing;
        let offer = standing.offer;
        let nominated = standing.since_round < e.number && standing.challenge.round < e.number;
        let clean = standing.pay_weight == 0 && standing.challenge.caught_by == Pubkey::default();
        standing.challenge = Challenge {
            round: e.number,
            seed: of,
            root: e.root,
            class,
            rows,
            throughput,
            offer,
            answered: 0,
            caught_by: Pubkey::default(),
        };
        if late || !nominated || !clean {
            self.findings.refused(subject, "it may not commit to an answer in this round now");
        }
        compare!(self.findings, subject, {
            class: class, e.class;
            rows: rows, e.rows;
            seed: format!("{of:?}"), format!("{:?}", e.seed);
            seconds: seconds, i64::from(e.seconds);
            throughput: throughput, e.throughput;
        });
    }

    fn cell_answered(&mut self, e: &CellAnswered) {
        self.in_phase(e.number, &["drawn"]);
        let Some(device) = self.known(e.device) else { return };
        let challenge = &mut device.standing.challenge;
        let again = challenge.round != e.number || usize::from(e.index) >= CELLS;
        challenge.answered |= 1u16.checked_shl(e.index.into()).unwrap_or(0);
        let answered = challenge.answered;
        self.findings.check(Subject::Device(e.device), "answered", answered, e.answered);
        if again {
            self.findings.refused(Subject::Device(e.device), "it has no such cell to answer");
        }
    }

    fn challenge_passed(&mut self, e: &ChallengePassed) {
        self.in_phase(e.number, &["drawn"]);
        let Some(rules) = self.round(e.number).map(|round| round.rules) else { return };
        let Some(device) = self.known(e.device) else { return };
        let marks = device.record.expired.saturating_add(device.record.faulted);
        let standing = &mut device.standing;
        let ceiling = rules.ceiling.get(usize::from(standing.challenge.class)).copied().unwrap_or_default();
        let offer = standing.challenge.offer;
        let paid = offer > 0 && offer <= ceiling && marks == standing.marks;
        let weight = if paid { standing.challenge.throughput } else { 0 };
        let missing = standing.challenge.answered.count_zeros();
        standing.challenge.answered = u16::MAX;
        standing.marks = marks;
        standing.measured = standing.challenge.throughput;
        standing.good_round = e.number;
        add(&mut standing.passed, 1);
        (standing.pay_round, standing.pay_weight) = (e.number, weight);
        let measured = standing.measured;
        if missing != 1 {
            self.findings.refused(Subject::Device(e.device), format_args!("{missing} cells were not answered"));
        }
        compare!(self.findings, Subject::Device(e.device), {
            throughput: measured, e.throughput;
            weight: weight, e.weight;
        });
        if let Some(round) = self.round(e.number) {
            round.passed = round.passed.saturating_add(1);
            round.weight = round.weight.saturating_add(weight.into());
            round.unshared = round.unshared.saturating_add(u32::from(weight > 0));
        }
    }

    fn wrong_cell_proven(&mut self, e: &WrongCellProven) {
        self.in_phase(e.number, &["open", "closed", "drawn"]);
        let Some(device) = self.known(e.device) else { return };
        let standing = &mut device.standing;
        let other = standing.challenge.round != e.number || standing.failed_round >= e.number;
        let had = (standing.good_round == e.number).then_some(standing.pay_weight);
        if had.is_some() {
            standing.pay_weight = 0;
            standing.passed = standing.passed.saturating_sub(1);
            standing.good_round = e.number.saturating_sub(1);
        }
        standing.challenge.caught_by = e.prover;
        if other || e.expected == e.committed {
            self.findings.refused(Subject::Device(e.device), "no answer of it in this round is wrong there");
        }
        if let (Some(weight), Some(round)) = (had, self.round(e.number)) {
            round.passed = round.passed.saturating_sub(1);
            round.weight = round.weight.saturating_sub(weight.into());
            round.unshared = round.unshared.saturating_sub(u32::from(weight > 0));
        }
    }

    fn challenge_failed(&mut self, e: &ChallengeFailed) {
        let subject = Subject::Device(e.device);
        let settled = self.jobs.rounds.settled;
        let slashed = self.handed.reservation.take();
        let pool = self.staking.operator_pool(&e.operator);
        let bps = self.jobs.orders.bps("ChallengeSlashBps");
        let Some(device) = self.known(e.device) else { return };
        let (class, had) = (device.class.saturating_sub(1), device.required_stake);
        let standing = &mut device.standing;
        let behind = settled == e.number
            && settled > standing.since_round
            && settled > standing.good_round
            && settled > standing.failed_round;
        let caught = standing.challenge.caught_by != Pubkey::default() && standing.challenge.round == e.number;
        let fits = match e.reason {
            Failure::WrongCell => caught,
            Failure::Unanswered => behind && standing.challenge.round == e.number,
            Failure::Missed => behind && standing.challenge.round != e.number,
        };
        standing.challenge.caught_by = Pubkey::default();
        (standing.failed_round, standing.measured) = (e.number, 0);
        add(&mut standing.failed, 1);
        if !fits {
            self.findings.refused(subject, format_args!("{:?} is not how it failed", e.reason));
        }
        let penalty = economy::idle::penalty(had, bps).unwrap_or_default();
        let most = if e.reason == Failure::WrongCell { penalty } else { 0 };
        self.findings.check_most(subject, "slashed", most.into(), e.slashed);
        let expected = pool.map(|pool| Reservation::Slashed { pool, reserved: 0, reason: SlashReason::WrongCell });
        if e.slashed > 0 && (slashed != expected || expected.is_none()) {
            self.findings.found(subject, "slash", format_args!("{slashed:?}"), e.slashed);
        }
        let stake = self.class_stake(class).min(had);
        compare!(self.findings, subject, { class: class, e.class; required_stake: stake, e.device_stake; });
        self.placed(e.device, (class, stake), e.operator, e.required_stake);
    }

    fn idle_pay_shared(&mut self, e: &IdlePayShared) {
        self.in_phase(e.number, &["ended"]);
        let subject = Subject::Device(e.device);
        let Some(device) = self.known(e.device) else { return };
        let (weight, of) = (device.standing.pay_weight, device.standing.pay_round);
        device.standing.pay_weight = 0;
        let Some(round) = self.round(e.number) else { return };
        let share = economy::idle::share(round.budget, weight, round.weight).unwrap_or_default();
        add(&mut round.shared, share);
        round.unshared = round.unshared.saturating_sub(1);
        if weight == 0 || of != e.number {
            self.findings.refused(subject, "it has no share of this round");
        }
        self.findings.check(subject, "idle pay", share, e.amount);
        if let Some(operator) = self.jobs.operators.get_mut(&e.operator) {
            add(&mut operator.idle_owed, share);
            self.findings.check(Subject::Operator(e.operator), "idle_owed", operator.idle_owed, e.owed);
        }
    }

    fn idle_paid(&mut self, e: &IdlePaid) {
        let subject = Subject::Operator(e.operator);
        match self.handed.idle_minted.take() {
            Some(minted) => self.findings.check(subject, "idle pay", minted, e.amount),
            None => self.findings.refused(subject, "nothing was minted for idle devices"),
        }
        let Some(operator) = self.jobs.operators.get_mut(&e.operator) else {
            return self.findings.refused(subject, "never registered");
        };
        self.findings.check_most(subject, "idle pay", operator.idle_owed.into(), e.amount);
        operator.idle_owed = operator.idle_owed.saturating_sub(e.amount);
        self.jobs.rounds.promised = self.jobs.rounds.promised.saturating_sub(e.amount);
        compare!(self.findings, subject, {
            idle_owed: operator.idle_owed, e.owed;
            promised: self.jobs.rounds.promised, e.promised;
        });
    }

    fn round_closed(&mut self, e: &RoundClosed) {
        self.in_phase(e.number, &["ended", "void"]);
        let Some(round) = self.jobs.rounds.open.remove(&e.number) else { return };
        let left = round.budget.saturating_sub(round.shared);
        self.jobs.rounds.promised = self.jobs.rounds.promised.saturating_sub(left);
        if round.unshared > 0 {
            self.findings.refused(Subject::Round(e.number), format_args!("{} devices wait", round.unshared));
        }
        compare!(self.findings, Subject::Round(e.number), {
            left: left, e.left;
            promised: self.jobs.rounds.promised, e.promised;
        });
    }
}
