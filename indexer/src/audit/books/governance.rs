//! Proposals, votes and deposits, by the rules of `economy::vote`.
use super::Books;
use super::credits::add;
use super::orders::Orders;
use crate::audit::finding::{Subject, compare};
use crate::audit::launch::Parameters;
use crate::decode::words::{choice, name, status};
use crate::decode::{GovernanceEvent, Program};
use ::governance::constants::KINDS;
use ::governance::events::*;
use ::governance::state::{Action, Choice, Rule, Status, Target};
use anchor_lang::prelude::Pubkey;
use economy::vote::{Ballot, Deposit, Rules, may_vote, rested};
use std::collections::BTreeMap;

pub struct Governance {
    /// The rules; the authority is the guardian.
    pub orders: Orders,
    pub rules_version: u32,
    pub next_proposal: u64,
    pub deposits_burned: u64,
    pub changed: [i64; KINDS],
    pub proposals: BTreeMap<Pubkey, Proposal>,
    /// By proposal and position.
    pub votes: BTreeMap<(Pubkey, Pubkey), Vote>,
    pub deposit_vault: i128,
}

#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    pub number: u64,
    pub proposer: Pubkey,
    pub action: Action,
    pub deposit: u64,
    pub rules_version: u32,
    pub created: i64,
    pub ballot: Ballot,
}

#[derive(Clone, Copy, Debug)]
pub struct Vote {
    pub voter: Pubkey,
    pub choice: Choice,
    pub weight: u64,
    pub voting_end: i64,
}

impl Governance {
    pub fn open(rules: Parameters) -> Self {
        Self {
            orders: Orders::open(Program::Governance, rules),
            rules_version: 0,
            next_proposal: 0,
            deposits_burned: 0,
            changed: [0; KINDS],
            proposals: BTreeMap::new(),
            votes: BTreeMap::new(),
            deposit_vault: 0,
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            voting_s: self.orders.seconds("VotingS"),
            timelock_s: self.orders.seconds("TimelockS"),
            grace_s: self.orders.seconds("GraceS"),
            quorum_bps: self.orders.bps("QuorumBps"),
            threshold_bps: self.orders.bps("ThresholdBps"),
        }
    }
}

/// A status by its word, which can be compared and shown.
fn word(of: economy::vote::Status) -> &'static str {
    status(of.into())
}

impl Books {
    pub(super) fn governance_event(&mut self, event: &GovernanceEvent) {
        let Self { governance, findings, .. } = self;
        match event {
            GovernanceEvent::ShardOpened(_) => {}
            GovernanceEvent::ProposalCreated(e) => self.proposal_created(e),
            GovernanceEvent::VoteCast(e) => self.vote_cast(e),
            GovernanceEvent::ProposalFinished(e) => self.proposal_finished(e),
            GovernanceEvent::ProposalVetoed(e) => {
                if let Some(guardian) = governance.orders.authority {
                    findings.check(Subject::Config(Program::Governance), "guardian", guardian, e.guardian);
                }
                self.step(e.proposal, |ballot| ballot.veto());
            }
            GovernanceEvent::ProposalExecuted(e) => self.proposal_executed(e),
            GovernanceEvent::ProposalClosed(e) => self.proposal_closed(e),
            GovernanceEvent::VoteClosed(e) => {
                let vote = governance.votes.remove(&(e.proposal, e.position));
                if vote.is_none_or(|vote| e.stamp.time < vote.voting_end) {
                    findings.refused(Subject::Vote(e.proposal, e.position), "no such vote, or it still counts");
                }
            }
            GovernanceEvent::GuardianOffered(e) => governance.orders.pending = e.to,
            GovernanceEvent::GuardianAccepted(e) => governance.orders.accept(findings, e.guardian),
            GovernanceEvent::PausedByGuardian(e) => self.paused_by_guardian(e),
            // The target's own event says so too, and is checked.
            GovernanceEvent::ProgramAuthorityAccepted(_) => {}
        }
    }

