//! Proposals, votes and the guardian.
use super::{World, pda};
use anchor_lang::prelude::Pubkey;
use credits::Purpose;
use economy::vote::{Ballot, Deposit};
use governance::constants::{AUTHORITY_SEED, CONFIG_SEED, PROPOSAL_SEED};
use governance::events::*;
use governance::state::{Proposal, Vote};
use governance::{Action, Choice, Target};
use indexer::Program::{Credits, Governance, Jobs, Staking};
use staking::constants::POSITION_SEED;

impl World {
    /// The launcher hands the three programs over to governance.
    pub fn hand_over(&mut self) {
        let authority = pda(Governance, &[AUTHORITY_SEED]);
        self.order_credits(credits::Order::OfferAuthority { to: authority });
        self.order_staking(staking::Order::OfferAuthority { to: authority });
        self.order_jobs(jobs::Order::OfferAuthority { to: authority });
        self.done();
        for target in [Target::Credits, Target::Staking, Target::Jobs] {
            self.accept(target, authority);
        }
    }

    fn accept(&mut self, target: Target, authority: Pubkey) {
        let nobody = Pubkey::default();
        match target {
            Target::Credits => {
                (self.ledger.credits.authority, self.ledger.credits.pending_authority) = (authority, nobody);
                let stamp = self.stamp(Credits, &pda(Credits, &[CONFIG_SEED]));
                self.say(Credits, &credits::events::AuthorityAccepted { stamp, authority });
            }
            Target::Staking => {
                (self.ledger.staking.authority, self.ledger.staking.pending_authority) = (authority, nobody);
                let stamp = self.stamp(Staking, &pda(Staking, &[CONFIG_SEED]));
                self.say(Staking, &staking::events::AuthorityAccepted { stamp, authority });
            }
            Target::Jobs => {
                (self.ledger.jobs.authority, self.ledger.jobs.pending_authority) = (authority, nobody);
                let stamp = self.stamp(Jobs, &pda(Jobs, &[CONFIG_SEED]));
                self.say(Jobs, &jobs::events::AuthorityAccepted { stamp, authority });
            }
            Target::Governance => unreachable!("it has no authority"),
        }
        let stamp = self.stamp(Governance, &pda(Governance, &[CONFIG_SEED]));
        self.say(Governance, &ProgramAuthorityAccepted { stamp, target });
        self.done();
    }

    pub fn propose(&mut self, proposer: Pubkey, action: Action) -> Pubkey {
        let now = self.now();
        let config = &mut self.ledger.governance;
        let ballot = Ballot::open(now, self.ledger.rewards.staked, config.rules()).unwrap();
        let (number, deposit, rules_version) = (config.next_proposal, config.deposit, config.rules_version);
        config.next_proposal += 1;
        self.ledger.deposit_vault += deposit;
        let address = pda(Governance, &[PROPOSAL_SEED, &number.to_le_bytes()]);
        let proposal = Proposal {
            status: ballot.status.into(),
            number,
            proposer,
            rules_version,
            deposit,
            created: now,
            voting_end: ballot.voting_end,
            eta: ballot.eta,
            expires: ballot.expires,
            quorum: ballot.quorum,
            threshold_bps: ballot.threshold_bps,
            yes: 0,
            no: 0,
            abstain: 0,
            bump: 255,
            action,
        };
        self.ledger.proposals.insert(address, proposal);
        let event = ProposalCreated {
            stamp: self.stamp(Governance, &address),
            proposal: address,
            number,
            proposer,
            action,
            deposit,
            rules_version,
            voting_end: ballot.voting_end,
            eta: ballot.eta,
            expires: ballot.expires,
            quorum: ballot.quorum,
            threshold_bps: ballot.threshold_bps,
        };
        self.say(Governance, &event);
        self.done();
        address
    }

    pub fn vote(&mut self, proposal: Pubkey, pool: Pubkey, voter: Pubkey, choice: Choice) {
        let now = self.now();
        let position = pda(Staking, &[POSITION_SEED, pool.as_ref(), voter.as_ref()]);
        let weight = self.ledger.positions[&(pool, voter)].weight(&self.ledger.pools[&pool]).unwrap();
        let account = self.ledger.proposals.get_mut(&proposal).unwrap();
        account.step(|ballot| ballot.vote(choice.into(), weight, now)).unwrap();
        let (yes, no, abstain, voting_end) = (account.yes, account.no, account.abstain, account.voting_end);
        let vote = Vote { proposal, position, voter, choice, weight, voting_end, payer: voter, bump: 255 };
        self.ledger.votes.insert((proposal, position), vote);
        self.lock_position(pool, voter, voting_end);
        let stamp = self.stamp(Governance, &proposal);
        let event = VoteCast { stamp, proposal, position, voter, choice, weight, yes, no, abstain };
        self.say(Governance, &event);
        self.done();
    }

