use super::{Accounts, Said};
use crate::audit::books::Books;
use crate::audit::chain::Reading;
use crate::audit::finding::{Subject, compare};
use crate::decode::Program;
use ::jobs::Parameter;
use ::jobs::state::{Config, Demand, Device, Job, Operator, Shard, Status, User};
use anchor_lang::AccountDeserialize;
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
        }
        for (owner, books) in &jobs.operators {
            let subject = Subject::Operator(*owner);
            let Some(said) = accounts.take::<Operator>(findings, subject) else { continue };
            compare!(findings, subject, {
                devices: books.devices, said.devices;
                required_stake: books.required_stake, said.required_stake;
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
        accounts.no_other::<User>(findings);
        accounts.no_other::<Job>(findings);
        accounts.no_other::<Demand>(findings);
        accounts.sequences(findings, sequences, program, |mut data| Some(Shard::try_deserialize(&mut data).ok()?.seq));
    }
}