    fn proposal_created(&mut self, e: &ProposalCreated) {
        let (subject, governance) = (Subject::Proposal(e.proposal), &mut self.governance);
        let ballot = match Ballot::open(e.stamp.time, self.staking.rewards.staked, governance.rules()) {
            Ok(ballot) => ballot,
            Err(error) => return self.findings.refused(subject, error),
        };
        compare!(self.findings, subject, {
            number: governance.next_proposal, e.number;
            deposit: governance.orders.get("Deposit"), e.deposit;
            rules_version: governance.rules_version, e.rules_version;
            voting_end: ballot.voting_end, e.voting_end;
            eta: ballot.eta, e.eta;
            expires: ballot.expires, e.expires;
            quorum: ballot.quorum, e.quorum;
            threshold_bps: ballot.threshold_bps, e.threshold_bps;
        });
        governance.next_proposal = e.number.saturating_add(1);
        governance.deposit_vault += i128::from(e.deposit);
        let proposal = Proposal {
            number: e.number,
            proposer: e.proposer,
            action: e.action,
            deposit: e.deposit,
            rules_version: e.rules_version,
            created: e.stamp.time,
            ballot,
        };
        if governance.proposals.insert(e.proposal, proposal).is_some() {
            self.findings.refused(subject, "created twice");
        }
    }

    /// Takes one step of a ballot; returns it as it is then.
    fn step<T>(
        &mut self,
        proposal: Pubkey,
        step: impl FnOnce(&mut Ballot) -> Result<T, economy::vote::VoteError>,
    ) -> Option<Ballot> {
        let subject = Subject::Proposal(proposal);
        let Some(books) = self.governance.proposals.get_mut(&proposal) else {
            self.findings.refused(subject, "never created");
            return None;
        };
        if let Err(error) = step(&mut books.ballot) {
            self.findings.refused(subject, error);
        }
        Some(books.ballot)
    }

    fn vote_cast(&mut self, e: &VoteCast) {
        let subject = Subject::Vote(e.proposal, e.position);
        let weight = self.weight_of(e);
        let Some(ballot) = self.step(e.proposal, |ballot| ballot.vote(e.choice.into(), weight, e.stamp.time)) else {
            return;
        };
        self.findings.check(subject, "weight", weight, e.weight);
        compare!(self.findings, Subject::Proposal(e.proposal), {
            yes: ballot.yes, e.yes;
            no: ballot.no, e.no;
            abstain: ballot.abstain, e.abstain;
        });
        let vote = Vote { voter: e.voter, choice: e.choice, weight, voting_end: ballot.voting_end };
        if self.governance.votes.insert((e.proposal, e.position), vote).is_some() {
            self.findings.refused(subject, format_args!("voted twice, {}", choice(e.choice)));
        }
    }

    /// What the position may vote with; says so if it may not, or if its stake was not locked for it.
    fn weight_of(&mut self, e: &VoteCast) -> u64 {
        let subject = Subject::Vote(e.proposal, e.position);
        let created = self.governance.proposals.get(&e.proposal).map_or(0, |proposal| proposal.created);
        let voting_end = self.governance.proposals.get(&e.proposal).map_or(0, |proposal| proposal.ballot.voting_end);
        let proposed = self.epoch_at(created);
        let Some(key) = self.staking.addresses.get(&e.position).copied() else {
            self.findings.refused(subject, "no such position");
            return 0;
        };
        self.findings.check(subject, "voter", key.1, e.voter);
        match self.handed.locked.take() {
            Some((pool, holder, before, until)) if (pool, holder) == key => {
                let (pool, holder) = key;
                let expected = before.max(voting_end);
                self.findings.check(Subject::Position(pool, holder), "locked_until", expected, until);
            }
            _ => self.findings.refused(subject, "the position was not locked"),
        }
        let (Some(position), Some(pool)) = (self.staking.positions.get(&key), self.staking.pools.get(&key.0)) else {
            self.findings.refused(subject, "no such position");
            return 0;
        };
        if !may_vote(position.warm_epoch, proposed) {
            self.findings.refused(subject, "stake was added to the position too late");
        }
        position.weight(pool.rules.factor).unwrap_or(0)
    }

    fn proposal_finished(&mut self, e: &ProposalFinished) {
        let Some(ballot) = self.step(e.proposal, |ballot| ballot.finish(e.stamp.time)) else { return };
        compare!(self.findings, Subject::Proposal(e.proposal), {
            status: word(ballot.status), status(e.status);
            quorum: ballot.quorum, e.quorum;
            yes: ballot.yes, e.yes;
            no: ballot.no, e.no;
            abstain: ballot.abstain, e.abstain;
        });
    }