    pub fn finish(&mut self, proposal: Pubkey) {
        let now = self.now();
        let account = self.ledger.proposals.get_mut(&proposal).unwrap();
        account.step(|ballot| ballot.finish(now)).unwrap();
        let Proposal { status, quorum, yes, no, abstain, .. } = *account;
        let stamp = self.stamp(Governance, &proposal);
        self.say(Governance, &ProposalFinished { stamp, proposal, status, quorum, yes, no, abstain });
        self.done();
    }

    pub fn veto(&mut self, proposal: Pubkey) {
        self.ledger.proposals.get_mut(&proposal).unwrap().step(|ballot| ballot.veto()).unwrap();
        let (stamp, guardian) = (self.stamp(Governance, &proposal), self.ledger.governance.guardian);
        self.say(Governance, &ProposalVetoed { stamp, proposal, guardian });
        self.done();
    }

    pub fn execute(&mut self, proposal: Pubkey) {
        let now = self.now();
        let config = &mut self.ledger.governance;
        let account = self.ledger.proposals.get_mut(&proposal).unwrap();
        account.execute(config, now).unwrap();
        let (number, action) = (account.number, account.action);
        config.limit(&action, now).unwrap();
        let mut old = 0;
        match action {
            Action::Credits(order) => self.order_credits(order),
            Action::Staking(order) => self.order_staking(order),
            Action::Jobs(order) => self.order_jobs(order),
            Action::Rules { rule, value } => old = config.set(rule, value).unwrap(),
            Action::Guardian { new } => config.replace_guardian(new),
            Action::Pay { to, amount } => self.mint_scheduled(Purpose::Treasury, to, amount),
            Action::Signal { .. } => {}
        }
        let stamp = self.stamp(Governance, &proposal);
        let config = &self.ledger.governance;
        let (rules_version, guardian, paused) = (config.rules_version, config.guardian, config.paused);
        let event = ProposalExecuted { stamp, proposal, number, action, old, rules_version, guardian, paused };
        self.say(Governance, &event);
        self.done();
    }

    pub fn close_proposal(&mut self, proposal: Pubkey) {
        let now = self.now();
        let account = self.ledger.proposals.remove(&proposal).unwrap();
        let end = account.ballot().close(now, account.is_stale(&self.ledger.governance)).unwrap();
        let (deposit_returned, deposit_burned) = match end {
            Deposit::Returned => (account.deposit, 0),
            Deposit::Burned => (0, account.deposit),
        };
        self.ledger.deposit_vault -= account.deposit;
        self.ledger.io_supply -= deposit_burned;
        self.ledger.governance.deposits_burned += deposit_burned;
        let event = ProposalClosed {
            stamp: self.stamp(Governance, &proposal),
            proposal,
            number: account.number,
            proposer: account.proposer,
            status: account.status,
            deposit_returned,
            deposit_burned,
            deposits_burned: self.ledger.governance.deposits_burned,
        };
        self.say(Governance, &event);
        self.done();
    }

    pub fn close_vote(&mut self, proposal: Pubkey, pool: Pubkey, voter: Pubkey) {
        let position = pda(Staking, &[POSITION_SEED, pool.as_ref(), voter.as_ref()]);
        self.ledger.votes.remove(&(proposal, position)).unwrap();
        let stamp = self.stamp(Governance, &proposal);
        self.say(Governance, &VoteClosed { stamp, proposal, position });
        self.done();
    }

    pub fn guardian_pause(&mut self, target: Target, flags: u8) {
        let guardian = self.ledger.governance.guardian;
        let flags = match target {
            Target::Staking => {
                let flags = self.ledger.staking.paused | flags;
                self.order_staking(staking::Order::Pause { flags });
                flags
            }
            Target::Credits => {
                let flags = self.ledger.credits.paused | flags;
                self.order_credits(credits::Order::Pause { flags });
                flags
            }
            Target::Jobs => {
                let flags = self.ledger.jobs.paused | flags;
                self.order_jobs(jobs::Order::Pause { flags });
                flags
            }
            Target::Governance => self.ledger.governance.pause(flags).unwrap(),
        };
        let stamp = self.stamp(Governance, &pda(Governance, &[CONFIG_SEED]));
        self.say(Governance, &PausedByGuardian { stamp, guardian, target, flags });
        self.done();
    }

    /// The guardian's place is offered and taken.
    pub fn change_guardian(&mut self, to: Pubkey) {
        self.ledger.governance.pending_guardian = to;
        let stamp = self.stamp(Governance, &pda(Governance, &[CONFIG_SEED]));
        self.say(Governance, &GuardianOffered { stamp, to });
        self.done();
        self.ledger.governance.replace_guardian(to);
        let stamp = self.stamp(Governance, &pda(Governance, &[CONFIG_SEED]));
        self.say(Governance, &GuardianAccepted { stamp, guardian: to });
        self.done();
    }
}
