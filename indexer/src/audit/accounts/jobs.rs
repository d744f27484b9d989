use super::{Accounts, Said};
use crate::audit::books::Books;
use crate::audit::chain::Reading;
use crate::audit::finding::{Subject, compare};
use crate::decode::Program;
use ::jobs::Parameter;
use ::jobs::state::{Config, Demand, Device, Job, Operator, Phase, Round, Status, User};
use anchor_lang::prelude::Pubkey;

impl Books {
    pub(super) fn compare_jobs(&mut self, reading: &Reading) {
        let Self { jobs, findings, sequences, .. } = self;
        let mut accounts = Accounts::new(reading);
        let program = Program::Jobs;
        if let Some(config) = accounts.take::<Config>(findings, Subject::Config(program)) {
            let said = Said {
                all: &Parameter::ALL,
                value: &|parameter| config.get(parameter),
                paused: config.paused,
                authority: config.authority,
                pending: config.pending_authority,
            };
            jobs.orders.compare(findings, program, &said);
            let rounds = &jobs.rounds;
            compare!(findings, Subject::Config(program), {
                round: rounds.last, config.round;
                round_live: rounds.live, config.round_live;
                next_round_at: rounds.next_at, config.next_round_at;
                settled_round: rounds.settled, config.settled_round;
                idle_promised: rounds.promised, config.idle_promised;
            });
        }
        for (number, books) in &jobs.rounds.open {
            let subject = Subject::Round(*number);
            let Some(said) = accounts.take::<Round>(findings, subject) else { continue };
            let phase = match said.phase {
                Phase::Open => "open",
                Phase::Closed { .. } => "closed",
                Phase::Drawn { .. } => "drawn",
                Phase::Ended => "ended",
                Phase::Void => "void",
            };
            compare!(findings, subject, {
                phase: books.phase, phase;
                opened_at: books.opened_at, said.opened_at;
                window_end: books.window_end, said.window_end;
                committed: books.committed, said.committed;
                passed: books.passed, said.passed;
                weight: books.weight, said.weight;
                unshared: books.unshared, said.unshared;
                budget: books.budget, said.budget;
                shared: books.shared, said.shared;
            });
        }
        for (owner, books) in &jobs.operators {
            let subject = Subject::Operator(*owner);
            let Some(said) = accounts.take::<Operator>(findings, subject) else { continue };
            compare!(findings, subject, {
                devices: books.devices, said.devices;
                required_stake: books.required_stake, said.required_stake;
                idle_owed: books.idle_owed, said.idle_owed;
                jobs_paid: books.record.paid, said.jobs_paid;
                jobs_expired: books.record.expired, said.jobs_expired;
                jobs_faulted: books.record.faulted, said.jobs_faulted;
            });
        }
        for (key, books) in &jobs.devices {
            let subject = Subject::Device(*key);
            let Some(said) = accounts.take::<Device>(findings, subject) else { continue };
            compare!(findings, subject, {
                operator: books.operator, said.operator;
                class: books.class, said.class;
                required_stake: books.required_stake, said.required_stake;
                live_job: books.live_job, said.live_job;
                offer: books.standing.offer, said.offer;
                measured: books.standing.measured, said.measured;
                since_round: books.standing.since_round, said.since_round;
                good_round: books.standing.good_round, said.good_round;
                failed_round: books.standing.failed_round, said.failed_round;
                challenges_passed: books.standing.passed, said.challenges_passed;
                challenges_failed: books.standing.failed, said.challenges_failed;
                marks: books.standing.marks, said.marks;
                challenge: format!("{:?}", books.standing.challenge), format!("{:?}", said.challenge);
                pay_round: books.standing.pay_round, said.pay_round;
                pay_weight: books.standing.pay_weight, said.pay_weight;
                jobs_paid: books.record.paid, said.jobs_paid;
                jobs_expired: books.record.expired, said.jobs_expired;
                jobs_faulted: books.record.faulted, said.jobs_faulted;
            });
        }
        for (user, next_seq) in &jobs.users {
            let subject = Subject::User(*user);
            let Some(said) = accounts.take::<User>(findings, subject) else { continue };
            findings.check(subject, "next_seq", *next_seq, said.next_seq);
        }
        for (address, books) in &jobs.live {
            let subject = Subject::Job(*address);
            let Some(said) = accounts.take::<Job>(findings, subject) else { continue };
            let status = match (books.claim, books.committed) {
                (None, _) => Status::Posted,
                (Some(_), false) => Status::Claimed,
                (Some(_), true) => Status::Committed,
            };
            compare!(findings, subject, {
                status: format!("{status:?}"), format!("{:?}", said.status);
                user: books.user, said.user;
                seq: books.seq, said.seq;
                price: books.price, said.price;
                device: books.claim.map_or(Pubkey::default(), |claim| claim.device), said.device;
                operator: books.claim.map_or(Pubkey::default(), |claim| claim.operator), said.operator;
                reserved: books.claim.map_or(0, |claim| claim.reserved), said.reserved;
                audit_bps: books.claim.map_or(0, |claim| claim.audit_bps), said.audit_bps;
                audit_cells: books.claim.map_or(0, |claim| claim.audit_cells), said.audit_cells;
                audit: format!("{:?}", books.audit), format!("{:?}", said.audit);
                window_end: books.window_end, said.window_end;
                demands: format!("{:?}", books.demands), format!("{:?}", said.demands);
            });
        }
        for ((job, n), books) in &jobs.demands {
            let subject = Subject::Demand(*job, *n);
            let Some(said) = accounts.take::<Demand>(findings, subject) else { continue };
            compare!(findings, subject, {
                job: *job, said.job;
                n: *n, said.n;
                demander: books.demander, said.demander;
                item: format!("{:?}", books.item), format!("{:?}", said.item);
                bond: books.bond, said.bond;
                deadline: books.deadline, said.deadline;
            });
        }
        accounts.no_other::<Operator>(findings);
        accounts.no_other::<Device>(findings);
        accounts.no_other::<Round>(findings);
        accounts.no_other::<User>(findings);
        accounts.no_other::<Job>(findings);
        accounts.no_other::<Demand>(findings);
        accounts.sequences(findings, sequences, program);
    }
}