    fn proposal_executed(&mut self, e: &ProposalExecuted) {
        let (subject, now) = (Subject::Proposal(e.proposal), e.stamp.time);
        let version = self.governance.rules_version;
        let Some(proposal) = self.governance.proposals.get(&e.proposal).copied() else {
            return self.findings.refused(subject, "never created");
        };
        self.step(e.proposal, |ballot| ballot.execute(now, proposal.rules_version != version));
        self.findings.check(subject, "number", proposal.number, e.number);
        if proposal.action != e.action {
            self.findings.found(
                subject,
                "action",
                format_args!("{:?}", proposal.action),
                format_args!("{:?}", e.action),
            );
        }
        let Self { governance, findings, .. } = self;
        let config = Subject::Config(Program::Governance);
        if let Some(kind) = e.action.kind() {
            let last = &mut governance.changed[kind.min(KINDS - 1)];
            if !rested(*last, now, governance.orders.seconds("TimelockS")) {
                findings.refused(subject, "the same was changed less than a timelock ago");
            }
            *last = now;
        }
        match e.action {
            Action::Rules { rule, value } => {
                governance.orders.set(findings, name(rule), rule.bounds(), e.old, value);
                if rule == Rule::Paused {
                    governance.orders.paused = u8::try_from(value).unwrap_or(u8::MAX);
                } else {
                    governance.rules_version = governance.rules_version.saturating_add(1);
                }
            }
            Action::Guardian { new } => {
                (governance.orders.authority, governance.orders.pending) = (Some(new), Pubkey::default());
            }
            _ => findings.check(subject, "old", 0, e.old),
        }
        compare!(findings, config, {
            rules_version: governance.rules_version, e.rules_version;
            paused: governance.orders.paused, e.paused;
        });
        if let Some(guardian) = governance.orders.authority {
            findings.check(config, "guardian", guardian, e.guardian);
        }
    }

    fn proposal_closed(&mut self, e: &ProposalClosed) {
        let subject = Subject::Proposal(e.proposal);
        let Some(proposal) = self.governance.proposals.remove(&e.proposal) else {
            return self.findings.refused(subject, "never created");
        };
        let voided = proposal.rules_version != self.governance.rules_version;
        let (returned, burned) = match proposal.ballot.close(e.stamp.time, voided) {
            Ok(Deposit::Returned) => (proposal.deposit, 0),
            Ok(Deposit::Burned) => (0, proposal.deposit),
            Err(error) => {
                self.findings.refused(subject, error);
                (e.deposit_returned, e.deposit_burned)
            }
        };
        let governance = &mut self.governance;
        add(&mut governance.deposits_burned, burned);
        governance.deposit_vault -= i128::from(proposal.deposit);
        compare!(self.findings, subject, {
            number: proposal.number, e.number;
            proposer: proposal.proposer, e.proposer;
            status: word(proposal.ballot.status), status(e.status);
            deposit_returned: returned, e.deposit_returned;
            deposit_burned: burned, e.deposit_burned;
        });
        let config = Subject::Config(Program::Governance);
        self.findings.check(config, "deposits_burned", governance.deposits_burned, e.deposits_burned);
        self.io(-i128::from(burned));
    }

    /// The target's flags, which its own event has set already, or this program's.
    fn paused_by_guardian(&mut self, e: &PausedByGuardian) {
        let (program, books) = match e.target {
            Target::Credits => (Program::Credits, self.credits.orders.paused),
            Target::Staking => (Program::Staking, self.staking.orders.paused),
            Target::Jobs => (Program::Jobs, self.jobs.orders.paused),
            Target::Governance => {
                let orders = &mut self.governance.orders;
                if e.flags & orders.paused != orders.paused {
                    self.findings.refused(Subject::Config(Program::Governance), "a guardian lifts no pause");
                }
                orders.paused = e.flags;
                orders.parameters.insert(name(Rule::Paused), e.flags.into());
                (Program::Governance, e.flags)
            }
        };
        self.findings.check(Subject::Config(program), "paused", books, e.flags);
    }
}

/// For the accounts: what the chain stores.
impl Proposal {
    pub fn status(&self) -> Status {
        self.ballot.status.into()
    }
}
