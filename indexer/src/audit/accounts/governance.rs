use super::{Accounts, Said};
use crate::audit::books::Books;
use crate::audit::chain::Reading;
use crate::audit::finding::{Subject, compare};
use crate::decode::Program;
use crate::decode::words::{choice, status};
use ::governance::state::{Config, Proposal, Rule, Vote};

impl Books {
    pub(super) fn compare_governance(&mut self, reading: &Reading) {
        let Self { governance, findings, sequences, .. } = self;
        let mut accounts = Accounts::new(reading);
        let program = Program::Governance;
        if let Some(config) = accounts.take::<Config>(findings, Subject::Config(program)) {
            let said = Said {
                all: &Rule::ALL,
                value: &|rule| config.get(rule),
                paused: config.paused,
                authority: config.guardian,
                pending: config.pending_guardian,
            };
            governance.orders.compare(findings, program, &said);
            compare!(findings, Subject::Config(program), {
                rules_version: governance.rules_version, config.rules_version;
                next_proposal: governance.next_proposal, config.next_proposal;
                deposits_burned: governance.deposits_burned, config.deposits_burned;
                changed: format!("{:?}", governance.changed), format!("{:?}", config.changed);
            });
        }
        for (address, books) in &governance.proposals {
            let (subject, ballot) = (Subject::Proposal(*address), &books.ballot);
            let Some(said) = accounts.take::<Proposal>(findings, subject) else { continue };
            compare!(findings, subject, {
                status: status(books.status()), status(said.status);
                number: books.number, said.number;
                proposer: books.proposer, said.proposer;
                rules_version: books.rules_version, said.rules_version;
                deposit: books.deposit, said.deposit;
                created: books.created, said.created;
                voting_end: ballot.voting_end, said.voting_end;
                eta: ballot.eta, said.eta;
                expires: ballot.expires, said.expires;
                quorum: ballot.quorum, said.quorum;
                threshold_bps: ballot.threshold_bps, said.threshold_bps;
                yes: ballot.yes, said.yes;
                no: ballot.no, said.no;
                abstain: ballot.abstain, said.abstain;
                action: format!("{:?}", books.action), format!("{:?}", said.action);
            });
        }
        for ((proposal, position), books) in &governance.votes {
            let subject = Subject::Vote(*proposal, *position);
            let Some(said) = accounts.take::<Vote>(findings, subject) else { continue };
            compare!(findings, subject, {
                proposal: *proposal, said.proposal;
                position: *position, said.position;
                voter: books.voter, said.voter;
                choice: choice(books.choice), choice(said.choice);
                weight: books.weight, said.weight;
                voting_end: books.voting_end, said.voting_end;
            });
        }
        accounts.no_other::<Proposal>(findings);
        accounts.no_other::<Vote>(findings);
        accounts.sequences(findings, sequences, program);
    }
}
